package smallscope

import "fmt"

// A command is what a client sends, and what the model makes of it.
type command struct {
	text string // without tag and CRLF
	// bare: there is no tag (DONE).
	bare bool
	// leaves: it ends what the client knew of the folder.
	leaves bool
	run    func(*model, *session) answer
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
	fetching  = command{text: "FETCH 1:* (UID FLAGS)", run: func(m *model, s *session) answer { return m.fetchFlags(s, seqs(1, 0)) }}
)

// alphabet is the twelve letters: what marks, removes, moves, copies and adds
// messages, by number and by UID, what looks at them, and what waits.
var alphabet = []letter{
	one("store", `STORE 1:2 +FLAGS (\Deleted)`, func(m *model, s *session) answer { return m.store(s, seqs(1, 2), addFlags, deleted, false) }),
	one("uidstore", `UID STORE 2:4 FLAGS.SILENT (\Flagged)`, func(m *model, s *session) answer { return m.store(s, uids(2, 4), setFlags, flagged, true) }),
	one("expunge", "EXPUNGE", func(m *model, s *session) answer { return m.expunge(s, nil) }),
	one("uidexpunge", "UID EXPUNGE 2", func(m *model, s *session) answer { return m.expunge(s, []uint32{2}) }),
	one("move", "MOVE 1 other", func(m *model, s *session) answer { return m.moveTo(s, seqs(1, 1), &m.other) }),
	one("copy", "COPY 1:2 INBOX", func(m *model, s *session) answer { return m.copyTo(s, seqs(1, 2), &m.inbox) }),
	one("append", fmt.Sprintf("APPEND INBOX (\\Seen) {%d+}\r\n%s", len(appended), appended),
		func(m *model, s *session) answer { return m.appendTo(s, seen, int64(len(appended))) }),
	{name: "fetch", commands: []command{fetching}},
	one("search", "SEARCH DELETED", func(m *model, s *session) answer { return m.search(s, false, deleted) }),
	{name: "noop", commands: []command{nooping}},
	{name: "idle", commands: []command{idling}},
	{name: "close", commands: []command{closing, selecting}},
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
