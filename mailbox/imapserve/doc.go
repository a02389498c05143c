// Package imapserve binds the IMAP server engine to the mailbox model: it
// answers every command of a session from a [mailbox.Store].
//
// # How to use it
//
// A [Server] stands once per process, a [Session] once per connection:
//
//	srv, err := imapserve.NewServer(store, imapserve.Options{Auth: store})
//	sess, err := srv.Session(now, imapserve.Info{Security: …})
//
// The session has the verbs of an engine (Feed, Output, Want …) and handles one
// event at a time with Work, or with Step after the application has seen the
// event itself:
//
//	for ev := sess.Conn().Next(); ev != nil; ev = sess.Conn().Next() {
//		if c, ok := ev.(*imapserver.Command); ok && mine(c) {
//			answer(sess.Conn(), c)    // a command of the application
//			continue
//		}
//		sess.Step(ctx, ev)
//	}
//
// Package drive runs sessions over a net.Conn; a *Session is a drive.Session.
//
// # Shared folders
//
// The server keeps one hub for each folder that somebody has open. It pulls the
// folder's changes once for all of them; a session keeps what its client has
// been told (package view). A message deleted, flagged or moved by one session
// is so for all: at once for those in IDLE, otherwise at the next command that
// may tell it.
//
// Nothing is written while a lock is held. A session whose output is full stops
// where it is, holds no more than that, and disturbs nobody.
//
// # Errors
//
// The errors of a store become the response codes of RFC 5530 by one table
// (errors.go). An error that is not in it is NO [SERVERBUG], and only
// [Options].OnError sees its text.
//
// # Specifications
//
// RFC 3501 and, after ENABLE, RFC 9051; RFC 2177 (IDLE), 2342 (NAMESPACE), 3348
// (CHILDREN), 3516 (BINARY), 3691 (UNSELECT), 4315 (UIDPLUS), 4731 (ESEARCH),
// 5032 (WITHIN), 5182 (SEARCHRES), 5258 (LIST-EXTENDED), 5819 (LIST-STATUS),
// 6154 (SPECIAL-USE), 6851 (MOVE), 7889 (APPENDLIMIT), 8438 (STATUS=SIZE); the
// rights of RFC 4314 and the quotas of RFC 9208 where a store has them.
package imapserve
