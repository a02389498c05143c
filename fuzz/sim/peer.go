package sim

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// A clientEngine is what both clients' engines have.
type clientEngine interface {
	Feed(now time.Time, p []byte) error
	FeedEOF(now time.Time)
	Expire(now time.Time)
	Want() engine.Want
	Deadline() time.Time
	Output() engine.Segment
	Advance(now time.Time, n int64)
	Close()
}

// A serverSession is what both servers' sessions have.
type serverSession interface {
	Feed(now time.Time, p []byte) error
	FeedEOF(now time.Time)
	Expire(now time.Time)
	Want() engine.Want
	Deadline() time.Time
	Output() engine.Segment
	Advance(now time.Time, n int64)
	Notify(ctx context.Context)
	OnChange(wake func())
	Close() error
}

// A peer is a client, the session that serves it, and what is between them:
//
//	client ─→ up ─→ session        each arrow moves a piece, at a time of its own
//	client ←─ down ←─ session
//
// What belongs to one protocol is in the functions.
type peer struct {
	w    *world
	id   int
	d    dice
	user string
	off  bool // takes no part

	online  bool
	client  clientEngine
	session serverSession
	stats   func() engine.Stats // of the session

	up, down           []byte
	upReady, downReady time.Time
	downEOF            bool
	// fed is what the session has borrowed; busy: it may have events to handle.
	fed  []byte
	busy bool
	// cutAfter is how many octets pass before the connection is lost; below
	// zero, all.
	cutAfter int
	// stalled: the session's output is not taken until then.
	stalled time.Time
	woken   bool
	// hurt: something failed on purpose that may end the connection.
	hurt bool
	// heard is when the session was last given octets.
	heard time.Time
	// ended: the session has ended the connection; over: the client has.
	ended, over bool

	// connect begins a conversation, think does what a client does by itself,
	// hear takes an event of the client's engine, and work one of the session's:
	// false is none.
	connect    func()
	think      func()
	hear, work func() bool
	// sent sees what the session sends, in its order.
	sent func([]byte)
	// left is told that the conversation is over.
	left func()
	// said is the transcript.
	said func(server bool, p []byte)
}

func (p *peer) fail(rule, format string, args ...any) { p.w.fail(rule, format, args...) }

// note records something that the peer does. Only the format is part of the hash:
// what is in it is so by the octets that it becomes.
func (p *peer) note(format string, args ...any) {
	p.w.mix(format)
	if p.w.rec != nil {
		p.w.rec.add(p.id, p.user, fmt.Sprintf(format, args...))
	}
}

// line records a line of the conversation.
func (p *peer) line(server bool, line []byte) {
	who := "C: "
	if server {
		who = "S: "
	}
	p.w.rec.add(p.id, p.user, who+string(line))
}

// begin is the end of connect.
func (p *peer) begin(c clientEngine, s serverSession) {
	p.client, p.session = c, s
	p.online, p.woken, p.hurt, p.ended, p.over, p.downEOF, p.busy = true, false, false, false, false, false, true
	p.up, p.down, p.fed = p.up[:0], p.down[:0], nil
	p.cutAfter = -1
	p.upReady, p.downReady, p.stalled = time.Time{}, time.Time{}, time.Time{}
	s.OnChange(func() { p.woken = true })
	p.w.stats.Connections++
	p.note("connects")
}

// act is a turn.
func (p *peer) act() {
	if !p.online {
		if p.d.chance(25) {
			p.connect()
		}
		return
	}
	p.expire()
	if !p.online {
		return
	}
	switch n := p.d.n(200); {
	case n == 0 && p.d.chance(40):
		p.cutAfter = p.d.n(600)
	case n == 1:
		p.stalled = p.w.now.Add(time.Duration(p.d.n(60)) * time.Second)
	case n < 60:
		p.think()
	case n < 100:
		p.rise(p.piece)
	case n < 150:
		p.serveSome(p.d.chance(60))
	default:
		p.fall(p.piece)
	}
}

// piece is how many of n octets move now.
func (p *peer) piece(n int) int {
	switch k := p.d.n(20); {
	case k < 12:
		return n
	case k < 15:
		return min(n, 1+p.d.n(64))
	case k < 18:
		return min(n, 1+p.d.n(512))
	}
	return min(n, 1+p.d.n(2))
}

func all(n int) int { return n }

// expire tells both ends the time.
func (p *peer) expire() {
	now := p.w.now
	if d := p.client.Deadline(); !d.IsZero() && !now.Before(d) {
		p.w.stats.Timeouts++
		p.note("the client's time is over")
		p.client.Expire(now)
		p.listen()
		if !p.online {
			return
		}
	}
	if d := p.session.Deadline(); !d.IsZero() && !now.Before(d) {
		p.w.stats.Timeouts++
		p.note("the server's time is over")
		p.w.serve(p.serving(), func() { p.session.Expire(now) })
		p.serveSome(true)
	}
}

// serving is a step of the session for no command in particular.
func (p *peer) serving() *serving {
	return &serving{p: p, failed: func() { p.hurt = true }, effect: func(e effect) {
		p.fail("effects", "a server does %s without a command: %+v", e.kind, e)
	}}
}

// listen takes the events of the client's engine.
func (p *peer) listen() (any bool) {
	p.w.cur = &serving{p: p}
	for p.hear() {
		any = true
	}
	p.w.cur = nil
	if p.over {
		p.leave()
	}
	return any
}

// rise moves octets from the client to the session.
func (p *peer) rise(piece func(int) int) (any bool) {
	if p.w.now.Before(p.upReady) {
		return false
	}
	for seg := p.client.Output(); !seg.Empty(); seg = p.client.Output() {
		n := len(p.up)
		if seg.Reader != nil {
			var b bytes.Buffer
			if _, err := io.CopyN(&b, seg.Reader, seg.N); err != nil {
				p.fail("client", "a content can not be read: %v", err)
			}
			p.up = append(p.up, b.Bytes()...)
		} else {
			p.up = append(p.up, seg.Bytes...)
		}
		p.client.Advance(p.w.now, int64(len(p.up)-n))
		any = true
	}
	if p.listen() {
		any = true
	}
	if !p.online || len(p.up) == 0 || len(p.fed) > 0 || p.busy || p.ended || p.session.Want() != engine.WantInput {
		return any
	}
	n := piece(len(p.up))
	if p.lost(&n) {
		return true
	}
	p.fed, p.busy = bytes.Clone(p.up[:n]), true
	p.up = slices.Delete(p.up, 0, n)
	p.heard = p.w.now
	p.w.stats.Octets += int64(n)
	p.w.mixBytes(p.fed)
	if p.w.rec != nil {
		p.said(false, p.fed)
	}
	p.w.serve(p.serving(), func() {
		if err := p.session.Feed(p.w.now, p.fed); err != nil {
			p.fail("engine", "the session that wants input does not take it: %v", err)
		}
	})
	if p.d.n(40) == 0 && !p.w.settling {
		p.upReady = p.w.now.Add(time.Duration(p.d.n(3000)) * time.Millisecond)
	}
	return true
}

// lost counts octets against the end of the connection.
func (p *peer) lost(n *int) bool {
	if p.cutAfter < 0 {
		return false
	}
	if *n < p.cutAfter {
		p.cutAfter -= *n
		return false
	}
	if p.cutAfter > 0 {
		// The last octets arrive.
		*n, p.cutAfter = p.cutAfter, 0
		return false
	}
	p.cut(p.d.chance(50))
	return true
}

// serveSome lets the session work: on one event or on all.
func (p *peer) serveSome(all bool) (any bool) {
	if p.ended {
		return false
	}
	if p.woken && p.w.d.chance(50) || p.woken && p.w.settling {
		p.woken = false
		p.w.serve(p.serving(), func() { p.session.Notify(ctx) })
		any, p.busy = true, true
		p.drain()
	}
	for p.online && !p.ended {
		if p.busy = p.work(); !p.busy {
			break
		}
		any = true
		p.drain()
		if !all {
			break
		}
	}
	if p.online && !p.ended && p.drain() {
		any = true
	}
	if p.online && !p.ended && len(p.fed) > 0 && !p.busy && p.session.Want() == engine.WantInput {
		// The engine has no right to it any more.
		for i := range p.fed {
			p.fed[i] = '#'
		}
		p.fed = nil
	}
	return any
}

// drain takes what the session has to say.
func (p *peer) drain() (any bool) {
	st := p.stats()
	p.w.stats.MaxRetained = max(p.w.stats.MaxRetained, st.MaxRetained)
	p.w.stats.MaxQueued = max(p.w.stats.MaxQueued, st.MaxQueuedOut)
	if st.BytesRetained > maxRetained || st.QueuedOut > maxQueued {
		p.fail("7, 20", "the session holds %d octets of input and %d of output", st.BytesRetained, st.QueuedOut)
	}
	if p.w.now.Before(p.stalled) && !p.w.settling {
		return false
	}
	for !p.ended {
		var seg engine.Segment
		n := len(p.down)
		var err error
		p.w.serve(p.serving(), func() {
			if seg = p.session.Output(); seg.Empty() {
				return
			}
			if seg.Reader == nil {
				p.down = append(p.down, seg.Bytes...)
			} else {
				var b bytes.Buffer
				_, err = io.CopyN(&b, seg.Reader, seg.N)
				p.down = append(p.down, b.Bytes()...)
			}
			if err == nil {
				p.session.Advance(p.w.now, int64(len(p.down)-n))
			}
		})
		if seg.Empty() {
			break
		}
		// What waited for room may go on.
		any, p.busy = true, true
		p.sent(p.down[n:])
		if p.w.rec != nil {
			p.said(true, p.down[n:])
		}
		if err != nil {
			if !p.hurt {
				p.fail("body", "a body that the server announced can not be read: %v", err)
			}
			p.note("a body breaks off: %v", err)
			p.end()
		}
	}
	if !p.ended && p.session.Want() == engine.WantNothing {
		p.end()
		any = true
	}
	return any
}

// The most octets that the engine of a session may hold of its input and its
// output: what the default limits have for commands and for Output, and room for
// one response.
const (
	maxRetained = 2 << 20
	maxQueued   = 256 << 10
)

// end closes the session: what it has said is still on its way.
func (p *peer) end() {
	p.note("the session ends")
	p.ended, p.downEOF = true, true
	p.w.serve(p.serving(), func() { p.session.Close() })
	p.fed = nil
}

// fall moves octets from the session to the client.
func (p *peer) fall(piece func(int) int) (any bool) {
	if p.w.now.Before(p.downReady) {
		return false
	}
	if len(p.down) == 0 {
		if p.downEOF {
			p.client.FeedEOF(p.w.now)
			p.listen()
			p.leave()
			return true
		}
		return p.listen()
	}
	if p.client.Want() != engine.WantInput {
		return p.listen()
	}
	n := piece(len(p.down))
	if p.lost(&n) {
		return true
	}
	b := bytes.Clone(p.down[:n])
	p.down = slices.Delete(p.down, 0, n)
	p.w.stats.Octets += int64(n)
	p.w.mixBytes(b)
	if err := p.client.Feed(p.w.now, b); err != nil {
		p.fail("engine", "the client that wants input does not take it: %v", err)
	}
	p.listen()
	for i := range b {
		b[i] = '#'
	}
	if p.d.n(40) == 0 && !p.w.settling {
		p.downReady = p.w.now.Add(time.Duration(p.d.n(3000)) * time.Millisecond)
	}
	return true
}

// cut loses the connection, and all that is on its way. With word the session
// hears of it.
func (p *peer) cut(word bool) {
	if !p.online {
		return
	}
	p.note("the connection is cut")
	p.w.stats.Disconnects++
	p.down, p.up = p.down[:0], p.up[:0]
	if word && !p.ended && len(p.fed) == 0 {
		p.w.serve(p.serving(), func() { p.session.FeedEOF(p.w.now) })
		for p.work() {
		}
	}
	p.downEOF = true
	p.client.FeedEOF(p.w.now)
	p.listen()
	p.leave()
}

// leave ends both ends.
func (p *peer) leave() {
	if !p.online {
		return
	}
	p.online = false
	p.client.Close()
	p.listen()
	if !p.ended {
		p.w.serve(p.serving(), func() { p.session.Close() })
		p.ended = true
	}
	p.fed = nil
	p.left()
}

// finish moves everything.
func (p *peer) finish() (any bool) {
	if !p.online {
		return false
	}
	p.cutAfter, p.stalled, p.upReady, p.downReady = -1, time.Time{}, time.Time{}, time.Time{}
	p.expire()
	for _, f := range []func() bool{
		func() bool { return p.rise(all) },
		func() bool { return p.serveSome(true) },
		func() bool { return p.fall(all) },
	} {
		if p.online && f() {
			any = true
		}
	}
	return any
}
