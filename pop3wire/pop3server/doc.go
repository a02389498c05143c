// Package pop3server is the server's half of a POP3 conversation as a state
// machine: octets in, events out; responses in, octets out. It never touches a
// socket, a clock, a goroutine or a store, and it is not safe for concurrent
// use.
//
// # How to use it
//
// A [Conn] has the verbs of every engine of this module (see package engine).
// The calling loop:
//
//	c, err := pop3server.New(now, pop3server.Options{…})
//	for {
//		switch ev := c.Next().(type) {
//		case *pop3server.Login:
//			c.Done(ev.ID, status)       // +OK or -ERR
//		case *pop3server.Command:
//			c.Answer(ev.ID, line)       // +OK with a listing: STAT, LIST n, UIDL n
//			c.Body(ev.ID, status, body) // RETR, TOP
//			c.Begin(ev.ID, status)      // LIST, UIDL: a multi-line response,
//			c.Send(ev.ID, lines…)       //    its lines,
//			c.End(ev.ID)                //    and its end
//		case …:                             // the list is at Event
//		case nil:
//			want := c.Want()
//			c.Flush(now, conn)          // answers of the engine's own too
//			switch want { … }           // read and Feed, upgrade, or stop
//		}
//	}
//
// The engine knows the syntax, in which state which command is allowed, and what
// a line may cost. What a command does is the application's, with these
// exceptions, which the engine answers from its Options: CAPA, USER, STLS, AUTH
// without a mechanism, QUIT before login, and logins that the transport does not
// allow. Every command gets exactly one status.
//
// # States
//
//	             PASS, APOP, AUTH +OK                    QUIT
//	AUTHORIZATION ───────────────────→ TRANSACTION ───────────────→ UPDATE ─┐
//	      │ QUIT, end of input, time-out     │ end of input, time-out       │ Done
//	      └───────────────→ closed ←─────────┴──────────────────────────────┘
//
// Only a QUIT that was received in TRANSACTION is an event, and nothing else
// asks for messages to be removed (RFC 1939 §6). Whatever is left of the input
// behind it is not read.
//
// # The way of an octet
//
//	Feed(now, p)
//	  │
//	  ▼ engine.Lines: lines, no grammar ── too long → -ERR once, Malformed, and on
//	  ▼ in an AUTH? → AuthResponse
//	pop3wire.ParseCommand ── error → -ERR, Malformed, and on
//	  ▼
//	gate.go: allowed in this state? ── no → -ERR
//	  ▼
//	Next() → event → application → Done, Answer, Body, Begin … End
//	                                    ▼
//	                          output.go: queued octets, then one body
//	                                    ▼
//	                          Output, Advance → network
//
// # Bodies
//
// What POP3 sends of a message is not its octets: line ends become CRLF and dots
// are doubled. So this engine, other than those of IMAP, reads the reader that
// it was given: Output reads at most 16 KiB at a time, turns them into at most
// twice as many octets of its own, and reads again when these were written. The
// reader may block on storage. When it fails, or has less than was announced,
// the conversation ends without the terminator, so that no client takes a part
// for the message.
//
// # What ends a conversation
//
// QUIT, the end of input, a first line of another protocol, Limits.Bad malformed
// commands in a row, a time-out (about which RFC 1939 §3 wants the client not
// to be told), a body that fails, a failed upgrade. Nothing else does. The
// reason is in [Closed].
//
// # Specifications
//
// RFC 1939, RFC 2449 (CAPA, PIPELINING, response codes), RFC 2595 §4 (STLS),
// RFC 3206, RFC 5034 (AUTH), RFC 6856 (UTF8, LANG).
//
// # Limits of what it does
//
// It keeps no maildrop: numbers, marks of deletion, locks, the delay after a
// failed login and LOGIN-DELAY are the application's. Which language texts are
// in is the application's too. Security layers of SASL mechanisms are not
// supported.
package pop3server
