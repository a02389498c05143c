// Package pop3client is the client's half of a POP3 conversation: a state machine
// that turns octets into events and calls into octets, and never touches a socket,
// a clock or a goroutine.
//
// # The loop
//
//	c, err := pop3client.New(now(), pop3client.Options{Security: engine.Security{Encrypted: true}})
//	c.Send(&pop3wire.User{Name: "ada"})
//	c.Send(&pop3wire.Pass{Password: "…"})
//	c.Send(&pop3wire.Capa{})
//	all, err := c.Send(&pop3wire.Uidl{})
//	for {
//		switch ev := c.Next().(type) {      // 1. handle one event
//		case *pop3client.UniqueIDs:         //    a piece of a listing
//		case *pop3client.BodyData:          //    a piece of a message
//		case *pop3client.Done:              //    a command that was sent has its answer
//		case *pop3client.Closed:
//			return
//		case nil:                           // 2. nothing to report: what for?
//			want := c.Want()
//			c.Flush(now(), conn)            // 3. write what is queued
//			switch want {
//			case engine.WantUpgrade:        //    for TLS, behind STLS: c.Upgraded
//			case engine.WantInput:          //    for input, until c.Deadline()
//				n, err := conn.Read(buf)
//				c.Feed(now(), buf[:n])
//			}
//		}
//	}
//
// The list of events is at [Event]. Package drive of this module is this loop,
// done well once.
//
// # What the engine decides
//
// Any number of commands may be sent at once. The engine holds back what must
// wait: everything before the greeting; commands behind one without an answer,
// unless the server announces PIPELINING; and commands behind STLS, AUTH and
// QUIT, which go alone. Every command that Send took has exactly one [Done],
// whatever happens.
//
// What CAPA says decides: PIPELINING, whether the client's first message of a
// SASL exchange goes with the command (RFC 5034 §4: only where SASL is
// announced, and in 255 octets), whether names and passwords may be UTF-8. It is
// forgotten behind TLS and behind a login: send CAPA again. What it does not say
// decides nothing: UIDL is sent to servers that do not announce it.
//
// Messages are never held: they come out in pieces that are parts of what was
// fed, whatever their size, and so do listings, in pieces of up to 128 lines. A
// message or listing that was cut short is one with an error, in [BodyEnd] and
// Done. A password leaves only as Options.PlaintextAuth allows, and a digest as
// Options.APOP does.
//
// # The way of an octet
//
//	Feed(now, p) ─→ in a message? → Unstuffer → BodyData, slices of p
//	  │
//	  ▼ lines.go: lines up to Limits, no grammar
//	  ▼ in a listing? → listing.go → ScanListings, UniqueIDs …
//	response.go: greeting, challenge or status, of the oldest command in flight
//	  ▼
//	state, capabilities → Done ─→ command.go: what may be sent now → Output
//
// # Mistakes
//
// POP3 has no tags: nothing but the order says what an answer belongs to. So what
// can not be read costs only its response where the next one is sure to be found:
// the text behind +OK or -ERR, a line of a listing, and, after login and with no
// other command in flight, a line in the place of an answer that has one line. It
// comes out as [Malformed]. The conversation is over, with a [Closed] that says
// why, when what comes next can not be known: a line that nothing asked for, an
// answer that was there before its command had left, anything but a status to a
// command whose answer may have several lines, octets behind the answer to STLS.
//
// What real servers do differently, and does no harm, is tolerated by name: each
// [Tolerance] is told as [Tolerated], can be refused, and is with Options.Strict.
//
// # Specifications
//
// RFC 1939, RFC 2449 (CAPA, PIPELINING, response codes), RFC 2595 §4 (STLS),
// RFC 3206, RFC 5034 (AUTH), RFC 6856 (UTF8, LANG).
//
// # Limits of what it does
//
// It does not know which messages there are: numbers are for the caller to keep,
// and the same message is known in the next session by its unique-id alone. Names
// and passwords are not prepared (RFC 6856 §2.2 wants SASLprep: package sasl has
// it). Security layers of SASL mechanisms are not supported.
package pop3client
