// Package engine holds what the protocol engines of this module have in
// common, for IMAP and POP3, server and client alike: the words in which an
// engine and the loop around it speak to each other.
//
// An engine is a value that turns bytes into events and calls into bytes. It
// never touches a socket, a clock, a goroutine or a lock, and it is not safe
// for concurrent use. The type Conn of each engine package has the same verbs,
// of four kinds:
//
//	from the network and the clock   Feed, FeedEOF, Expire
//	to the application               Next, Want, Deadline
//	from the application             Send, Done, Accept, Refuse, Challenge, Push, Upgraded …
//	to the network                   Output, Advance, Flush
//
// and one loop drives them all:
//
//	for {
//		if ev := c.Next(); ev != nil {  // 1. handle one event
//			handle(ev)
//			continue
//		}
//		want := c.Want()                // 2. nothing to report: what for?
//		c.Flush(now(), conn)            // 3. write what is queued, answers of the engine's own too
//		switch want {
//		case engine.WantInput:          //    read, until c.Deadline()
//			n, err := conn.Read(buf)
//			c.Feed(now(), buf[:n])
//		case engine.WantUpgrade:        //    the Upgrade event said to what
//			c.Upgraded(now(), layer, security)
//		case engine.WantDecision, engine.WantAnswer:
//			// the application owes Accept, Refuse, Challenge or Done
//		case engine.WantDrain:          //    that was all
//		case engine.WantNothing:        //    closed; the reason was an event
//			return
//		}
//	}
//
// The package also holds the character classes of both protocols as one table
// ([Class]), the line framer ([Lines]), the errors that a peer's mistakes and
// limits cause ([SyntaxError], [LimitError]), the secret string ([Secret]), and
// the counters by which tests observe cost ([Stats]).
package engine
