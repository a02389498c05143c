package smallscope

import "fmt"

// A command is what a client sends, and what the model makes of it.
type command struct {
	text string // without tag and CRLF
	// bare: there is no tag (DONE).
	bare bool
	// leaves: it ends what the client knew of the folder.
	leaves bool
	// pop3: it is of POP3, lines is that it has more than one line of answer,
	// dials that it is a new connection with a login.
	pop3, lines, dials bool
	run                func(*model, *session) answer
}

// A letter is a step that a session can take: a command, or some one after the
// other.
type letter struct {
	name     string
	commands []command
	// together: the commands are sent at once.
	together bool
}

func one(name, text string, run func(*model, *session) answer) letter {
	return letter{name: name, commands: []command{{text: text, run: run}}}
}

const appended = "Subject: news\r\n\r\nRead all about it.\r\n"

var (
	seqs = func(a, b uint32) set { return set{ranges: [][2]uint32{{a, b}}} }
	uids = func(a, b uint32) set { return set{uid: true, ranges: [][2]uint32{{a, b}}} }

	closing   = command{text: "CLOSE", leaves: true, run: (*model).closeInbox}
	selecting = command{text: "SELECT INBOX", leaves: true, run: (*model).selectInbox}
	idling    = command{text: "IDLE", run: (*model).idle}
	ending    = command{text: "DONE", bare: true, run: (*model).done}
	nooping   = command{text: "NOOP", run: (*model).noop}
	fetching  = command{text: "FETCH 1:* (UID FLAGS)", run: func(m *model, s *session) answer { return m.fetch(s, seqs(1, 0), fetchPlan{flags: true}) }}
)

var appending = one("append", fmt.Sprintf("APPEND INBOX (\\Seen) {%d+}\r\n%s", len(appended), appended),
	func(m *model, s *session) answer { return m.appendTo(s, seen, int64(len(appended))) })

// alphabet is the twelve letters: what marks, removes, moves, copies and adds
// messages, by number and by UID, what looks at them, and what waits.
var alphabet = []letter{
	one("store", `STORE 1:2 +FLAGS (\Deleted)`, func(m *model, s *session) answer {
		return m.store(s, seqs(1, 2), storing{op: addFlags, flags: deleted})
	}),
	one("uidstore", `UID STORE 2:4 FLAGS.SILENT (\Flagged)`, func(m *model, s *session) answer {
		return m.store(s, uids(2, 4), storing{op: setFlags, flags: flagged, silent: true})
	}),
	one("expunge", "EXPUNGE", func(m *model, s *session) answer { return m.expunge(s, nil) }),
	one("uidexpunge", "UID EXPUNGE 2", func(m *model, s *session) answer { return m.expunge(s, []uint32{2}) }),
	one("move", "MOVE 1 other", func(m *model, s *session) answer { return m.moveTo(s, seqs(1, 1), &m.other) }),
	one("copy", "COPY 1:2 INBOX", func(m *model, s *session) answer { return m.copyTo(s, seqs(1, 2), &m.inbox) }),
	appending,
	{name: "fetch", commands: []command{fetching}},
	one("search", "SEARCH DELETED", func(m *model, s *session) answer { return m.search(s, false, searchKey{flag: deleted}, false) }),
	{name: "noop", commands: []command{nooping}},
	{name: "idle", commands: []command{idling}},
	{name: "close", commands: []command{closing, selecting}},
}

// resync is the alphabet of clients that work with modseqs: changes on condition,
// questions for what changed, and a mailbox opened with what is remembered of it.
// The modseq is 4 to begin with.
var resync = []letter{
	one("store-if", `STORE 1:2 (UNCHANGEDSINCE 5) +FLAGS.SILENT (\Deleted)`, func(m *model, s *session) answer {
		return m.store(s, seqs(1, 2), storing{op: addFlags, flags: deleted, silent: true, unchangedSince: 5})
	}),
	one("uidstore-if", `UID STORE 2:4 (UNCHANGEDSINCE 6) -FLAGS (\Deleted \Seen)`, func(m *model, s *session) answer {
		return m.store(s, uids(2, 4), storing{op: removeFlags, flags: deleted | seen, unchangedSince: 6})
	}),
	one("expunge", "EXPUNGE", func(m *model, s *session) answer { return m.expunge(s, nil) }),
	one("uidmove", "UID MOVE 2:3 other", func(m *model, s *session) answer { return m.moveTo(s, uids(2, 3), &m.other) }),
	appending,
	one("changed", "UID FETCH 1:* (FLAGS) (CHANGEDSINCE 5 VANISHED)", func(m *model, s *session) answer {
		return m.fetch(s, uids(1, 0), fetchPlan{flags: true, modSeq: true, since: 5, vanished: true})
	}),
	one("body", "FETCH 2 (UID FLAGS BODY[])", func(m *model, s *session) answer {
		return m.fetch(s, seqs(2, 2), fetchPlan{flags: true, body: true})
	}),
	one("save", "SEARCH RETURN (SAVE) DELETED", func(m *model, s *session) answer { return m.search(s, false, searchKey{flag: deleted}, true) }),
	one("saved", "FETCH $ (UID FLAGS MODSEQ)", func(m *model, s *session) answer {
		return m.fetch(s, set{saved: true}, fetchPlan{flags: true, modSeq: true})
	}),
	one("since", "SEARCH MODSEQ 6", func(m *model, s *session) answer { return m.search(s, false, searchKey{modSeq: 6}, false) }),
	{name: "noop", commands: []command{nooping}},
	{name: "idle", commands: []command{idling}},
	{name: "select", commands: []command{{text: "SELECT INBOX (QRESYNC (1 5))", leaves: true, run: func(m *model, s *session) answer { return m.resyncInbox(s, 5) }}}},
}

func pop(name, text string, lines bool, run func(*model, *session) answer) letter {
	return letter{name: name, commands: []command{{text: text, bare: true, pop3: true, lines: lines, run: run}}}
}

var (
	dialling = command{dials: true, bare: true, pop3: true, run: (*model).connect}
	uidling  = command{text: "UIDL", bare: true, pop3: true, lines: true, run: (*model).uidl}
)

// maildrop is the alphabet of a session of POP3. What ends it is followed by the
// next.
var maildrop = []letter{
	pop("stat", "STAT", false, (*model).stat),
	pop("list", "LIST", true, (*model).list),
	{name: "uidl", commands: []command{uidling}},
	pop("retr", "RETR 1", true, func(m *model, _ *session) answer { return m.retr(1) }),
	pop("dele1", "DELE 1", false, func(m *model, _ *session) answer { return m.dele(1) }),
	pop("dele2", "DELE 2", false, func(m *model, _ *session) answer { return m.dele(2) }),
	pop("rset", "RSET", false, (*model).rset),
	{name: "quit", commands: []command{{text: "QUIT", bare: true, pop3: true, run: (*model).quit}, dialling}},
	{name: "drop", commands: []command{dialling}},
}

// mailboxes is the alphabet of sessions that work on mailboxes: three names of
// which one is below another.
var mailboxes = []letter{
	one("create", "CREATE a", func(m *model, s *session) answer { return m.create(s, "a") }),
	one("createb", "CREATE a/b", func(m *model, s *session) answer { return m.create(s, "a/b") }),
	one("delete", "DELETE a", func(m *model, s *session) answer { return m.delete(s, "a") }),
	one("deleteb", "DELETE a/b", func(m *model, s *session) answer { return m.delete(s, "a/b") }),
	one("rename", "RENAME a c", func(m *model, s *session) answer { return m.rename(s, "a", "c") }),
	one("renamec", "RENAME c a", func(m *model, s *session) answer { return m.rename(s, "c", "a") }),
	one("subscribe", "SUBSCRIBE a", func(m *model, s *session) answer { return m.subscribe(s, "a", true) }),
	one("unsubscribe", "UNSUBSCRIBE a", func(m *model, s *session) answer { return m.subscribe(s, "a", false) }),
	one("list", `LIST "" * RETURN (SUBSCRIBED)`, (*model).listAll),
	one("listsub", `LIST (SUBSCRIBED) "" *`, (*model).listSubscribed),
	one("status", "STATUS a (MESSAGES UIDVALIDITY)", func(m *model, s *session) answer { return m.status(s, "a") }),
	{name: "select", commands: []command{{text: "SELECT a", leaves: true, run: func(m *model, s *session) answer { return m.openBox(s, "a") }}}},
	{name: "selectb", commands: []command{{text: "SELECT a/b", leaves: true, run: func(m *model, s *session) answer { return m.openBox(s, "a/b") }}}},
	one("unselect", "UNSELECT", (*model).unselect),
	one("append", fmt.Sprintf("APPEND a {%d+}\r\n%s", len(appended), appended), func(m *model, s *session) answer { return m.appendBox(s, "a") }),
	{name: "noop", commands: []command{nooping}},
	{name: "idle", commands: []command{idling}},
}

// pairs returns every two letters of one command each, sent at once. IDLE is not
// among them: nothing may follow it but DONE (RFC 9051 §6.3.13).
func pairs(alphabet []letter) (out []letter) {
	for _, a := range alphabet {
		for _, b := range alphabet {
			if len(a.commands)+len(b.commands) == 2 && a.name != "idle" && b.name != "idle" {
				out = append(out, letter{a.name + "+" + b.name, []command{a.commands[0], b.commands[0]}, true})
			}
		}
	}
	return out
}
