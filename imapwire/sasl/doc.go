// Package sasl holds SASL mechanisms (RFC 4422), both sides, as step functions,
// for IMAP and POP3. A step takes what the peer said, as octets without
// base64, and returns what to do: there is no connection, no clock and no
// randomness but what is given as an argument.
//
// # A server
//
//	o := sasl.ServerOptions{…}             // what there is to verify with
//	m, err := o.Server("SCRAM-SHA-256")
//	step, err := m.Step(initial)           // nil: no initial response
//	for err == nil {
//		switch s := step.(type) {
//		case *sasl.Challenge:              // send it, wait for the answer
//			step, err = m.Step(answer)
//		case *sasl.Credentials:            // verify them: done (PLAIN, LOGIN)
//			return s
//		case *sasl.Authenticated:          // proved: may it act as AuthzID?
//			return s
//		}
//	}
//
// An error means that the exchange has failed; the session goes on. To all
// that went wrong there is one answer, so that nobody learns which users
// exist. A cancelled exchange is simply dropped, and counts as failed if the
// last Challenge had an Err.
//
// # A client
//
//	name, err := sasl.Choose(offered, o)   // o: a sasl.ClientOptions
//	m, err := sasl.NewClient(name, o)
//	initial, ok := m.Initial()             // only where the server takes one
//	answer, err := m.Step(challenge)       // an error: cancel
//	err = m.Finish(ok)                     // with the server's verdict
//
// Finish is not to be left out: a server that reports success and has not
// proved to know the password is not the server.
//
// # Mechanisms
//
//	mechanism            specification     the server needs           the client needs
//	EXTERNAL             RFC 4422 App. A   Certificate, Security      External
//	OAUTHBEARER          RFC 7628          Token                      Token
//	XOAUTH2              none              Token                      User, Token
//	SCRAM-SHA-256-PLUS   RFC 7677, 9266    as without, and Security   as without, and Security
//	SCRAM-SHA-1-PLUS     RFC 5802, 9266    as without, and Security   as without, and Security
//	SCRAM-SHA-256        RFC 7677          Scram, Random, Pepper      User, Password, Random
//	SCRAM-SHA-1          RFC 5802          the same, and Hashes       User, Password, Random
//	CRAM-MD5             RFC 2195          Secret, Random, Pepper     User, Password
//	PLAIN                RFC 4616          Passwords                  User, Password
//	LOGIN                a draft           Passwords                  User, Password
//	ANONYMOUS            RFC 4505          Anonymous                  Anonymous
//
// OAUTHBEARER, XOAUTH2, PLAIN and LOGIN show all that it takes to log in: see
// [Plaintext]. The client does not use them on an open network; a server offers
// them only where [engine.PlaintextAuth] allows it.
//
// # Limits of what it does
//
// Names and passwords are prepared with SASLprep (RFC 4013) in SCRAM alone; see
// [Prepare]. Channel binding is tls-exporter, which TLS 1.2 has only with the
// extended master secret; "tls-unique", which RFC 5802 §6.1 asks for, is not
// safe there and not defined in TLS 1.3 (RFC 9266 §1). No mechanism has a
// security layer.
package sasl
