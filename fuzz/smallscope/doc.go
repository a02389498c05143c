// Package smallscope checks everything that can happen in a small world: two
// sessions have one folder of three messages selected, and take all steps of an
// alphabet of about twelve commands in every order. One alphabet marks, removes,
// moves and copies, one works with modseqs, in one the second session speaks POP3,
// and one makes, deletes, renames and selects mailboxes. After each step what the
// session wrote, what its client knows and what the store holds are compared with a
// plain model. A mistake in what several sessions are told of each other's doings
// nearly always shows in such a world, and with a shortest sequence.
//
// # The model
//
// folder.go, session.go and command.go are IMAP on one folder, mailboxes.go is IMAP
// on the list of them, and maildrop.go is POP3, written from RFC 9051, 3501, 4315,
// 6851, 7162 and 1939 with slices and loops. It shares nothing with the engines, the
// view or the store. Where the protocol leaves a choice it takes the prompt one:
// each answer tells all that may be told, and a session in IDLE is told at once. An
// answer is a set of facts about messages, named by UID; the order of responses is
// free as far as the numbers in them keep their meaning.
//
// What it can not see is two sessions inside the store at one moment: a step ends
// before the next begins.
//
// # How to run it
//
//	go test ./fuzz/smallscope
//	go test ./fuzz/smallscope -run EverySequence -every 4
//	go test ./fuzz/smallscope -run EveryState -depth 6
//
// The tests run every sequence of a few steps, and every step from every state
// that few steps lead to. The second goes deeper: two states are one when the
// model tells no difference between them, though the server might keep one, which
// is what the first is for. At the end of every sequence both sessions give NOOP
// and must then know the folder as it is.
//
// A failure prints what was sent and written, and a name by which it can be run
// again:
//
//	go test ./fuzz/smallscope -run Replay -v -replay 'rev2: A.store B.expunge'
//
// # To add a letter
//
// Add the command to the table in alphabet_test.go and what it means to the
// model.
package smallscope
