package sim

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/sasl"
	"github.com/mailwire/mailwire/mailbox/pop3serve"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3client"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

// A pop3Peer is a POP3 client that comes again and again.
type pop3Peer struct {
	peer
	conn *pop3client.Conn
	sess *pop3serve.Session
	auth sasl.Client

	pend   []*pop3Cmd
	served *pop3Cmd
	trying bool
	logged bool
	// drop is the maildrop as it was at login, marked what is to be removed, by
	// number.
	drop   []*msg
	inbox  *folder
	marked map[int]bool
	quit   bool
	// ids are the unique-ids that were ever told, and of what.
	ids map[string]*content
}

// A pop3Cmd is a command of a client, and what the ledger says of it.
type pop3Cmd struct {
	id   engine.ID
	cmd  pop3wire.Command
	seen bool
	hurt bool
	// ok and no: a positive and a negative answer are possible.
	ok, no bool
	drop   []*msg // at a login
	inbox  *folder
	judge  func(d *pop3client.Done)
	// leaving are the messages that a QUIT removes.
	leaving imap.UIDSet
	effects []effect
	scans   []pop3wire.ScanListing
	uids    []pop3wire.UniqueID
	body    []byte
	wrong   bool
}

func newPOP3Peer(base peer) *pop3Peer {
	p := &pop3Peer{peer: base, ids: map[string]*content{}}
	p.peer.connect, p.peer.think, p.peer.hear, p.peer.work = p.open, p.draw, p.event, p.step
	p.peer.sent, p.peer.left = func([]byte) {}, p.gone
	return p
}

func (p *pop3Peer) base() *peer  { return &p.peer }
func (p *pop3Peer) turn()        { p.act() }
func (p *pop3Peer) settle() bool { return p.finish() }
func (p *pop3Peer) ask()         {}

func (p *pop3Peer) open() {
	srv := p.w.pops[p.d.n(len(p.w.pops))]
	sec := engine.Security{Loopback: true}
	sess, err := srv.Session(p.w.now, pop3serve.Info{Security: sec})
	p.w.must(err)
	conn, err := pop3client.New(p.w.now, pop3client.Options{Security: sec, PlaintextAuth: engine.PlaintextLoopback, APOP: engine.PlaintextLoopback, Strict: true})
	p.w.must(err)
	p.conn, p.sess = conn, sess
	p.peer.stats = sess.Conn().Stats
	p.pend, p.served, p.trying, p.logged, p.drop, p.marked, p.quit = nil, nil, false, false, nil, map[int]bool{}, false
	tr := &pop3wire.Transcript{Line: func(server bool, line []byte) { p.line(server, line) }}
	p.said = func(server bool, b []byte) {
		if server {
			tr.Server(b)
		} else {
			tr.Client(b)
		}
	}
	p.begin(conn, sess)
}

func (p *pop3Peer) gone() {
	if len(p.pend) > 0 {
		p.fail("37", "%s has neither an answer nor an error", p.pend[0].cmd.Verb())
	}
	if !p.over {
		p.fail("closed", "the client's engine does not say that it is over")
	}
}

func (p *pop3Peer) send(c *pop3Cmd) {
	id, err := p.conn.Send(c.cmd)
	if errors.Is(err, pop3client.ErrNoAPOP) {
		return
	}
	if err != nil {
		p.fail("client", "%s can not be sent: %v", c.cmd.Verb(), err)
	}
	c.id = id
	p.pend = append(p.pend, c)
	p.w.stats.count("POP3", c.cmd.Verb())
	p.note("sends %s", c.cmd.Verb())
}

// draw is what the client does when it is its turn.
func (p *pop3Peer) draw() {
	d := p.d
	switch {
	case p.quit || len(p.pend) >= 5:
		return
	case !p.logged:
		if !p.trying {
			p.drawLogin()
		}
		return
	}
	for range 1 + d.n(3) {
		n := uint32(1 + d.n(len(p.drop)+2))
		if d.chance(40) {
			n = uint32(1 + d.n(3))
		}
		var cmd pop3wire.Command
		switch k := d.n(32); {
		case k < 3:
			cmd = &pop3wire.Stat{}
		case k < 6:
			cmd = &pop3wire.List{Num: n * uint32(d.n(2))}
		case k < 9:
			cmd = &pop3wire.Uidl{Num: n * uint32(d.n(2))}
		case k < 15:
			cmd = &pop3wire.Retr{Num: n}
		case k < 18:
			cmd = &pop3wire.Top{Num: n, Lines: int64(d.n(6))}
		case k < 24:
			cmd = &pop3wire.Dele{Num: n}
		case k < 25:
			cmd = &pop3wire.Rset{}
		case k < 28:
			cmd = &pop3wire.Noop{}
		case k < 29:
			cmd = &pop3wire.Capa{}
		case k < 31:
			cmd = &pop3wire.Quit{}
			p.quit = true
		default:
			cmd = &pop3wire.UnknownCommand{Name: "XYZZY"}
		}
		p.send(&pop3Cmd{cmd: cmd})
		if p.quit {
			return
		}
	}
}

func (p *pop3Peer) drawLogin() {
	d := p.d
	if d.chance(15) {
		p.send(&pop3Cmd{cmd: &pop3wire.Capa{}})
		return
	}
	if d.chance(4) {
		p.quit = true
		p.send(&pop3Cmd{cmd: &pop3wire.Quit{}})
		return
	}
	p.trying = true
	wrong := d.chance(12)
	secret := engine.Secret(password)
	if wrong {
		secret = "wrong"
	}
	switch n := d.n(10); {
	case n < 2 && p.conn.Timestamp() != "":
		p.send(&pop3Cmd{cmd: &pop3wire.Apop{Name: p.user, Digest: pop3wire.APOPDigest(p.conn.Timestamp(), secret)}, wrong: wrong})
	case n < 4:
		mech := pick(d, "PLAIN", "LOGIN", "CRAM-MD5")
		if !slices.Contains(p.conn.Mechanisms(), mech) {
			mech = "PLAIN"
		}
		auth, err := sasl.NewClient(mech, sasl.ClientOptions{Security: engine.Security{Loopback: true}, PlaintextAuth: engine.PlaintextLoopback, Random: d, User: p.user, Password: secret})
		p.w.must(err)
		p.auth = auth
		cmd := &pop3wire.Auth{Mechanism: mech}
		if first, ok := auth.Initial(); ok && d.chance(50) {
			cmd.Initial, cmd.HasInitial = first, true
		}
		p.send(&pop3Cmd{cmd: cmd, wrong: wrong})
	default:
		p.send(&pop3Cmd{cmd: &pop3wire.User{Name: p.user}})
		p.send(&pop3Cmd{cmd: &pop3wire.Pass{Password: secret}, wrong: wrong})
	}
}

func isLogin(cmd pop3wire.Command) bool {
	switch cmd.(type) {
	case *pop3wire.Pass, *pop3wire.Apop, *pop3wire.Auth:
		return true
	}
	return false
}

// event takes an event of the client's engine.
func (p *pop3Peer) event() bool {
	ev := p.conn.Next()
	if ev == nil {
		return false
	}
	switch ev := ev.(type) {
	case *pop3client.Malformed:
		p.fail("37", "malformed: %+v", ev)
	case *pop3client.Tolerated:
		p.fail("37", "the server deviates: %+v", ev)
	case *pop3client.ScanListings:
		c := p.pend[0]
		c.scans = append(c.scans, ev.List...)
	case *pop3client.UniqueIDs:
		c := p.pend[0]
		c.uids = append(c.uids, ev.List...)
	case *pop3client.BodyData:
		c := p.pend[0]
		c.body = append(c.body, ev.Data...)
	case *pop3client.BodyEnd:
		if c := p.pend[0]; ev.Err == nil && ev.Size != int64(len(c.body)) {
			p.fail("35", "a message of %d octets came with %d", ev.Size, len(c.body))
		}
	case *pop3client.Challenge:
		answer, err := p.auth.Step(ev.Data)
		if err != nil {
			p.w.must(p.conn.Cancel(ev.ID))
		} else {
			p.w.must(p.conn.Respond(ev.ID, answer))
		}
	case *pop3client.Done:
		p.done(ev)
	case *pop3client.Closed:
		p.closed(ev.Err)
	}
	return true
}

func (p *pop3Peer) closed(err error) {
	p.over = true
	switch {
	case err == nil, errors.Is(err, engine.ErrTimeout):
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		if !p.downEOF {
			p.fail("closed", "the client sees an end where there is none: %v", err)
		}
	case p.ended && !p.quit:
		// A server that says why it goes says it in the place of an answer.
		p.note("the server goes: %v", err)
	default:
		p.fail("closed", "the conversation ends with %v", err)
	}
}

// step lets the session handle one event.
func (p *pop3Peer) step() bool {
	ev := p.sess.Conn().Next()
	if ev == nil {
		return false
	}
	login := false
	switch ev := ev.(type) {
	case *pop3server.Command:
		p.dispatch(ev.Cmd.Verb())
	case *pop3server.Login:
		login = true
		p.dispatch("PASS")
	case *pop3server.Apop:
		login = true
		p.dispatch("APOP")
	case *pop3server.Auth:
		login = true
		p.dispatch("AUTH")
	case *pop3server.AuthResponse:
		login = true
	case *pop3server.Malformed:
		p.fail("37", "the server does not understand %q: %v", ev.Raw, ev.Err)
	case *pop3server.Closed:
		if ev.Err != nil && !errors.Is(ev.Err, io.EOF) && !errors.Is(ev.Err, engine.ErrTimeout) {
			p.fail("closed", "the server ends with %v", ev.Err)
		}
	}
	c := p.served
	if _, closed := ev.(*pop3server.Closed); closed {
		c = nil
	}
	if login && c != nil {
		// What the login is a picture of, if it succeeds.
		c.inbox = p.w.led.accounts[p.user].find(imap.Inbox)
		c.drop = slices.Clone(c.inbox.msgs)
	}
	p.w.serve(&serving{p: &p.peer,
		failed: func() {
			p.hurt = true
			if c != nil {
				c.hurt = true
			}
		},
		effect: func(e effect) {
			if c == nil {
				p.fail("33", "%s without a command: %+v", e.kind, e)
			}
			c.effects = append(c.effects, e)
			if _, quit := c.cmd.(*pop3wire.Quit); !quit || !p.logged || e.kind != "append" || len(e.msgs) > 0 || e.f != p.inbox || !e.uids.Equal(c.leaving) {
				p.fail("33", "%s did %+v, marked is %s", c.cmd.Verb(), e, c.leaving)
			}
		},
	}, func() { p.sess.Step(ctx, ev) })
	if login && p.sess.User() != "" {
		p.alone()
	}
	if c != nil && c.hurt {
		if dele, is := c.cmd.(*pop3wire.Dele); is && c.ok {
			// What could not be looked up is not marked.
			delete(p.marked, int(dele.Num))
			c.ok = false
		}
	}
	return true
}

// alone sees that nobody else has the maildrop that a login was given: nobody
// whose lease can not have run out.
func (p *pop3Peer) alone() {
	for _, a := range p.w.actors {
		o, is := a.(*pop3Peer)
		if is && o != p && o.user == p.user && o.online && o.sess.Want() != engine.WantNothing && !o.ended && !o.hurt && !o.quit && o.sess.User() != "" && p.w.now.Sub(o.heard) < 5*time.Minute {
			p.fail("38", "the maildrop of %s has actors %d and %d", p.user, o.id, p.id)
		}
	}
}

// dispatch notes that the server begins with a command: the next one of its kind,
// since those that the engine answers by itself do not come here.
func (p *pop3Peer) dispatch(verb string) {
	for _, c := range p.pend {
		if c.seen {
			continue
		}
		switch c.cmd.Verb() {
		case verb:
			c.seen = true
			p.served = c
			p.foresee(c)
			return
		case "CAPA", "USER", "QUIT":
			c.seen = true
		default:
			p.fail("37", "the server runs %s, the client sent %s", verb, c.cmd.Verb())
		}
	}
	p.fail("37", "the server runs %s, which is not under way", verb)
}

func (p *pop3Peer) sum() (count uint32, size int64) {
	for i, m := range p.drop {
		if !p.marked[i+1] {
			count++
			size += int64(len(m.content.wire()))
		}
	}
	return count, size
}

// item is the message with a number, unless it is marked.
func (p *pop3Peer) item(n uint32) *msg {
	if n == 0 || int(n) > len(p.drop) || p.marked[int(n)] {
		return nil
	}
	return p.drop[n-1]
}

// foresee says what the answer to a command will be.
func (p *pop3Peer) foresee(c *pop3Cmd) {
	c.ok, c.no = true, false
	// only is for commands on one message; gone ones can not be had.
	only := func(n uint32, present bool) *msg {
		m := p.item(n)
		if m == nil || present && m.gone {
			c.ok, c.no = false, true
		}
		return m
	}
	switch cmd := c.cmd.(type) {
	case *pop3wire.Stat:
		count, size := p.sum()
		c.judge = func(d *pop3client.Done) {
			if l, is := d.Answer.(*pop3wire.DropListing); !is || l.Count != count || l.Size != size {
				p.fail("35", "STAT is answered with %+v, expected %d %d", d.Answer, count, size)
			}
		}
	case *pop3wire.List:
		if cmd.Num > 0 {
			m := only(cmd.Num, false)
			c.judge = func(d *pop3client.Done) {
				if l, is := d.Answer.(*pop3wire.ScanListing); !is || l.Num != cmd.Num || l.Size != int64(len(m.content.wire())) {
					p.fail("34", "LIST %d is answered with %+v", cmd.Num, d.Answer)
				}
			}
			break
		}
		var want []pop3wire.ScanListing
		for i, m := range p.drop {
			if !p.marked[i+1] {
				want = append(want, pop3wire.ScanListing{Num: uint32(i + 1), Size: int64(len(m.content.wire()))})
			}
		}
		c.judge = func(*pop3client.Done) {
			if !slices.Equal(c.scans, want) {
				p.fail("34", "LIST is answered with %v, expected %v", c.scans, want)
			}
		}
	case *pop3wire.Uidl:
		if cmd.Num > 0 {
			m := only(cmd.Num, false)
			c.judge = func(d *pop3client.Done) {
				l, is := d.Answer.(*pop3wire.UniqueID)
				if !is || l.Num != cmd.Num {
					p.fail("36", "UIDL %d is answered with %+v", cmd.Num, d.Answer)
				}
				p.unique(l.ID, m)
			}
			break
		}
		var want []uint32
		for i := range p.drop {
			if !p.marked[i+1] {
				want = append(want, uint32(i+1))
			}
		}
		c.judge = func(*pop3client.Done) {
			var got []uint32
			for _, l := range c.uids {
				got = append(got, l.Num)
				if int(l.Num) <= len(p.drop) {
					p.unique(l.ID, p.drop[l.Num-1])
				}
			}
			if !slices.Equal(got, want) {
				p.fail("36", "UIDL is answered with %v, expected %v", c.uids, want)
			}
		}
	case *pop3wire.Retr:
		m := only(cmd.Num, true)
		c.judge = func(*pop3client.Done) { p.octets(c, m.content.wire()) }
	case *pop3wire.Top:
		m := only(cmd.Num, true)
		c.judge = func(*pop3client.Done) { p.octets(c, m.content.top(int(cmd.Lines))) }
	case *pop3wire.Dele:
		if only(cmd.Num, true) == nil {
			break
		}
		if c.ok {
			p.marked[int(cmd.Num)] = true
		}
	case *pop3wire.Rset:
		clear(p.marked)
	case *pop3wire.Quit:
		for i, m := range p.drop {
			if p.marked[i+1] {
				c.leaving.Add(m.uid)
			}
		}
		c.judge = func(*pop3client.Done) {
			for i, m := range p.drop {
				if p.marked[i+1] && !m.gone {
					p.fail("33", "QUIT is +OK, and UID %d is there", m.uid)
				}
			}
		}
	case *pop3wire.UnknownCommand:
		c.ok, c.no = false, true
	case *pop3wire.Pass, *pop3wire.Apop, *pop3wire.Auth:
		// Somebody else may have the lock.
		c.ok, c.no = !c.wrong, true
	}
}

func (p *pop3Peer) octets(c *pop3Cmd, want []byte) {
	if !bytes.Equal(c.body, want) {
		p.fail("35", "%s is answered with %.80q of %d octets, expected %.80q of %d", c.cmd.Verb(), c.body, len(c.body), want, len(want))
	}
}

// unique sees that a unique-id is of the same message for ever.
func (p *pop3Peer) unique(id string, m *msg) {
	if want := fmt.Sprintf("%d.%d", p.inbox.validity, m.uid); id != want {
		p.fail("36", "UID %d has the unique-id %q, expected %q", m.uid, id, want)
	}
	if old := p.ids[id]; old != nil && old != m.content {
		p.fail("36", "the unique-id %q was that of another message", id)
	}
	p.ids[id] = m.content
}

// done takes the answer to a command.
func (p *pop3Peer) done(ev *pop3client.Done) {
	i := slices.IndexFunc(p.pend, func(c *pop3Cmd) bool { return c.id == ev.ID })
	if i < 0 || i > 0 && ev.Err == nil {
		p.fail("37", "command %d is answered out of order", ev.ID)
	}
	c := p.pend[i]
	p.pend = slices.Delete(p.pend, i, i+1)
	verb := c.cmd.Verb()
	if ev.Err != nil {
		p.w.stats.outcome("POP3", "without")
		return
	}
	ok := ev.Status.OK
	p.w.stats.outcome("POP3", map[bool]string{true: "+OK", false: "-ERR"}[ok])
	p.w.stats.Answers++
	if p.ended && !ok && !p.quit {
		// A goodbye in the place of an answer.
		return
	}
	switch {
	case c.judge == nil && !c.ok && !c.no: // the engine's own
	case ok && !c.ok:
		p.fail("outcome", "%s is answered +OK %q, and should have failed", verb, ev.Status.Text)
	case !ok && !c.no && !c.hurt:
		p.fail("outcome", "%s is answered -ERR %q %q, and should have succeeded", verb, ev.Status.Code, ev.Status.Text)
	case ok && c.judge != nil:
		c.judge(ev)
	}
	if !ok && ev.Status.Code == pop3wire.CodeSysPerm && !c.hurt && ev.Status.Text == "internal error" {
		p.fail("errors", "%s is answered -ERR %q, and nothing failed", verb, ev.Status.Code)
	}
	if _, quit := c.cmd.(*pop3wire.Quit); quit && !ok && len(c.effects) > 0 {
		p.fail("33", "QUIT is answered -ERR, and did %+v", c.effects)
	}
	if isLogin(c.cmd) || verb == "USER" && !ok {
		p.trying = false
		if p.logged = ok; ok {
			p.drop, p.inbox = c.drop, c.inbox
		}
	}
}

func (p *pop3Peer) compare() {
	if p.online && len(p.pend) > 0 && !p.ended {
		p.fail("37", "%s has no answer", p.pend[0].cmd.Verb())
	}
}
