package main

import (
	"fmt"
	"io"
	"sync"

	"github.com/mailwire/mailwire/imapwire"
)

// A tracer prints what all sessions say, a line each, without their secrets.
type tracer struct {
	mu    sync.Mutex
	w     io.Writer
	conns map[uint64]*imapwire.Transcript
}

func newTracer(w io.Writer) *tracer {
	return &tracer{w: w, conns: make(map[uint64]*imapwire.Transcript)}
}

func (t *tracer) trace(conn uint64, out bool, p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(p) == 0 {
		delete(t.conns, conn)
		return
	}
	tr := t.conns[conn]
	if tr == nil {
		tr = &imapwire.Transcript{Line: func(server bool, line []byte) {
			who := "C"
			if server {
				who = "S"
			}
			fmt.Fprintf(t.w, "%d %s: %s\n", conn, who, line)
		}}
		t.conns[conn] = tr
	}
	if out {
		tr.Server(p)
	} else {
		tr.Client(p)
	}
}
