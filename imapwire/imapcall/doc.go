// Package imapcall makes blocking calls of the client's engine: one function for
// one command, for programs that do one thing after another.
//
// # How to use it
//
//	c, err := imapcall.New(ctx, conn, imapcall.Options{})
//	err = c.Login(ctx, "ada", password)
//	_, err = c.Do(ctx, &imapwire.Select{Mailbox: "INBOX", ReadOnly: true})
//	res, err := c.Do(ctx, &imapwire.Fetch{…})
//	for _, f := range res.Fetches { … }
//	err = c.Logout(ctx)
//
// [Client.Start] begins a command without waiting for it, so that several are
// under way at once; [Call.Wait] waits. Contents of messages are gathered up to
// Options.MaxContent, or go to the writers of [Call.Body] as they come.
//
// # Who works
//
// Whoever waits does the work: it reads, writes, and runs sinks and handlers, on
// its own goroutine. There is no goroutine behind the client, nothing that has to
// be drained and nothing that hangs when it is ignored; a client on which nobody
// waits is silent. Calls may come from many goroutines.
//
// The content of a message that is sent comes from a reader, or is given in pieces
// with [Call.Push], which who copies from one server to another needs.
//
// A context that ends gives up one call: what the server still says about it is
// dropped, and the session goes on. Only a message that is half sent can not be
// taken back: then the session is closed, and the error is [ErrHalfSent].
//
// Data that no command asked for, as news of the mailbox, goes to Options.OnData.
//
// # Limits
//
// Passwords leave only as Options.Engine allows; its zero value never lets them
// leave in the clear.
package imapcall
