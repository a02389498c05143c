// Command imapproxy stands between IMAP clients and a server: both engines back to
// back. It passes everything that either says, bodies of any size in the pieces in
// which they come, can hide capabilities, and prints a transcript without secrets.
//
//	go run ./examples/imapproxy -server mail.example.org:993 -tls -v
//	curl -u ada:secret imap://127.0.0.1:1144/
//
// The relay itself, relay.go, never touches a socket; main.go is what drives it.
package main
