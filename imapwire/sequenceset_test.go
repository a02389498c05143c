package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

func fetchSet(s imap.Set) Command { return &Fetch{Set: s, Items: []FetchItem{FetchUID}} }

func ranges(r ...imap.Range) imap.Set { return imap.Set{Ranges: r} }

func appendUID(s imap.UIDSet) Response {
	return &StatusResponse{Tag: "a", StatusCondition: StatusCondition{Condition: OK, Code: &CodeAppendUID{UIDValidity: 7, UIDs: s}, Text: "x"}}
}

// copyUID is a COPYUID to one range.
func copyUID(s imap.Set) Response {
	return &StatusResponse{Tag: "a", StatusCondition: StatusCondition{Condition: OK, Code: &CodeCopyUID{UIDValidity: 7, Source: s, Dest: imap.SetRange(1, 3)}, Text: "x"}}
}

const lastUID = 1<<32 - 1

var sequenceSetRules = []ruleTable{
	command("seq-number", "FETCH %s UID", func(n uint32) Command { return fetchSet(imap.SetOf(n)) }, k[uint32]("1", 1), k[uint32]("4294967295", lastUID), k("*", imap.Star)).but("0", "01", "4294967296", "-1", "**", "", "a"),
	command("seq-range", "FETCH %s UID", func(r imap.Range) Command { return fetchSet(ranges(r)) },
		k("2:4", imap.Range{First: 2, Last: 4}), k("4:2", imap.Range{First: 4, Last: 2}), k("3:*", imap.Range{First: 3, Last: imap.Star}), k("*:3", imap.Range{First: imap.Star, Last: 3}),
		k("*:*", imap.Range{}, "*"), k("2:2", imap.Range{First: 2, Last: 2}, "2"), k("1:4294967295", imap.Range{First: 1, Last: lastUID}),
	).but(":", "1:", ":1", "1:2:3", "0:1", "1:0", "1-2", "1..2", "1:$"),
	command("sequence-set", "FETCH %s UID", fetchSet,
		k("1", imap.SetOf(1)), k("2:4", imap.SetRange(2, 4)), k("2,4:7,9,12:*", ranges(imap.Range{First: 2, Last: 2}, imap.Range{First: 4, Last: 7}, imap.Range{First: 9, Last: 9}, imap.Range{First: 12})),
		k("*:4,5:7", ranges(imap.Range{Last: 4}, imap.Range{First: 5, Last: 7})), k("1,1,1", imap.SetOf(1, 1, 1)), k("$", imap.Set{Saved: true}),
	).but("", ",", "1,", ",1", "1,,2", "1, 2", "1;2", "$,1", "1,$", "$$", "(1)", `"1"`, "{1}\r\n1"),
	command("seq-last-command", "UID COPY %s x", func(s imap.Set) Command { return &Copy{UID: true, Set: s, Mailbox: "x"} }, k("$", imap.Set{Saved: true})).but("$1", "$:1"),
	response("uniqueid", "* 1 FETCH (UID %s)", func(u imap.UID) Response { return &FetchData{Num: 1, Has: HasUID, UID: u} }, k("1", imap.UID(1)), k("4294967295", imap.MaxUID)).but("0", "4294967296", "*", "1:2", ""),
	response("append-uid", "a OK [APPENDUID 7 %s] x", appendUID, k("1", imap.UIDSetOf(1)), k("4294967295", imap.UIDSetOf(imap.MaxUID))),
	response("uid-set", "a OK [APPENDUID 7 %s] x", appendUID, k("2", imap.UIDSetOf(2)), k("2:4", imap.UIDSetOf(2, 3, 4)), k("4:2", imap.UIDSetOf(2, 3, 4), "2:4"), k("2,9,4:5", imap.UIDSetOf(2, 4, 5, 9), "2,4:5,9")),
	response("uid-set", "a OK [COPYUID 7 %s 1:3] x", copyUID, k("5,9,2", imap.SetOf(5, 9, 2)), k("9:8,5", ranges(imap.Range{First: 9, Last: 8}, imap.Range{First: 5, Last: 5}))),
	response("uid-range", "a OK [COPYUID 7 %s 1:3] x", copyUID, k("4:6", imap.SetRange(4, 6)), k("6:4", imap.SetRange(6, 4))),
	response("uid-range", "* VANISHED %s", func(s imap.UIDSet) Response { return &VanishedData{UIDs: s} }, k("4:6", imap.UIDSetOf(4, 5, 6)), k("6:4", imap.UIDSetOf(4, 5, 6), "4:6")).but("4:", ":4", "4:*", "0:4", "$"),
}
