// Mailserver is a small mail server: IMAP and POP3 over a store in memory.
//
//	go run ./examples/mailserver
//
// serves IMAP with STARTTLS on 127.0.0.1:1143, IMAP over TLS on 127.0.0.1:1993,
// POP3 with STLS on 127.0.0.1:1110 and POP3 over TLS on 127.0.0.1:1995, for the
// user demo with the password demo and a few dozen sample messages. Mail is gone
// when the program ends. With -quota 10MiB or -quota-messages 100 each user has
// no more than that. It shows how the packages fit together: memstore holds
// the mail, imapserve and pop3serve answer from it, drive runs the sessions.
package main
