// Package interop runs the example mail server against programs that others
// wrote. It has tests only, behind the build tag interop, because they need
// those programs:
//
//	go test -tags interop ./examples/mailserver/interop
//
// The tests build the server, start it on free ports of 127.0.0.1 and stop it
// with SIGTERM; each expects exit status 0 and a transcript without the user's
// password. A program that is missing is a failure that names the package to
// install, never a skip. With go test -race the server is built with the race
// detector too, and a race it finds is an exit status other than 0.
//
// # The programs
//
//   - curl: every form of IMAP URL, uploads, and commands given with -X
//     (RFC 5092, RFC 3501);
//   - imaplib, of Python's standard library: every method it has, as scripts in
//     testdata/imaplib, each in the clear, after STARTTLS and over TLS;
//   - mbsync and neomutt, over IMAP;
//   - Dovecot, at the other end: both clients' engines speak with it and log in with
//     every mechanism that both have, imapsync copies an account from it and back,
//     and popfetch fetches from it, and from the server here, into an mbox that
//     Python's module mailbox reads;
//   - curl, poplib, fetchmail and mpop over POP3: listing, fetching, keeping and
//     taking away, by every login that they know.
//
// Beside them stand conversations over a plain socket that no well-behaved
// program would start: commands pipelined past another session's EXPUNGE, and
// refused literals that contain commands, messages whose octets POP3 has to
// change, and a maildrop that two want.
package interop
