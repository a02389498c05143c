// Package pop3serve binds the POP3 server engine to the mailbox model: it
// answers every command of a session from the INBOX of a [mailbox.Store].
//
// # How to use it
//
// A [Server] stands once per process, a [Session] once per connection:
//
//	srv, err := pop3serve.NewServer(store, pop3serve.Options{Auth: store})
//	sess, err := srv.Session(now, pop3serve.Info{Security: …})
//
// The session has the verbs of an engine (Feed, Output, Want …) and handles one
// event at a time with Work, or with Step after the application has seen the
// event itself. Package drive runs sessions over a net.Conn; a *Session is a
// drive.Session.
//
// # The maildrop
//
// A login takes the lock on the maildrop and a picture of it: which messages
// there are, and how long each is on the wire. Numbers, sizes and unique-ids do
// not change after that, whatever others do to the folder.
//
//	login ─→ lease, snapshot ─→ … DELE marks, RSET unmarks … ─┬─ QUIT ─→ renew, remove, release
//	                                                          └─ anything else ─→ release
//
// The lock keeps out other POP3 sessions and nobody else. It is a lease of the
// store's ([mailbox.LeaseFolder]), which the session renews while it lives, so
// that what a dead node held becomes free again; a store without leases gets a
// lock within the Server. A session that finds its lease lost ends, and removes
// nothing.
//
// QUIT removes what is marked, and only that, in one transaction: all of it or,
// with -ERR, nothing. What others have removed meanwhile is no failure.
//
// # Beside IMAP
//
// Both see the same messages. A message that has \Deleted, and was not expunged,
// is there for POP3 as any other. RETR does not set \Seen, and a login does not
// take \Recent: a client that copies mail elsewhere has shown it to nobody. A
// message that somebody expunges during a session stays in its listings, and
// RETR, TOP and DELE of it are -ERR.
//
// # Errors
//
// The errors of a store become response codes of RFC 2449 and RFC 3206 by one
// table (errors.go). An error that is not in it is -ERR [SYS/PERM], and only
// [Options].OnError sees its text.
//
// # Specifications
//
// RFC 1939 with APOP, TOP and UIDL, RFC 2449 (CAPA, LOGIN-DELAY, EXPIRE, response
// codes), RFC 2595 §4 (STLS), RFC 3206 (SYS and AUTH), RFC 5034 (AUTH), RFC 6856
// (UTF8, LANG).
//
// # Limits of what it does
//
// All texts are English, which is the one language of LANG. A client without
// UTF8 gets no substitute for a message that needs it, but -ERR [UTF8]. The times
// of logins, for LOGIN-DELAY, are kept in the Server and forgotten with it.
package pop3serve
