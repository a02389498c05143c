// Package sasl holds SASL mechanisms (RFC 4422) as step functions, for IMAP
// and POP3. A step takes what the peer said, as octets without base64, and
// returns what to do; it never waits, looks anything up or compares secrets
// itself.
//
// # How to use it
//
//	m, ok := sasl.NewServer("PLAIN")
//	step, err := m.Step(initial)           // nil: no initial response
//	for err == nil {
//		switch s := step.(type) {
//		case *sasl.Challenge:              // send it, wait for the answer
//			step, err = m.Step(answer)
//		case *sasl.Credentials:            // verify them: done
//			return s
//		}
//	}
//
// An error means that the client did not keep to the mechanism; the exchange
// is over and the session goes on. A cancelled exchange is simply dropped.
//
// # Mechanisms
//
// PLAIN (RFC 4616) and LOGIN (an obsolete draft that clients still use), server
// side. Both transmit the password: offer them only where [Plaintext] ones may
// be used.
package sasl
