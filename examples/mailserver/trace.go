package main

import (
	"fmt"
	"io"
	"sync"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/pop3wire"
)

// A tracer prints what all sessions say, a line each, without their secrets.
type tracer struct {
	mu sync.Mutex
	w  io.Writer
}

// A transcript makes lines of what a client and its server say.
type transcript interface {
	Client(p []byte)
	Server(p []byte)
}

func newIMAP(line func(server bool, line []byte)) transcript { return &imapwire.Transcript{Line: line} }
func newPOP3(line func(server bool, line []byte)) transcript { return &pop3wire.Transcript{Line: line} }

func newTracer(w io.Writer) *tracer { return &tracer{w: w} }

// trace returns what traces the connections of one server. Their numbers are
// printed behind prefix.
func (t *tracer) trace(prefix string, begin func(line func(bool, []byte)) transcript) func(uint64, bool, []byte) {
	conns := make(map[uint64]transcript)
	return func(conn uint64, out bool, p []byte) {
		t.mu.Lock()
		defer t.mu.Unlock()
		if len(p) == 0 {
			delete(conns, conn)
			return
		}
		tr := conns[conn]
		if tr == nil {
			tr = begin(func(server bool, line []byte) {
				who := "C"
				if server {
					who = "S"
				}
				fmt.Fprintf(t.w, "%s%d %s: %s\n", prefix, conn, who, line)
			})
			conns[conn] = tr
		}
		if out {
			tr.Server(p)
		} else {
			tr.Client(p)
		}
	}
}
