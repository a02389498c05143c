// Command idlewatch prints what happens in a mailbox, as it happens: messages that
// come and go, and flags that change.
//
//	go run ./examples/idlewatch imap://demo:demo@127.0.0.1:1143/ INBOX
//
// The password may stand in the environment variable IMAP_PASSWORD instead.
package main
