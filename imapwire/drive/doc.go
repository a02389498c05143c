// Package drive runs engines over a net.Conn: the loop that reads, steps and
// writes, done once, with deadlines, contexts, TLS, caps and shutdown. It is
// the only package of this module that does I/O, and it knows no protocol:
// whatever it drives is a [Session].
//
// # How to use it
//
//	srv := &drive.Server{
//		NewSession: func(info drive.Info) (drive.Session, error) {
//			return imapServer.Session(info.Now, …), nil
//		},
//		TLS: config, // for STARTTLS and ServeTLS
//	}
//	err := srv.Serve(ctx, listener)
//
// Serve returns after ctx ended and every session said goodbye. Programs that
// accept connections themselves call [Server.ServeConn].
//
// A [Client] drives the engine of a client: the application takes events and calls
// [Client.Step], which reads and writes at once and waits until a context ends.
//
// # What it costs
//
// One goroutine for each connection of a server. While it waits it holds a buffer of 512
// octets; larger ones come from a pool of the Server and go back before it
// waits again. A session is woken from a blocked Read by a read deadline in the
// past, so that no second goroutine has to listen for news.
//
// # Limits
//
// DEFLATE below the connection is not driven.
package drive
