package sim

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/sasl"
)

func itoa(n uint64) string { return strconv.FormatUint(n, 10) }

// name is that of a mailbox, there or not.
func (p *imapPeer) name() string {
	return pick(p.d, "INBOX", "INBOX", "INBOX", "box", "box", "box/sub", "Trash", "new", "täst/ü")
}

// draw is what the client does when it is its turn.
func (p *imapPeer) draw() {
	switch {
	case p.conn.Full() || len(p.pend) >= 5:
		return
	case p.idle != nil:
		if p.d.chance(15) {
			p.endIdle()
		}
		return
	case !p.logged:
		p.drawLogin()
		return
	}
	for range 1 + p.d.n(3) {
		if slices.ContainsFunc(p.pend, barrier) {
			return
		}
		p.drawCommand()
	}
}

func (p *imapPeer) endIdle() {
	if p.idle != nil {
		p.note("ends its IDLE")
		if err := p.conn.EndIdle(p.idle.id); err != nil {
			p.fail("client", "an IDLE can not be ended: %v", err)
		}
		p.idle = nil
	}
}

// barrier reports whether the client itself waits for the answer, since it can
// not know what it would be saying.
func barrier(c *imapCmd) bool {
	switch c.verb {
	case "ENABLE", "LOGOUT", "IDLE", "AUTHENTICATE":
		return true
	}
	return false
}

func (p *imapPeer) drawLogin() {
	if p.trying {
		return
	}
	secret := engine.Secret(password)
	wrong := p.d.chance(10)
	if wrong {
		secret = "wrong"
	}
	p.trying = true
	if p.d.chance(70) {
		p.send(&imapCmd{cmd: &imapwire.Login{User: p.user, Password: secret}, judge: p.judgeLogin(wrong)})
		return
	}
	mech := pick(p.d, "PLAIN", "PLAIN", "LOGIN", "CRAM-MD5")
	if caps, known := p.conn.Capabilities(); !known || !caps.Has(imap.AuthCapability(mech)) {
		mech = "PLAIN"
	}
	auth, err := sasl.NewClient(mech, sasl.ClientOptions{Security: engine.Security{Loopback: true}, PlaintextAuth: engine.PlaintextLoopback, Random: p.d, User: p.user, Password: secret})
	p.w.must(err)
	p.auth = auth
	cmd := &imapwire.Authenticate{Mechanism: mech}
	if first, ok := auth.Initial(); ok && p.d.chance(50) {
		cmd.Initial, cmd.HasInitial = first, true
	}
	p.send(&imapCmd{cmd: cmd, judge: p.judgeLogin(wrong)})
}

// set draws numbers of messages that the client knows of.
func (p *imapPeer) set(uid bool) (imap.Set, bool) {
	m := p.mirror.m
	if uid {
		top := uint32(m.UIDNext())
		if p.d.chance(5) {
			// Any UID may be asked for.
			return imap.SetRange(1+uint32(p.d.n(40)), pick(p.d, imap.Star, 1+uint32(p.d.n(100)))), true
		}
		if top < 2 {
			top = 12
		}
		a := 1 + uint32(p.d.n(int(min(top, 5000))))
		switch p.d.n(4) {
		case 0:
			return imap.SetOf(a), true
		case 1:
			return imap.SetRange(a, 1+uint32(p.d.n(int(min(top, 5000))))), true
		case 2:
			return imap.SetRange(1, imap.Star), true
		}
		return imap.SetOf(a, 1+uint32(p.d.n(int(min(top, 5000)))), a+1), true
	}
	n := int(m.Exists())
	if n == 0 {
		return imap.Set{}, false
	}
	a, b := uint32(1+p.d.n(n)), uint32(1+p.d.n(n))
	switch p.d.n(6) {
	case 0, 1:
		return imap.SetOf(a), true
	case 2:
		return imap.SetRange(a, imap.Star), true
	case 3:
		return imap.SetOf(a, b), true
	}
	return imap.SetRange(a, b), true
}

func (p *imapPeer) flags() []imap.Flag {
	all := []imap.Flag{imap.FlagSeen, imap.FlagDeleted, imap.FlagDeleted, imap.FlagFlagged, imap.FlagAnswered, "k1", "K1", "$Forwarded", "k2", "k3", "k4"}
	var out []imap.Flag
	for range 1 + p.d.n(2) {
		out = append(out, all[p.d.n(len(all))])
	}
	return out
}

func (p *imapPeer) drawCommand() {
	d := p.d
	if caps, known := p.conn.Capabilities(); !known && d.chance(50) {
		p.send(&imapCmd{cmd: &imapwire.Capability{}})
		return
	} else if known && !caps.Has(imap.CapIMAP4rev1) {
		p.fail("27", "the capabilities are %v", caps)
	}
	if p.epoch < 3 && len(p.enabled) == 0 && d.chance(30) {
		want := imap.Capabilities{pick(d, imap.CapCondStore, imap.CapIMAP4rev2, imap.CapQResync, imap.CapQResync)}
		if d.chance(30) {
			want = append(want, imap.CapQResync)
		}
		p.send(&imapCmd{cmd: &imapwire.Enable{Capabilities: want}})
		return
	}
	if !p.selected || p.mirror == nil {
		if p.selecting() || d.chance(70) {
			if !p.selecting() {
				p.drawSelect()
			}
			return
		}
	} else if d.chance(72) && !p.selecting() {
		p.drawSelected()
		return
	}
	switch d.n(24) {
	case 0, 1:
		p.send(&imapCmd{cmd: &imapwire.Noop{}})
	case 2, 3, 4, 5, 6:
		p.drawAppend()
	case 7:
		n := p.name()
		p.send(&imapCmd{cmd: &imapwire.Create{Mailbox: p.wire(n)}})
	case 8:
		p.send(&imapCmd{cmd: &imapwire.Delete{Mailbox: p.wire(pick(d, "box/sub", "new", "täst/ü", "Trash", "box", "INBOX", "täst"))}})
	case 9:
		p.send(&imapCmd{cmd: &imapwire.Rename{From: p.wire(p.name()), To: p.wire(pick(d, "new", "box/sub", "Trash", "box", "old/er", "täst/ü"))}})
	case 10:
		p.send(&imapCmd{cmd: &imapwire.Subscribe{Mailbox: p.wire(p.name())}})
	case 11:
		p.send(&imapCmd{cmd: &imapwire.Unsubscribe{Mailbox: p.wire(p.name())}})
	case 12, 13:
		list := &imapwire.List{Patterns: []string{pick(d, "*", "*", "%", "box*", "INBOX")}}
		if d.chance(20) {
			list.Select, list.Extended = []string{"SUBSCRIBED"}, true
		}
		p.send(&imapCmd{cmd: list})
	case 14, 15, 16:
		items := []imapwire.StatusItem{imapwire.StatusMessages, imapwire.StatusUIDNext, imapwire.StatusUIDValidity, imapwire.StatusUnseen, imapwire.StatusSize, imapwire.StatusDeleted, imapwire.StatusHighestModSeq, imapwire.StatusDeletedStorage}
		k := d.n(len(items))
		p.send(&imapCmd{cmd: &imapwire.Status{Mailbox: p.wire(p.name()), Items: items[k:min(len(items), k+1+d.n(4))]}})
	case 17:
		p.send(&imapCmd{cmd: &imapwire.GetQuotaRoot{Mailbox: p.wire(p.name())}})
	case 18:
		p.send(&imapCmd{cmd: &imapwire.GetQuota{Root: p.root()}})
	case 19:
		limits := []imapwire.QuotaLimit{{Resource: imapwire.QuotaStorage, Limit: int64(pick(d, 1, 5, 50, 500))}, {Resource: imapwire.QuotaMessage, Limit: int64(pick(d, 5, 20, 100))}, {Resource: "MAILBOX", Limit: int64(3 + d.n(9))}}
		p.send(&imapCmd{cmd: &imapwire.SetQuota{Root: p.root(), Limits: limits[d.n(3):]}})
	case 20, 21:
		p.drawSelect()
	case 22:
		switch d.n(6) {
		case 0:
			p.send(&imapCmd{cmd: &imapwire.Logout{}})
		case 1:
			p.send(&imapCmd{cmd: &imapwire.Namespace{}})
		case 2:
			p.send(&imapCmd{cmd: &imapwire.ID{}})
		case 3:
			p.send(&imapCmd{cmd: &imapwire.UnknownCommand{Name: "XNONSENSE", Args: " 1"}, odd: true})
		case 4:
			p.send(&imapCmd{cmd: &imapwire.Select{Mailbox: p.wire("nosuch")}})
		default:
			p.send(&imapCmd{cmd: &imapwire.Login{User: p.user, Password: "again"}, odd: true})
		}
	default:
		p.idle = &imapCmd{cmd: &imapwire.Idle{}}
		p.send(p.idle)
	}
}

func (p *imapPeer) root() string {
	roots := p.account().policies
	if p.d.chance(10) {
		return "nosuch"
	}
	return roots[p.d.n(len(roots))].Root
}

func (p *imapPeer) drawSelect() {
	m := p.mirrors[p.d.n(len(p.mirrors))]
	caps := p.caps
	if !p.enabled.Has(imap.CapQResync) {
		caps = nil
		for _, c := range p.caps {
			if c != imap.CapQResync {
				caps = append(caps, c)
			}
		}
	}
	cmd := m.m.Select(p.wire(m.name), caps)
	cmd.ReadOnly = p.d.chance(20)
	p.send(&imapCmd{cmd: cmd, sel: m})
}

func (p *imapPeer) drawAppend() {
	d := p.d
	c := p.w.makeContent(d)
	a := imapwire.AppendMessage{Size: int64(len(c.octets)), Content: io.Reader(bytes.NewReader(c.octets)), Wait: d.chance(30)}
	if d.chance(50) {
		a.Flags = p.flags()
	}
	if d.chance(30) {
		a.Date = start.Add(-time.Duration(d.n(1000)) * time.Hour)
	}
	p.send(&imapCmd{cmd: &imapwire.Append{Mailbox: p.wire(p.name()), Messages: []imapwire.AppendMessage{a}}, contents: []*content{c}})
}

// drawSelected draws a command on the selected mailbox.
func (p *imapPeer) drawSelected() {
	d := p.d
	uid := d.chance(50)
	set, ok := p.set(uid)
	if !ok {
		uid = true
		set, _ = p.set(true)
	}
	switch n := d.n(40); {
	case n < 4:
		p.send(&imapCmd{cmd: &imapwire.Noop{}})
	case n < 14:
		p.drawFetch(uid, set)
	case n < 22:
		p.drawStore(uid, set)
	case n < 25:
		p.drawSearch(uid)
	case n < 28:
		p.send(&imapCmd{cmd: &imapwire.Copy{UID: uid, Set: set, Mailbox: p.wire(p.name())}})
	case n < 31:
		p.send(&imapCmd{cmd: &imapwire.Move{UID: uid, Set: set, Mailbox: p.wire(p.name())}})
	case n < 33:
		p.send(&imapCmd{cmd: &imapwire.Expunge{}})
	case n < 35:
		if s, ok := p.set(true); ok {
			p.send(&imapCmd{cmd: &imapwire.Expunge{UID: true, Set: s}})
		}
	case n == 35:
		p.send(&imapCmd{cmd: &imapwire.Close{}})
	case n == 36:
		p.send(&imapCmd{cmd: &imapwire.Unselect{}})
	case n == 37 && !p.utf8():
		p.send(&imapCmd{cmd: &imapwire.Check{}})
	case n == 38:
		// A number that no message has.
		p.send(&imapCmd{cmd: &imapwire.Fetch{Set: imap.SetOf(p.mirror.m.Exists() + 1 + uint32(d.n(100))), Items: []imapwire.FetchItem{imapwire.FetchUID}}, odd: true})
	default:
		p.idle = &imapCmd{cmd: &imapwire.Idle{}}
		p.send(p.idle)
	}
}

func (p *imapPeer) drawFetch(uid bool, set imap.Set) {
	d := p.d
	f := &imapwire.Fetch{UID: uid, Set: set, Items: []imapwire.FetchItem{imapwire.FetchUID}}
	add := func(percent int, item imapwire.FetchItem) {
		if d.chance(percent) {
			f.Items = append(f.Items, item)
		}
	}
	add(50, imapwire.FetchFlags)
	// Who asks for flags without modseqs does not know what is behind the largest
	// that was told.
	if len(p.caps) > 0 && (!p.coarse || d.chance(50)) {
		f.Items = append(f.Items, imapwire.FetchModSeq)
	}
	add(30, imapwire.FetchRFC822Size)
	add(20, imapwire.FetchInternalDate)
	add(10, imapwire.FetchEnvelope)
	add(10, imapwire.FetchBodyStructure)
	if d.chance(40) {
		b := &imapwire.FetchBody{Peek: d.chance(60), Section: imap.Section{Specifier: pick(d, imap.SpecifierNone, imap.SpecifierNone, imap.SpecifierHeader, imap.SpecifierText)}}
		if d.chance(20) {
			b.Partial = &imap.Partial{Offset: int64(d.n(200)), Count: int64(1 + d.n(3000))}
		}
		f.Items = append(f.Items, b)
	}
	if uid && p.enabled.Has(imap.CapQResync) && d.chance(10) {
		f.ChangedSince, f.Vanished = 1+imap.ModSeq(d.n(20)), d.chance(50)
	}
	p.send(&imapCmd{cmd: f})
}

func (p *imapPeer) drawStore(uid bool, set imap.Set) {
	d := p.d
	s := &imapwire.Store{UID: uid, Set: set, Op: pick(d, imapwire.StoreAdd, imapwire.StoreAdd, imapwire.StoreRemove, imapwire.StoreReplace), Silent: d.chance(50), Flags: p.flags()}
	if len(p.caps) > 0 && d.chance(30) {
		s.HasUnchangedSince, s.UnchangedSince = true, imap.ModSeq(d.n(int(p.mirror.m.HighestModSeq())+2))
		if h := p.mirror.m.HighestModSeq(); h > 0 && d.chance(60) {
			s.UnchangedSince = h
		}
	}
	p.send(&imapCmd{cmd: s})
}
