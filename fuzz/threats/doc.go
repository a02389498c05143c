// Package threats holds the library to a catalogue of attacks: what has been
// done to mail servers and clients, or could be, and the tests that show it
// fails here.
//
// It has no code, only tests; run them with
//
//	go test ./fuzz/threats
//
// # The catalogue
//
// threats.txt lists every attack under its number, with the tests that stand
// against it, here and in the packages. A letter says what kind it is:
//
//	T  the change from an open network to TLS
//	I  injection through what the library itself writes
//	P  octets at which parsers break
//	M  memory
//	C  time
//	S  states, rights, and what answers give away
//	Q  POP3 alone
//
// catalogue_test.go holds the list to the tests, in both directions: a number
// without a test fails, and so does a test that names a number and is not
// listed.
//
// # The suites
//
// Files are named for a suite and for what it attacks: cost_imap_test.go,
// cost_message_test.go. The suites:
//
//	east      the published classes of attacks on STARTTLS, as scripted peers
//	cve       one row for each flaw of others that was given a number
//	limits    every limit at one below, at, and one above, however input is cut
//	cost      counted steps at 1, 10 and 100 times the size
//	held      every state of a parser, kept for a MiB in which it stays
//	inject    any string at every place of every value that is written
//	redact    no password in anything that is printed
//	upgrade   nothing behind a change of layer or speaker is read too early
//
// Nothing here looks at a clock: cost is steps and octets, as package engine
// counts them, or statements, as the compiler does.
package threats
