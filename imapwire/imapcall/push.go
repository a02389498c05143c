package imapcall

import (
	"context"
	"errors"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

var (
	// ErrPushed: a message of an APPEND is Pushed, and Do has nothing to push:
	// Start, Push and Wait do.
	ErrPushed = errors.New("imapcall: a content that is pushed takes Start and Push")
	// ErrSurplus: more was pushed than the messages of the APPEND have. Nothing of
	// the piece was taken.
	ErrSurplus = errors.New("imapcall: more content than was announced")
)

// An awaited is a content that the server awaits, and of how many octets more.
type awaited struct {
	call *Call
	left int64
}

// pushed returns the octets that an APPEND has to be pushed.
func pushed(cmd imapwire.Command) (octets int64, is bool) {
	a, ok := cmd.(*imapwire.Append)
	if !ok {
		return 0, false
	}
	for _, m := range a.Messages {
		if m.Content == nil && m.Pushed {
			octets += m.Size
			is = true
		}
	}
	return octets, is
}

// Push gives a piece of the content of an APPEND whose message is Pushed, and
// returns when all of it was taken, which is not to say that it has left: the next
// Push goes on with it, and Wait. Where there are several such messages, their
// contents are pushed one behind the other. p is not kept.
//
// A server may answer before it has the content, which is a refusal: the error is
// then that of Wait, and what else there is to push is not wanted. When ctx ends
// first, the call is given up, as in Wait. Contents of calls that were started
// before are pushed before. n is how many octets were taken.
func (call *Call) Push(ctx context.Context, p []byte) (n int, err error) {
	c := call.c
	c.mu.Lock()
	if int64(len(p)) > call.owed && !call.done {
		c.mu.Unlock()
		return 0, ErrSurplus
	}
	c.mu.Unlock()
	err = c.wait(ctx, func() bool {
		n += c.push(call, p[n:])
		return n == len(p) || call.done
	})
	switch {
	case err != nil:
		return n, call.giveUp(err)
	case n < len(p):
		_, err = call.outcome()
	}
	return n, err
}

// push gives octets to the content that the server awaits, if that is of call.
func (c *Client) push(call *Call, p []byte) (n int) {
	for n < len(p) && len(c.awaited) > 0 && c.awaited[0].call == call {
		a := &c.awaited[0]
		k, err := c.conn.Push(p[n:][:min(int64(len(p)-n), a.left)])
		if k == 0 || err != nil {
			break
		}
		n += k
		call.owed -= int64(k)
		if a.left -= int64(k); a.left == 0 {
			c.awaited = c.awaited[1:]
		}
		// What was taken has to leave.
		c.ring()
	}
	return n
}

// ready notes that the server awaits a content.
func (c *Client) ready(ev *imapclient.Ready) {
	for _, call := range c.calls {
		if call.id == ev.ID && ev.Size > 0 {
			c.awaited = append(c.awaited, awaited{call, ev.Size})
		}
	}
}

// refused forgets the contents of a call that is over.
func (c *Client) refused(call *Call) {
	kept := c.awaited[:0]
	for _, a := range c.awaited {
		if a.call != call {
			kept = append(kept, a)
		}
	}
	c.awaited = kept
}
