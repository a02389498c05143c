package sim

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/imapwire/imapserver"
	"github.com/mailwire/mailwire/imapwire/sasl"
	"github.com/mailwire/mailwire/mailbox/imapserve"
)

// An imapPeer is an IMAP client that comes again and again, and remembers
// mailboxes in between.
type imapPeer struct {
	peer
	conn *imapclient.Conn
	sess *imapserve.Session

	mirrors []*mirrored
	caps    imap.Capabilities // as the client makes use of them
	coarse  bool              // asks for flags without modseqs
	enabled imap.Capabilities
	trying  bool // a login is on its way, or has been refused lately
	logged  bool
	leaving bool // LOGOUT was sent
	auth    sasl.Client

	pend []*imapCmd // sent, and not answered
	// served is the command that the server is at.
	served *imapCmd
	idle   *imapCmd

	// The selected mailbox, as the client knows.
	selected bool
	readOnly bool
	validity uint32
	mirror   *mirrored
	// epoch counts changes of that, expunged the EXPUNGEs told.
	epoch, expunged int

	body *bodyOf
	obs  observer
}

// A mirrored is a mailbox that the client remembers.
type mirrored struct {
	name string
	m    *imapclient.Mirror
}

// An imapCmd is a command of a client.
type imapCmd struct {
	id   engine.ID
	tag  string
	verb string
	cmd  imapwire.Command
	// odd: it may be BAD.
	odd bool
	// epoch and expunged are those of the client when it was sent; numbers: it
	// has sequence numbers; needs: it acts on the selected mailbox.
	epoch, expunged int
	numbers, needs  bool
	// seen: the server has begun with it; hurt: something failed on purpose.
	seen, hurt bool
	effects    []effect
	contents   []*content
	target     *folder
	sel        *mirrored
	// judge is what the ledger says the answer is; it looks at the answer.
	judge func(imapwire.StatusCondition)
	// The answer.
	data  []imapwire.Response
	found []imap.Range
	told  map[imap.UID]bool
	valid uint32 // UIDVALIDITY of a SELECT
}

func newIMAPPeer(base peer) *imapPeer {
	p := &imapPeer{peer: base}
	p.peer.connect, p.peer.think, p.peer.hear, p.peer.work = p.open, p.draw, p.event, p.step
	p.peer.sent, p.peer.left = func(b []byte) { p.obs.take(b) }, p.gone
	return p
}

func (p *imapPeer) base() *peer  { return &p.peer }
func (p *imapPeer) turn()        { p.act() }
func (p *imapPeer) settle() bool { return p.finish() }

// open begins a conversation.
func (p *imapPeer) open() {
	srv := p.w.imaps[p.d.n(len(p.w.imaps))]
	sec := engine.Security{Loopback: true}
	sess, err := srv.Session(p.w.now, imapserve.Info{Security: sec})
	p.w.must(err)
	conn, err := imapclient.New(p.w.now, imapclient.Options{Security: sec, PlaintextAuth: engine.PlaintextLoopback, Strict: true})
	p.w.must(err)
	p.conn, p.sess = conn, sess
	p.peer.stats = sess.Conn().Stats
	p.leaving = false
	p.trying, p.logged, p.enabled, p.pend, p.served, p.idle, p.body = false, false, nil, nil, nil, nil, nil
	p.unselect()
	p.obs = observer{p: p}
	tr := &imapwire.Transcript{Line: func(server bool, line []byte) { p.line(server, line) }}
	p.said = func(server bool, b []byte) {
		if server {
			tr.Server(b)
		} else {
			tr.Client(b)
		}
	}
	p.caps = pick(p.d, imap.Capabilities{imap.CapQResync, imap.CapCondStore, imap.CapESearch}, imap.Capabilities{imap.CapQResync, imap.CapCondStore, imap.CapESearch}, imap.Capabilities{imap.CapCondStore}, imap.Capabilities{})
	p.coarse = p.d.chance(20)
	// Which mailboxes it will look at. What it remembers of others, it forgets.
	var names []string
	for range 1 + p.d.n(3) {
		if n := p.name(); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	var keep []*mirrored
	for _, n := range names {
		i := slices.IndexFunc(p.mirrors, func(m *mirrored) bool { return m.name == n })
		if i < 0 {
			m := &mirrored{n, &imapclient.Mirror{}}
			m.m.Limits.Known = pick(p.d, -1, 1, 0)
			keep = append(keep, m)
			continue
		}
		m := p.mirrors[i]
		if p.d.chance(50) {
			b, err := m.m.MarshalBinary()
			p.w.must(err)
			fresh := &imapclient.Mirror{Limits: m.m.Limits}
			if err := fresh.UnmarshalBinary(b); err != nil {
				p.fail("29", "a Mirror does not read what it wrote: %v", err)
			}
			m.m = fresh
		}
		keep = append(keep, m)
	}
	p.mirrors = keep
	p.begin(conn, sess)
}

// gone is the end of a conversation.
func (p *imapPeer) gone() {
	if len(p.pend) > 0 {
		p.fail("12", "%s has neither an answer nor an error", p.pend[0].verb)
	}
	if !p.over {
		p.fail("closed", "the client's engine does not say that it is over")
	}
}

// unselect notes that no mailbox is selected.
func (p *imapPeer) unselect() {
	p.selected, p.readOnly, p.validity, p.mirror = false, false, 0, nil
	p.epoch++
}

// utf8 reports whether names go as UTF-8.
func (p *imapPeer) utf8() bool { return p.enabled.Has(imap.CapIMAP4rev2) }

func (p *imapPeer) wire(name string) string { return imap.EncodeMailbox(name, p.utf8()) }

// plain is the name of a mailbox on the wire.
func (p *imapPeer) plainName(wire string) string {
	name, err := imap.DecodeMailbox(wire, p.utf8())
	if err != nil {
		return ""
	}
	if imap.IsInbox(name) {
		return imap.Inbox
	}
	return name
}

func (p *imapPeer) account() *account { return p.w.led.accounts[p.user] }

// folder is the selected folder, as the client knows it by its UIDVALIDITY.
func (p *imapPeer) folder() *folder { return p.w.led.byValidity[p.validity] }

// send sends a command.
func (p *imapPeer) send(c *imapCmd) {
	id, err := p.conn.Send(c.cmd)
	if err != nil {
		p.fail("client", "%s can not be sent: %v", c.cmd.Verb(), err)
	}
	c.id, c.tag, c.verb = id, "A"+itoa(uint64(id)), c.cmd.Verb()
	c.epoch, c.expunged = p.epoch, p.expunged
	switch v := c.cmd.(type) {
	case *imapwire.Fetch:
		c.needs, c.numbers = true, !v.UID
	case *imapwire.Store:
		c.needs, c.numbers = true, !v.UID
	case *imapwire.Search:
		c.needs, c.numbers = true, true
	case *imapwire.Copy:
		c.needs, c.numbers = true, !v.UID
	case *imapwire.Move:
		c.needs, c.numbers = true, !v.UID
	case *imapwire.Expunge, *imapwire.Close, *imapwire.Unselect, *imapwire.Check:
		c.needs = true
	}
	p.leaving = p.leaving || c.verb == "LOGOUT"
	p.pend = append(p.pend, c)
	for _, m := range p.mirrors {
		m.m.Sent(id, c.cmd)
	}
	p.w.stats.count("IMAP", c.verb)
	p.note("sends %s as %s", c.verb, c.tag)
}

// catchup sends what the Mirror of the selected mailbox asks for.
func (p *imapPeer) catchup() {
	if !p.online || p.mirror == nil {
		return
	}
	for _, cmd := range p.mirror.m.Catchup() {
		p.send(&imapCmd{cmd: cmd})
	}
}

// event takes an event of the client's engine.
func (p *imapPeer) event() bool {
	ev := p.conn.Next()
	if ev == nil {
		return false
	}
	for _, m := range p.mirrors {
		if err := m.m.Take(ev); err != nil {
			p.fail("29", "the Mirror of %q does not believe %T: %v", m.name, ev, err)
		}
	}
	switch ev := ev.(type) {
	case *imapclient.Malformed:
		p.fail("21", "malformed: %q: %v", ev.Raw, ev.Err)
	case *imapclient.Tolerated:
		p.fail("21", "the server deviates: %+v", ev.Diagnostics)
	case *imapclient.Data:
		p.data(ev)
	case *imapclient.FetchStart:
		p.body = &bodyOf{}
	case *imapclient.Body:
		p.body.announce(p, ev)
	case *imapclient.BodyData:
		p.body.take(p, ev)
	case *imapclient.FetchEnd:
		p.fetched(ev)
	case *imapclient.Challenge:
		answer, err := p.auth.Step(ev.Data)
		if err != nil {
			p.w.must(p.conn.Cancel(ev.ID))
		} else {
			p.w.must(p.conn.Respond(ev.ID, answer))
		}
	case *imapclient.Idling:
		if p.front() == nil || p.front().id != ev.ID {
			p.fail("22", "an IDLE begins that is not the oldest command")
		}
	case *imapclient.Done:
		p.done(ev)
	case *imapclient.Closed:
		p.closed(ev.Err)
	}
	return true
}

// front is the oldest command without an answer.
func (p *imapPeer) front() *imapCmd {
	if len(p.pend) == 0 {
		return nil
	}
	return p.pend[0]
}

// closed is the end of the conversation for the client.
func (p *imapPeer) closed(err error) {
	p.over = true
	var bye *imapclient.ByeError
	switch {
	case err == nil, errors.Is(err, engine.ErrTimeout):
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		if !p.downEOF {
			p.fail("closed", "the client sees an end where there is none: %v", err)
		}
	case errors.As(err, &bye):
		p.note("BYE %s", bye.Status.Text)
		f := p.folder()
		deleted := p.selecting() || f == nil || f.deleted
		if !deleted && !p.leaving && !strings.Contains(bye.Status.Text, "time") && !strings.Contains(bye.Status.Text, "idle") && !strings.Contains(bye.Status.Text, "long") {
			p.fail("closed", "the server says BYE: %q", bye.Status.Text)
		}
	default:
		p.fail("closed", "the conversation ends with %v", err)
	}
}

// selecting reports whether a SELECT is on its way.
func (p *imapPeer) selecting() bool {
	return slices.ContainsFunc(p.pend, func(c *imapCmd) bool { return c.verb == "SELECT" || c.verb == "EXAMINE" })
}

// step lets the session handle one event.
func (p *imapPeer) step() bool {
	ev := p.sess.Conn().Next()
	if ev == nil {
		return false
	}
	switch ev := ev.(type) {
	case *imapserver.Command:
		p.dispatch(ev.Tag, ev.Cmd.Verb())
	case *imapserver.Append:
		c := p.dispatch(ev.Tag, "APPEND")
		c.target = p.account().find(p.plainName(ev.Mailbox))
	case *imapserver.Authenticate:
		p.dispatch(ev.Tag, "AUTHENTICATE")
	case *imapserver.Idle:
		p.dispatch(ev.Tag, "IDLE")
	case *imapserver.Malformed:
		if c := p.byTag(ev.Tag); c == nil {
			p.fail("18", "the server does not understand %q: %v", ev.Raw, ev.Err)
		}
	case *imapserver.Closed:
		if ev.Err != nil && !errors.Is(ev.Err, io.EOF) && !errors.Is(ev.Err, engine.ErrTimeout) {
			p.fail("closed", "the server ends with %v", ev.Err)
		}
	}
	c := p.served
	p.w.serve(&serving{p: &p.peer,
		failed: func() {
			p.hurt = true
			if c != nil {
				c.hurt = true
			}
		},
		effect: func(e effect) {
			if c == nil {
				p.fail("effects", "%s without a command", e.kind)
			}
			c.effects = append(c.effects, e)
			p.permit(c, e)
		},
	}, func() { p.sess.Step(ctx, ev) })
	return true
}

func (p *imapPeer) byTag(tag string) *imapCmd {
	for _, c := range p.pend {
		if c.tag == tag || strings.HasPrefix(tag, c.tag+".") {
			return c
		}
	}
	return nil
}

// dispatch notes that the server begins with a command: it is one of those
// that the client sent, and later than the last.
func (p *imapPeer) dispatch(tag, verb string) *imapCmd {
	c := p.byTag(tag)
	renewed := c != nil && c.tag != tag
	switch {
	case c == nil:
		p.fail("12", "the server runs %s %s, which is not under way", tag, verb)
	case c.verb != verb:
		p.fail("2", "the server runs %s %s, the client sent %s", tag, verb, c.verb)
	case c.seen && !renewed:
		p.fail("12", "the server runs %s %s twice", tag, verb)
	case p.served != nil && p.served.id > c.id:
		p.fail("12", "the server runs %s after %s", tag, p.served.tag)
	}
	if renewed {
		// It has had an answer, and is in progress all the same.
		p.obs.answered = uint64(c.id) - 1
	}
	c.seen = true
	p.served = c
	p.foresee(c)
	return c
}
