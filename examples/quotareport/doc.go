// Quotareport tells what fills a mail account: usage and limits of each quota
// root, the mailboxes with what they hold and what an EXPUNGE would free, and the
// largest messages, so that a person sees what to delete.
//
//	quotareport imap://demo:demo@127.0.0.1:1143
//	IMAP_PASSWORD=secret quotareport -n 20 imaps://ada@mail.example.org
//
// It changes nothing: mailboxes are opened read-only. It shows blocking calls of
// package imapcall, and how a client adapts to what a server announces: QUOTA
// (RFC 9208), STATUS=SIZE (RFC 8438), or neither.
package main
