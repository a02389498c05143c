package sim

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// maxKnown is the largest UID that a Mirror has a number for.
func maxKnown(m *imapclient.Mirror) imap.UID {
	for n := m.Exists(); n > 0; n-- {
		if u := m.UID(n); u != 0 {
			return u
		}
	}
	return 0
}

func (p *imapPeer) judgeLogin(wrong bool) func(imapwire.StatusCondition) {
	return func(st imapwire.StatusCondition) {
		if wrong && st.Condition == imapwire.OK {
			p.fail("17", "a wrong password is accepted")
		}
	}
}

// permit judges what a command has done to the store.
func (p *imapPeer) permit(c *imapCmd, e effect) {
	bad := func(why string) { p.fail("effects", "%s did %+v: %s", c.verb, e, why) }
	if p.readOnly && p.folder() == e.f && (e.kind == "store" || e.kind == "expunge" || e.kind == "move") {
		bad("the mailbox is open read-only")
	}
	switch cmd := c.cmd.(type) {
	case *imapwire.Append:
		m := cmd.Messages[0]
		switch {
		case e.kind != "append" || len(e.msgs) != 1 || len(e.source) > 0:
			bad("it should append a message")
		case e.f != c.target:
			bad("to another mailbox")
		case e.msgs[0].content != c.contents[0]:
			bad("another message")
		case keyOf(e.msgs[0].flags) != keyOf(folded(m.Flags)):
			bad("with other flags")
		case !m.Date.IsZero() && !e.msgs[0].date.Equal(m.Date.Truncate(time.Second)):
			bad("with another date")
		}
	case *imapwire.Store:
		ops := map[imapwire.StoreOp]int{imapwire.StoreReplace: 1, imapwire.StoreAdd: 2, imapwire.StoreRemove: 3}
		if e.kind != "store" || e.f != p.folder() || int(e.op) != ops[cmd.Op] || keyOf(e.flags) != keyOf(folded(cmd.Flags)) {
			bad("it should store flags")
		}
		p.checkNamed(c, cmd.Set, cmd.UID, e.uids, true)
	case *imapwire.Fetch:
		if e.kind != "store" || e.f != p.folder() || keyOf(e.flags) != `\seen` || !setsSeen(cmd) {
			bad(`at most it sets \Seen`)
		}
		p.checkNamed(c, cmd.Set, cmd.UID, e.uids, false)
	case *imapwire.Copy:
		if e.kind != "copy" || e.f != p.folder() || e.dest == nil || e.dest.name != p.plainName(cmd.Mailbox) {
			bad("it should copy")
		}
		p.checkNamed(c, cmd.Set, cmd.UID, e.uids, true)
	case *imapwire.Move:
		if e.kind != "move" || e.f != p.folder() || e.dest == nil || e.dest.name != p.plainName(cmd.Mailbox) {
			bad("it should move")
		}
		p.checkNamed(c, cmd.Set, cmd.UID, e.uids, true)
	case *imapwire.Expunge:
		if e.kind != "expunge" || e.f != p.folder() {
			bad("it should expunge")
		}
		if cmd.UID {
			p.checkNamed(c, cmd.Set, true, e.uids, true)
		}
	case *imapwire.Close:
		if e.kind != "expunge" || e.f != p.folder() {
			bad("it should expunge")
		}
	case *imapwire.Create:
		if e.kind != "create" || e.name != p.plainName(cmd.Mailbox) {
			bad("it should create")
		}
	case *imapwire.Delete:
		if e.kind != "delete" || e.name != p.plainName(cmd.Mailbox) {
			bad("it should delete")
		}
	case *imapwire.Rename:
		if e.kind != "rename" || e.name != p.plainName(cmd.From) || e.to != p.plainName(cmd.To) {
			bad("it should rename")
		}
	case *imapwire.Subscribe, *imapwire.Unsubscribe:
		if e.kind != "subscribe" {
			bad("it should subscribe")
		}
	case *imapwire.SetQuota:
		if e.kind != "setquota" || e.name != cmd.Root {
			bad("it should set limits")
		}
	default:
		bad("it changes nothing")
	}
}

func setsSeen(f *imapwire.Fetch) bool {
	return slices.ContainsFunc(f.Items, func(i imapwire.FetchItem) bool {
		b, is := i.(*imapwire.FetchBody)
		return is && !b.Peek
	})
}

func (p *imapPeer) foreseeFetch(c *imapCmd, f *imapwire.Fetch) {
	if f.ChangedSince != 0 {
		return
	}
	must := p.named(f.Set, f.UID)
	box := p.folder()
	c.told = map[imap.UID]bool{}
	c.judge = func(st imapwire.StatusCondition) {
		if st.Condition != imapwire.OK || c.hurt {
			if st.Condition == imapwire.NO && !c.hurt && (box == nil || !box.deleted) {
				p.fail("outcome", "%s is answered NO %v", c.verb, st.Code)
			}
			return
		}
		p.w.stats.Answers++
		for u := range must.All() {
			if !c.told[u] && box.alive(u) != nil {
				p.fail("43", "%s %s does not tell of UID %d", c.verb, f.Set, u)
			}
		}
	}
}

// data takes an untagged response.
func (p *imapPeer) data(ev *imapclient.Data) {
	front := p.front()
	asked := func(verbs ...string) {
		if front == nil || !slices.Contains(verbs, strings.TrimPrefix(front.verb, "UID ")) {
			p.fail("21", "nobody asked for %T %+v", ev.Response, ev.Response)
		}
		front.data = append(front.data, ev.Response)
	}
	switch r := ev.Response.(type) {
	case *imapwire.SearchData:
		asked("SEARCH")
		for _, n := range r.Nums {
			front.found = append(front.found, imap.Range{First: n, Last: n})
		}
	case *imapwire.ESearchData:
		asked("SEARCH")
		front.found = append(front.found, r.All...)
	case *imapwire.StatusData:
		asked("STATUS")
	case *imapwire.ListData:
		asked("LIST", "SELECT", "EXAMINE", "CREATE")
	case *imapwire.QuotaData:
		asked("GETQUOTA", "GETQUOTAROOT", "SETQUOTA")
	case *imapwire.QuotaRootData:
		asked("GETQUOTAROOT")
	case *imapwire.EnabledData:
		asked("ENABLE")
		p.enabled = append(p.enabled, r.Capabilities...)
	case *imapwire.ExpungeData:
		p.expunged++
	case *imapwire.VanishedData:
		if !r.Earlier {
			p.expunged++
		}
		if f := p.current(); f != nil {
			for _, m := range f.msgs {
				if r.UIDs.Contains(m.uid) {
					p.fail("47", "UID %d of %q is told as vanished, and is there", m.uid, f.name)
				}
			}
		}
	case *imapwire.StatusResponse:
		if front != nil {
			front.data = append(front.data, r)
			if n, is := r.Code.(*imapwire.CodeNumber); is && n.Name == imapwire.CodeUIDValidity && front.sel != nil {
				front.valid = uint32(n.Number)
			}
		}
		if r.Code == imapwire.CodeClosed {
			if f := p.folder(); p.selected && !p.selecting() && (f == nil || !f.deleted) {
				p.fail("closed", "%q is closed, and is there", f.name)
			}
			p.unselect()
		}
	case *imapwire.ExistsData:
		if front != nil {
			front.data = append(front.data, r)
		}
	}
}

// current is the mailbox that untagged data are of.
func (p *imapPeer) current() *folder {
	if c := p.front(); c != nil && c.sel != nil {
		return p.w.led.byValidity[c.valid]
	}
	return p.folder()
}

// A bodyOf gathers the contents of one FETCH response.
type bodyOf struct {
	sections []imapwire.SectionData
	octets   [][]byte
}

func (b *bodyOf) announce(p *imapPeer, ev *imapclient.Body) {
	b.sections = append(b.sections, ev.Section)
	b.octets = append(b.octets, nil)
}

func (b *bodyOf) take(p *imapPeer, ev *imapclient.BodyData) {
	i := len(b.octets) - 1
	b.octets[i] = append(b.octets[i], ev.Data...)
	if n := int64(len(b.octets[i])); n > b.sections[i].Content.Size || ev.Last && n != b.sections[i].Content.Size {
		p.fail("21", "%d octets of %d announced", n, b.sections[i].Content.Size)
	}
}

// check compares contents with what was appended.
func (b *bodyOf) check(p *imapPeer, m *msg) {
	for i, s := range b.sections {
		want, known := m.content.octets, true
		switch s.Section.Specifier {
		case imap.SpecifierHeader, imap.SpecifierText:
			if known = m.content.plain; known {
				header, text := m.content.split()
				if want = header; s.Section.Specifier == imap.SpecifierText {
					want = text
				}
			}
		case imap.SpecifierNone:
		default:
			known = false
		}
		if !known || len(s.Section.Part) > 0 {
			continue
		}
		got := b.octets[i]
		if s.Partial {
			want = want[min(int64(len(want)), s.Origin):]
			// How much was asked for is known to the command.
			if f, is := p.front().cmd.(*imapwire.Fetch); is {
				for _, item := range f.Items {
					if x, is := item.(*imapwire.FetchBody); is && x.Partial != nil {
						want = want[:min(int64(len(want)), x.Partial.Count)]
					}
				}
			}
		}
		p.w.stats.Answers++
		if !bytes.Equal(got, want) {
			p.fail("41", "section %+v of UID %d is %.80q of %d octets, expected %.80q of %d", s.Section, m.uid, got, len(got), want, len(want))
		}
	}
}

// fetched takes a FETCH response.
func (p *imapPeer) fetched(ev *imapclient.FetchEnd) {
	body := p.body
	p.body = nil
	if ev.Err != nil {
		if !p.downEOF && !errors.Is(ev.Err, engine.ErrTimeout) {
			p.fail("21", "a FETCH breaks off: %v", ev.Err)
		}
		return
	}
	d, f := ev.Data, p.current()
	if f == nil {
		p.fail("21", "a FETCH of no mailbox: %+v", d)
	}
	u := d.UID
	if d.Has&imapwire.HasUID == 0 && p.mirror != nil {
		u = p.mirror.m.UID(ev.Num)
	}
	if u == 0 {
		return
	}
	m := f.all[u]
	if m == nil {
		p.fail("41", "%q has never had UID %d", f.name, u)
	}
	if c := p.front(); c != nil && c.told != nil {
		c.told[u] = true
	}
	p.w.stats.Answers++
	flags := keyOf(folded(d.Flags))
	if d.Has&imapwire.HasModSeq != 0 {
		at, known := m.at(d.ModSeq)
		if !known {
			p.fail("45", "UID %d of %q is told with modseq %d; it had %v", u, f.name, d.ModSeq, m.hist)
		}
		if d.Has&imapwire.HasFlags != 0 && at != flags {
			p.fail("45", "UID %d of %q is told with %s at modseq %d; it had %v", u, f.name, flags, d.ModSeq, m.hist)
		}
	}
	if d.Has&imapwire.HasFlags != 0 && !m.had(flags) {
		p.fail("44", "UID %d of %q is told with %s; it had %v", u, f.name, flags, m.hist)
	}
	if d.Has&imapwire.HasSize != 0 && d.Size != int64(len(m.content.octets)) {
		p.fail("41", "UID %d of %q is told with %d octets, it has %d", u, f.name, d.Size, len(m.content.octets))
	}
	if d.Has&imapwire.HasInternalDate != 0 && !d.InternalDate.Equal(m.date.Truncate(time.Second)) {
		p.fail("41", "UID %d of %q is told with %v, it has %v", u, f.name, d.InternalDate, m.date)
	}
	if d.Has&imapwire.HasEnvelope != 0 && m.content.token != "" && !strings.HasPrefix(d.Envelope.Subject.Value, m.content.token) {
		p.fail("41", "UID %d of %q has the subject %q", u, f.name, d.Envelope.Subject.Value)
	}
	if body != nil {
		body.check(p, m)
	}
}

// done takes the answer to a command.
func (p *imapPeer) done(ev *imapclient.Done) {
	c := p.front()
	if c == nil || c.id != ev.ID {
		// Only what was never begun may be given up out of order: at the end.
		i := slices.IndexFunc(p.pend, func(c *imapCmd) bool { return c.id == ev.ID })
		if i < 0 || ev.Err == nil {
			p.fail("12", "command %d is answered out of order", ev.ID)
		}
		c = p.pend[i]
		p.pend = slices.Delete(p.pend, i, i+1)
	} else {
		p.pend = p.pend[1:]
	}
	if c == p.idle {
		p.idle = nil
	}
	if ev.Err != nil {
		p.w.stats.outcome("IMAP", "without")
		return
	}
	st := ev.Status
	p.w.stats.outcome("IMAP", st.Condition.String())
	p.answered(c, st)
	p.follow(c, st)
	p.catchup()
}

// answered judges the answer to a command.
func (p *imapPeer) answered(c *imapCmd, st imapwire.StatusCondition) {
	switch {
	case st.Condition == imapwire.BAD:
		gone := c.needs && c.epoch != p.epoch || c.numbers && c.expunged != p.expunged
		if !c.odd && !gone && c.verb != "AUTHENTICATE" {
			p.fail("13", "%s is BAD: %q", c.verb, st.Text)
		}
		if len(c.effects) > 0 {
			p.fail("48", "%s is BAD, and did %+v", c.verb, c.effects)
		}
		return
	case st.Condition == imapwire.OK && c.odd && c.verb != "FETCH" && c.epoch == p.epoch:
		p.fail("13", "%s is OK, and should be BAD", c.verb)
	case st.Condition == imapwire.NO && (st.Code == imapwire.CodeServerBug || st.Code == imapwire.CodeUnavailable || st.Code == imapwire.CodeCorruption) && !c.hurt:
		p.fail("errors", "%s is answered NO %v, and nothing failed", c.verb, st.Code)
	}
	if c.judge != nil {
		c.judge(st)
	}
	if st.Condition == imapwire.NO {
		if len(c.effects) > 0 && c.verb != "FETCH" && c.verb != "UID FETCH" && !(c.hurt && c.verb == "CREATE") {
			p.fail("48", "%s is answered NO, and did %+v", c.verb, c.effects)
		}
		return
	}
	p.w.stats.Answers++
	var e effect
	if len(c.effects) > 0 {
		e = c.effects[0]
	}
	want := func(n int) {
		if len(c.effects) != n {
			p.fail("lost mail", "%s is OK, and did %+v", c.verb, c.effects)
		}
	}
	switch cmd := c.cmd.(type) {
	case *imapwire.Append:
		want(1)
		if code, is := st.Code.(*imapwire.CodeAppendUID); !is || code.UIDValidity != e.f.validity || !code.UIDs.Equal(e.got) {
			p.fail("48", "APPEND is answered with %+v, expected %d of %d", st.Code, e.got, e.f.validity)
		}
	case *imapwire.Store:
		want(1)
		p.judgeModified(c, cmd, st, e)
	case *imapwire.Copy, *imapwire.Move:
		code, _ := st.Code.(*imapwire.CodeCopyUID)
		for _, r := range c.data {
			if s, is := r.(*imapwire.StatusResponse); is {
				if x, is := s.Code.(*imapwire.CodeCopyUID); is {
					code = x
				}
			}
		}
		if len(e.source) == 0 {
			if code != nil {
				p.fail("48", "%s copied nothing, and tells %+v", c.verb, code)
			}
			break
		}
		if code == nil || code.UIDValidity != e.dest.validity || code.Source.String() != e.source.String() || code.Dest.String() != e.got.String() {
			p.fail("48", "%s of %s to %s of %d tells %+v", c.verb, e.source, e.got, e.dest.validity, code)
		}
	case *imapwire.Create, *imapwire.Delete, *imapwire.Rename, *imapwire.SetQuota, *imapwire.Subscribe, *imapwire.Unsubscribe:
		want(1)
	case *imapwire.Expunge:
		if !cmd.UID {
			want(1)
		}
	case *imapwire.Close:
		if !p.readOnly {
			want(1)
		}
	}
}

// judgeModified compares MODIFIED with what was left alone.
func (p *imapPeer) judgeModified(c *imapCmd, cmd *imapwire.Store, st imapwire.StatusCondition, e effect) {
	code, is := st.Code.(*imapwire.CodeModified)
	switch {
	case len(e.modified) == 0 && is:
		p.fail("46", "%s tells MODIFIED %s, and left nothing alone", c.verb, code.Set)
	case len(e.modified) > 0 && !is:
		p.fail("46", "%s left %s alone, and does not say so", c.verb, e.modified)
	case is && cmd.UID && code.Set.String() != e.modified.String():
		p.fail("46", "%s left %s alone, and says %s", c.verb, e.modified, code.Set)
	}
}

// follow is what an answer means for the client.
func (p *imapPeer) follow(c *imapCmd, st imapwire.StatusCondition) {
	ok := st.Condition == imapwire.OK
	switch c.verb {
	case "LOGIN", "AUTHENTICATE":
		if c.odd {
			return
		}
		if p.logged = ok; !ok {
			p.trying = false
		}
	case "SELECT", "EXAMINE":
		p.unselect()
		if ok {
			p.selected, p.readOnly, p.validity, p.mirror = true, c.verb == "EXAMINE", c.valid, c.sel
			if f := p.folder(); f == nil {
				p.fail("41", "%s tells the UIDVALIDITY %d of no mailbox", c.verb, c.valid)
			}
		}
	case "CLOSE", "UNSELECT":
		if ok {
			p.unselect()
		}
	}
}

// ask lets the server tell what it may. To a client in IDLE it has told all that
// there is, if it has bells.
func (p *imapPeer) ask() {
	if !p.online || !p.logged {
		return
	}
	if p.idle != nil {
		if f := p.folder(); p.selected && len(p.pend) == 1 && p.w.bells && !p.hurt && !f.deleted {
			p.w.stats.Answers++
			if n := p.mirror.m.Exists(); int(n) != len(f.msgs) {
				p.fail("43", "a client in IDLE knows of %d messages, %q has %s", n, f.name, uidsOf(f.msgs))
			}
		}
		p.endIdle()
		return
	}
	if p.selected && len(p.pend) == 0 {
		p.send(&imapCmd{cmd: &imapwire.Noop{}})
	}
}

// compare compares the Mirror with the ledger.
func (p *imapPeer) compare() {
	if !p.online || !p.selected {
		return
	}
	f, m := p.folder(), p.mirror.m
	if len(p.pend) > 0 {
		p.fail("12", "%s has no answer", p.pend[0].verb)
	}
	if f.deleted {
		p.fail("43", "%q is deleted, and the client has not heard of it", f.name)
	}
	if p.hurt && !m.Synced() {
		// A Mirror does not ask for ever for what a server can not tell.
		return
	}
	p.w.stats.Answers++
	if !m.Synced() || int(m.Exists()) != len(f.msgs) {
		p.fail("43", "the client knows %d messages (complete: %v), %q has %d: %s", m.Exists(), m.Synced(), f.name, len(f.msgs), uidsOf(f.msgs))
	}
	largest := imap.ModSeq(0)
	for i, x := range f.msgs {
		largest = max(largest, x.modSeq())
		seq := uint32(i + 1)
		flags, modSeq, ok := m.Flags(x.uid)
		if m.UID(seq) != x.uid || m.Num(x.uid) != seq || !ok || keyOf(folded(flags)) != keyOf(x.flags) {
			p.fail("29", "%d is UID %d for the client, with %v; in %q it is UID %d with %s", seq, m.UID(seq), flags, f.name, x.uid, keyOf(x.flags))
		}
		if modSeq != 0 && modSeq != x.modSeq() && len(p.caps) > 0 {
			p.fail("45", "UID %d has modseq %d for the client, and %d in %q", x.uid, modSeq, x.modSeq(), f.name)
		}
	}
	if h := m.HighestModSeq(); h > f.modSeq || h < largest && len(p.caps) > 0 && !p.coarse {
		p.fail("45", "the client's HIGHESTMODSEQ is %d, that of %q is %d, of its messages %d", h, f.name, f.modSeq, largest)
	}
}
