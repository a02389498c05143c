package engine_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// body is a reader that counts how often it was closed.
type body struct {
	io.Reader
	closed int
}

func (b *body) Close() error { b.closed++; return nil }

// counted encodes its own content, some octets a call.
type counted struct {
	rest string
	err  error
}

func (c *counted) Append(dst []byte, budget int) ([]byte, bool, error) {
	if c.err != nil {
		return dst, true, c.err
	}
	n := min(budget, len(c.rest))
	dst = append(dst, c.rest[:n]...)
	c.rest = c.rest[n:]
	return dst, c.rest == "", nil
}

// TestQueue: whatever is queued, taken back, pushed and written in pieces, the
// octets come out in order, the queue counts its own memory, and every reader is
// closed once (invariant 20 for what is queued).
func TestQueue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var (
			q       engine.Queue
			want    strings.Builder
			got     bytes.Buffer
			readers []*body
			owed    []string // pushed bodies that are not complete
		)
		text := rapid.StringMatching(`[a-z]{0,40}`)
		write := func() {
			s := q.Front()
			if s.Empty() {
				if !q.Empty() != q.Starved() {
					t.Fatalf("nothing to write; empty %v, starved %v", q.Empty(), q.Starved())
				}
				return
			}
			n := rapid.Int64Range(1, s.Len()).Draw(t, "n")
			if s.Reader != nil {
				if _, err := io.CopyN(&got, s.Reader, n); err != nil {
					t.Fatal(err)
				}
			} else {
				got.Write(s.Bytes[:n])
			}
			if taken := q.Advance(n); taken != n {
				t.Fatalf("advanced by %d of %d", taken, n)
			}
		}
		queue := func() {
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				s := text.Draw(t, "octets")
				q.AppendString(s)
				want.WriteString(s)
			case 1:
				s := text.Draw(t, "reader")
				r := &body{Reader: strings.NewReader(s + "and more")}
				readers = append(readers, r)
				q.AppendReader(r, int64(len(s)))
				want.WriteString(s)
			case 2:
				s := strings.Repeat("x", rapid.IntRange(0, 20000).Draw(t, "list"))
				if err := q.AppendList(&counted{rest: s}); err != nil {
					t.Fatal(err)
				}
				want.WriteString(s)
			case 3:
				s := text.Draw(t, "pushed")
				q.AppendPushed(int64(len(s)))
				want.WriteString(s)
				if s != "" {
					owed = append(owed, s)
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"queue": func(*rapid.T) { queue() },
			"write": func(*rapid.T) { write() },
			"push": func(*rapid.T) {
				if len(owed) == 0 {
					if _, err := q.Push([]byte("x")); !errors.Is(err, engine.ErrNotNow) {
						t.Fatalf("pushed without a body: %v", err)
					}
					return
				}
				if n := q.Unpushed(); n != int64(len(owed[0])) {
					t.Fatalf("%d octets to push, want %d", n, len(owed[0]))
				}
				p := owed[0][:rapid.IntRange(1, len(owed[0])).Draw(t, "piece")]
				n, err := q.Push([]byte(p))
				if err != nil || n != len(p) {
					t.Fatalf("pushed %d of %d: %v", n, len(p), err)
				}
				if owed[0] = owed[0][n:]; owed[0] == "" {
					owed = owed[1:]
				}
			},
			"take back": func(*rapid.T) {
				m, text, r, o := q.Mark(), want.String(), len(readers), owed
				own := q.Own()
				queue()
				q.Restore(m)
				want.Reset()
				want.WriteString(text)
				readers, owed = readers[:r], o
				if err := q.AppendList(&counted{err: io.ErrNoProgress}); err == nil {
					t.Fatal("a list with an error")
				}
				if q.Own() != own {
					t.Fatalf("own %d, was %d", q.Own(), own)
				}
			},
			"": func(*rapid.T) {
				if !strings.HasPrefix(want.String(), got.String()) {
					t.Fatalf("wrote %q, want %q", got.String(), want.String())
				}
			},
		})
		for len(owed) > 0 {
			q.Push([]byte(owed[0]))
			owed = owed[1:]
		}
		if rapid.Bool().Draw(t, "discard") {
			q.Discard()
		}
		for !q.Empty() {
			write()
			q.Front()
		}
		if q.Own() != 0 || q.Large() != 0 {
			t.Errorf("an empty queue has %d octets, %d bodies", q.Own(), q.Large())
		}
		for i, r := range readers {
			if r.closed != 1 {
				t.Errorf("reader %d was closed %d times", i, r.closed)
			}
		}
	})
}

// TestQueueFill: a body that nobody gives is filled, after what was given.
func TestQueueFill(t *testing.T) {
	var q engine.Queue
	q.AppendString("{9}")
	q.AppendPushed(9)
	q.AppendString(".")
	q.Push([]byte("abc"))
	q.Fill()
	if _, err := q.Push([]byte("d")); !errors.Is(err, engine.ErrNotNow) {
		t.Errorf("pushed into what is filled: %v", err)
	}
	var got strings.Builder
	for s := q.Front(); !s.Empty(); s = q.Front() {
		if s.Reader != nil {
			io.CopyN(&got, s.Reader, s.N)
		} else {
			got.Write(s.Bytes)
		}
		q.Advance(s.Len())
	}
	if got.String() != "{9}abc      ." {
		t.Errorf("wrote %q", got.String())
	}
}

// TestQueuePush: what is pushed is held within a bound.
func TestQueuePush(t *testing.T) {
	var q engine.Queue
	q.AppendPushed(1 << 20)
	n, err := q.Push(make([]byte, 1<<20))
	if err != nil || n != 32<<10 || q.Own() != n {
		t.Errorf("took %d octets, %d own: %v", n, q.Own(), err)
	}
	if n, err := q.Push([]byte("x")); n != 0 || err != nil {
		t.Errorf("took %d more: %v", n, err)
	}
}

// A drained buffer is kept as far as Keep says, and given up by Rest.
func TestQueueRoom(t *testing.T) {
	for _, tt := range []struct {
		keep, octets int
		kept         bool
	}{{0, 400, true}, {0, 5000, false}, {8192, 5000, true}, {8192, 20_000, false}} {
		var q engine.Queue
		q.Keep(tt.keep)
		q.Append(make([]byte, tt.octets))
		q.Advance(int64(tt.octets))
		kept := cap(q.Begin()) >= tt.octets
		if kept != tt.kept {
			t.Errorf("keeping %d, %d octets: %v", tt.keep, tt.octets, kept)
		}
		q.Append([]byte("x"))
		q.Advance(1)
		q.Rest()
		if n := cap(q.Begin()); n > 512 {
			t.Errorf("%d octets are left after Rest", n)
		}
	}
}
