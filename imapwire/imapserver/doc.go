// Package imapserver is the server's half of an IMAP conversation as a state
// machine: octets in, events out; responses in, octets out. It never touches a
// socket, a clock, a goroutine or a store, and it is not safe for concurrent
// use.
//
// # How to use it
//
// A [Conn] has the verbs of every engine of this module (see package engine).
// The calling loop:
//
//	c, err := imapserver.New(now, imapserver.Options{…})
//	for {
//		switch ev := c.Next().(type) {
//		case *imapserver.Command:
//			c.Send(…)                   // untagged data
//			c.Done(ev.ID, status)       // the tagged response
//		case …:                         // the list is at Event
//		case nil:
//			want := c.Want()
//			c.Flush(now, conn)          // answers of the engine's own too
//			switch want { … }           // read and Feed, upgrade, or stop
//		}
//	}
//
// The engine knows the syntax, in which state which command is allowed, when an
// EXPUNGE may be sent, and what a literal may cost. What a command does is the
// application's, with these exceptions, which the engine answers from its
// Options: CAPABILITY, ENABLE, ID, LOGOUT, STARTTLS, the continuations of
// literals and IDLE, and logins that the transport does not allow.
//
// # The way of an octet
//
//	Feed(now, p)
//	  │
//	  ▼ imapwire.Framer: lines and literals, no grammar
//	  ├─ literal announced ── message of an APPEND? ── yes → AppendMessage ─ Accept → Literal…
//	  │                              no → buffered within Limits, "+" if it waits
//	  ▼ whole command
//	imapwire.Parser ── error → BAD with its tag, Malformed, and on
//	  ▼
//	gate.go: allowed in this state? ── no → BAD
//	  ▼
//	Next() → *Command → application → Send, Done
//	                                    ▼
//	                          output.go: queue of octets, bodies and lists
//	                                    ▼
//	                          Output, Advance → network
//
// # Bodies and lists
//
// A section of a FETCH may be a reader or be pushed; it passes through without
// being held. SEARCH, ESEARCH and VANISHED are encoded as they drain. While the
// queue is full ([Conn.Full]) no further input is consumed; a long command asks
// Full between its parts and calls [Conn.Yield].
//
// # What ends a conversation
//
// LOGOUT, the end of input, a first line of another protocol, Limits.Bad
// malformed commands in a row, Limits.Skip octets of a refused command, a
// time-out, a reader that fails inside an announced literal, a failed upgrade.
// Nothing else does. The reason is in [Closed].
//
// # Specifications
//
// RFC 9051 and RFC 3501, RFC 2177 (IDLE), 4959 (SASL-IR), 5161 (ENABLE),
// 7888 (literals), 2971 (ID), 3502 for the events of an APPEND.
package imapserver
