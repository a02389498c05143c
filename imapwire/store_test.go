package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

var storeRows = []commandRow{
	{in: `STORE 2:4 +FLAGS (\Deleted)`, want: &Store{Set: imap.SetRange(2, 4), Op: StoreAdd, Flags: []imap.Flag{imap.FlagDeleted}}},
	{in: `STORE 1 +FLAGS \Seen`, want: &Store{Set: imap.SetOf(1), Op: StoreAdd, Flags: []imap.Flag{imap.FlagSeen}}, canon: `STORE 1 +FLAGS (\Seen)`},
	{
		in:    `store 1 -flags.silent \SEEN \answered \Draft \flagged \recent $Forwarded \Own key`,
		want:  &Store{Set: imap.SetOf(1), Op: StoreRemove, Silent: true, Flags: []imap.Flag{imap.FlagSeen, imap.FlagAnswered, imap.FlagDraft, imap.FlagFlagged, imap.FlagRecent, imap.KeywordForwarded, `\Own`, "key"}},
		canon: `STORE 1 -FLAGS.SILENT (\Seen \Answered \Draft \Flagged \Recent $Forwarded \Own key)`,
	},
	{in: `STORE 1 FLAGS ()`, want: &Store{Set: imap.SetOf(1), Op: StoreReplace}},
	{in: `STORE 1 FLAGS.SILENT (a b)`, want: &Store{Set: imap.SetOf(1), Op: StoreReplace, Silent: true, Flags: []imap.Flag{"a", "b"}}},
	{in: `UID STORE $ FLAGS (NonJunk)`, want: &Store{UID: true, Set: imap.Set{Saved: true}, Op: StoreReplace, Flags: []imap.Flag{"NonJunk"}}},
	{
		in:    `UID STORE 6,4,8 (unchangedsince 12121230045) +FLAGS.SILENT (\Deleted)`,
		want:  &Store{UID: true, Set: imap.SetOf(6, 4, 8), UnchangedSince: 12121230045, HasUnchangedSince: true, Op: StoreAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}},
		canon: `UID STORE 6,4,8 (UNCHANGEDSINCE 12121230045) +FLAGS.SILENT (\Deleted)`,
	},
	{in: "STORE 1 (UNCHANGEDSINCE 0) FLAGS (a)", want: &Store{Set: imap.SetOf(1), HasUnchangedSince: true, Op: StoreReplace, Flags: []imap.Flag{"a"}}},
	{
		in:    "STORE 1 (X 1 UNCHANGEDSINCE 9223372036854775807 UNCHANGEDSINCE 2) FLAGS (a)",
		want:  &Store{Set: imap.SetOf(1), UnchangedSince: imap.MaxModSeq, HasUnchangedSince: true, Modifiers: []string{"X 1", "UNCHANGEDSINCE 2"}, Op: StoreReplace, Flags: []imap.Flag{"a"}},
		canon: "STORE 1 (UNCHANGEDSINCE 9223372036854775807 X 1 UNCHANGEDSINCE 2) FLAGS (a)",
	},
}

var storeRejects = []rejectRow{
	{"STORE 1 (UNCHANGEDSINCE) FLAGS (a)", 23},
	{"STORE 1 (UNCHANGEDSINCE x) FLAGS (a)", 24},
	{"STORE 1 (UNCHANGEDSINCE 9223372036854775808) FLAGS (a)", 24},
	{"STORE", 5},
	{"STORE 1", 7},
	{"STORE 1 ", 8},
	{"STORE 1 FLAGS", 13},
	{"STORE 1 FLAGS ", 14},
	{"STORE 1 ++FLAGS (a)", 9},
	{"STORE 1 +FLAG (a)", 9},
	{"STORE 1 FLAGS.SILENTLY (a)", 8},
	{"STORE 1 FLAGS (a b", 18},
	{"STORE 1 FLAGS (a) b", 17},
	{"STORE 1 FLAGS a (b)", 16},
	{"STORE 1 FLAGS a ", 16},
	{`STORE 1 FLAGS (\)`, 16},
	{`STORE 1 FLAGS (\*)`, 16},
	{`STORE 1 FLAGS (\\Seen)`, 16},
	{`STORE 1 FLAGS ("a")`, 15},
	{"STORE 1 FLAGS ({1}\r\na)", 15},
	{"STORE 1 FLAGS (a])", 16},
	{"STORE 1 () FLAGS (a)", 9},
	{"STORE 1 (X 1)FLAGS (a)", 13},
	{"STORE x FLAGS (a)", 6},
}
