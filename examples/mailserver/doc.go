// Mailserver is a small mail server: IMAP over a store in memory.
//
//	go run ./examples/mailserver
//
// serves IMAP with STARTTLS on 127.0.0.1:1143 and IMAP over TLS on
// 127.0.0.1:1993, for the user demo with the password demo and a few dozen
// sample messages. Mail is gone when the program ends. It shows how the
// packages fit together: memstore holds the mail, imapserve answers from it,
// drive runs the sessions.
package main
