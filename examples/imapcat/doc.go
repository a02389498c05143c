// Command imapcat looks into mailboxes: it lists them, lists and searches their
// messages, and prints or saves a message or a part of one.
//
//	imapcat URL                          the mailboxes
//	imapcat URL MAILBOX                  its messages
//	imapcat -search TEXT URL MAILBOX     those with that text
//	imapcat URL MAILBOX UID              a message
//	imapcat -part 1.2 URL MAILBOX UID    a part of it, decoded if the server can
//	imapcat -o FILE URL MAILBOX UID      into a file, with a progress bar
//
// A URL is imaps://user:password@host/ or imap://…; the password may stand in the
// environment variable IMAP_PASSWORD instead. Nothing is marked as read.
package main
