// Command ownstore serves IMAP from a store of its own: mail in a directory, a
// file for each message and one for what is known about them. It is the page to
// read before writing a store, and small enough to be read whole.
//
//	go run ./examples/ownstore -dir /tmp/mail -user ada:secret
//	curl -u ada:secret imap://127.0.0.1:1143/
//
// # How it is made
//
// What is known of an account is one value, a [state], that never changes. A
// change makes a copy, works on the copy, writes it to disk, and only then puts
// it in the place of the old one. So everything that the contract of package
// mailbox asks for comes by itself:
//
//   - All or nothing: a change that fails on its way was never made. What is on
//     disk is the old value or the new one, since a file is replaced by renaming.
//   - One moment: whoever reads takes the value there is, and no lock. Snapshot,
//     Changes and Messages can not see half of a change.
//   - One order: [account.change] is the critical section in which UID, modseq and
//     what Changes tells about them are taken.
//
// The price is that a change costs as much as the account is large. A store for
// large accounts writes what changed and no more, into a database or a log; its
// methods look the same.
//
// The files, in the order in which to read them: state.go (the value), store.go
// (accounts, change, bell), user.go (the folder list), folder.go (messages),
// append.go (new messages), flags.go, name.go, main.go (the server). The test is
// one line, storetest.Run: run it first, and write until it passes.
//
// # What it leaves out
//
// Quotas ([github.com/mailwire/mailwire/quota] has the arithmetic), rights, an
// index of the parts of a message that outlives its opening: all optional.
package main
