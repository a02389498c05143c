// Package imapclient is the client's half of an IMAP conversation: a state
// machine that turns octets into events and calls into octets, and never touches
// a socket, a clock or a goroutine.
//
// # The loop
//
//	c, err := imapclient.New(now(), imapclient.Options{Security: engine.Security{Encrypted: true}})
//	login, err := c.Send(&imapwire.Login{User: "ada", Password: "…"})
//	for {
//		switch ev := c.Next().(type) {      // 1. handle one event
//		case *imapclient.Done:              //    a command that was sent has its answer
//		case *imapclient.Data:              //    the server tells something
//		case *imapclient.FetchStart:        //    contents of a message follow …
//		case *imapclient.Body:              //    … of which section, how many octets
//		case *imapclient.BodyData:          //    … a piece of them
//		case *imapclient.FetchEnd:          //    … and everything else of the message
//		case *imapclient.Closed:
//			return
//		case nil:                           // 2. nothing to report:
//			c.Flush(now(), conn)            //    write what is queued,
//			n, err := conn.Read(buf)        //    and read, until c.Deadline()
//			c.Feed(now(), buf[:n])
//		}
//	}
//
// Package drive of this module is this loop, done well once.
//
// # What the engine decides
//
// Any number of commands may be sent at once. The engine holds back what must
// wait: octets of a literal until the server said "+", commands behind one that
// changes who speaks (AUTHENTICATE, IDLE, STARTTLS, LOGOUT), and commands with
// sequence numbers behind one that may change the numbers (RFC 9051 §5.5).
// Every command that Send took has exactly one [Done], whatever happens.
//
// Contents of messages are never held: they come out in pieces as they come in,
// and go in from a reader or with [Conn.Push], whatever their size. A password
// leaves only as Options.PlaintextAuth allows.
//
// Texts of a server come as they are. Whoever shows them passes them through
// [engine.Display], and tells the user what came before [Conn.Security] is
// Encrypted from what came behind it: alerts in the clear may be anybody's.
//
// # The way of a byte
//
//	Read → Feed(now, p) → frame: line or literal?
//	   content of a section → Body, BodyData, slices of p      other → held with its line (Limits)
//	complete response → respond.go: greeting, tagged, "+" or data → capabilities, state → Next
//	Send(command) → imapwire.EncodeCommand → command.go: may it start? → Output → Write
//
// # Mistakes
//
// What a server says and the engine can not read costs that response: it comes
// out as [Malformed], and the conversation goes on. It is over, with a [Closed]
// that says why, when nothing can be trusted any more: a greeting that is none,
// an answer to a command that was not sent, a "+" that nothing awaits, octets
// behind the answer to STARTTLS, more dropped than Limits.ResponseSkip.
//
// # Specifications
//
// RFC 9051, RFC 3501, RFC 4959, RFC 5161, RFC 7888.
package imapclient
