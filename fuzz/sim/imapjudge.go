package sim

import (
	"slices"
	"strings"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/quota"
)

// must notes that a command can not fail but on purpose, or has to fail with one
// of some codes.
func (p *imapPeer) must(c *imapCmd, codes ...imapwire.Code) func(imapwire.StatusCondition) {
	return func(st imapwire.StatusCondition) {
		switch {
		case c.hurt || st.Condition == imapwire.BAD: // done has judged that
		case len(codes) == 0 && st.Condition != imapwire.OK:
			p.fail("outcome", "%s is answered %s %v %q, and should have succeeded", c.verb, st.Condition, st.Code, st.Text)
		case len(codes) > 0 && (st.Condition != imapwire.NO || !slices.Contains(codes, st.Code)):
			p.fail("outcome", "%s is answered %s %v %q, expected NO with one of %v", c.verb, st.Condition, st.Code, st.Text, codes)
		}
	}
}

// foresee says what the answer to a command will be, at the moment at which the
// server begins with it.
func (p *imapPeer) foresee(c *imapCmd) {
	a := p.account()
	switch cmd := c.cmd.(type) {
	case *imapwire.Noop, *imapwire.Check, *imapwire.Namespace, *imapwire.Subscribe, *imapwire.Unsubscribe, *imapwire.Unselect:
		c.judge = p.must(c)
		if len(a.subs) > 9000 {
			c.judge = nil
		}
	case *imapwire.Select:
		p.foreseeSelect(c, cmd)
	case *imapwire.Create:
		name := p.plainName(cmd.Mailbox)
		switch {
		case a.find(name) != nil:
			c.judge = p.must(c, imapwire.CodeAlreadyExists)
		case !a.limited(quota.Mailbox):
			c.judge = p.must(c)
		}
	case *imapwire.Delete:
		name := p.plainName(cmd.Mailbox)
		f, known := a.names[name]
		switch {
		case !known:
			c.judge = p.must(c, imapwire.CodeNonExistent)
		case name == imap.Inbox:
			c.judge = p.must(c, imapwire.CodeCannot)
		case f == nil:
			c.judge = p.must(c, imapwire.CodeHasChildren)
		default:
			c.judge = p.must(c)
		}
	case *imapwire.Rename:
		from, to := p.plainName(cmd.From), p.plainName(cmd.To)
		_, known := a.names[from]
		_, taken := a.names[to]
		switch {
		case !known:
			c.judge = p.must(c, imapwire.CodeNonExistent)
		case taken:
			c.judge = p.must(c, imapwire.CodeAlreadyExists)
		case strings.HasPrefix(to, from+"/") && from != imap.Inbox:
			c.judge = p.must(c, imapwire.CodeCannot)
		case !a.limited(quota.Mailbox) && !a.limited(quota.Storage) && !a.limited(quota.Message):
			c.judge = p.must(c)
		}
	case *imapwire.Status:
		p.foreseeStatus(c, cmd)
	case *imapwire.List:
		p.foreseeList(c, cmd)
	case *imapwire.GetQuota:
		p.foreseeQuota(c, func(name string) bool { return name == cmd.Root })
	case *imapwire.GetQuotaRoot:
		roots := map[string]bool{}
		for _, i := range a.counted(p.plainName(cmd.Mailbox)) {
			roots[a.policies[i].Root] = true
		}
		p.foreseeQuota(c, func(name string) bool { return roots[name] })
	case *imapwire.SetQuota:
		c.judge = p.must(c)
		if cmd.Root == "nosuch" {
			c.judge = p.must(c, imapwire.CodeNonExistent)
		}
	case *imapwire.Fetch:
		p.foreseeFetch(c, cmd)
	case *imapwire.Search:
		p.foreseeSearch(c, cmd)
	case *imapwire.Store, *imapwire.Expunge, *imapwire.Close:
		if p.readOnly && c.verb != "CLOSE" {
			c.judge = p.must(c, imapwire.CodeReadOnly)
		}
	case *imapwire.Move:
		if p.readOnly && a.find(p.plainName(cmd.Mailbox)) != nil {
			c.judge = p.must(c, imapwire.CodeReadOnly)
		}
	}
}

func (a *account) limited(r quota.Resource) bool {
	return slices.ContainsFunc(a.limits, func(l quota.Limits) bool { return l[r].HasHard })
}

func (p *imapPeer) foreseeSelect(c *imapCmd, cmd *imapwire.Select) {
	f, known := p.account().names[p.plainName(cmd.Mailbox)]
	if f == nil {
		c.judge = p.must(c, imapwire.CodeNonExistent)
		if known {
			c.judge = p.must(c, imapwire.CodeCannot)
		}
		return
	}
	exists, next, modSeq := len(f.msgs), f.next, f.modSeq
	c.judge = func(st imapwire.StatusCondition) {
		p.must(c)(st)
		if st.Condition != imapwire.OK {
			return
		}
		p.w.stats.Answers++
		if code, _ := st.Code.(imapwire.CodeAtom); code == imapwire.CodeReadOnly != cmd.ReadOnly {
			p.fail("19", "%s is answered with %v", c.verb, st.Code)
		}
		told := map[string]uint64{}
		count := -1
		for _, r := range c.data {
			switch r := r.(type) {
			case *imapwire.StatusResponse:
				if n, is := r.Code.(*imapwire.CodeNumber); is {
					if _, twice := told[n.Name]; !twice {
						told[n.Name] = n.Number
					}
				}
			case *imapwire.ExistsData:
				if count < 0 {
					count = int(r.Count)
				}
			}
		}
		if count != exists || told[imapwire.CodeUIDValidity] != uint64(f.validity) || told[imapwire.CodeUIDNext] < uint64(next) || told[imapwire.CodeHighestModSeq] != uint64(modSeq) {
			p.fail("19", "%s of %q tells %d messages and %v, expected %d, UIDVALIDITY %d, UIDNEXT %d, HIGHESTMODSEQ %d", c.verb, f.name, count, told, exists, f.validity, next, modSeq)
		}
	}
}

func (p *imapPeer) foreseeStatus(c *imapCmd, cmd *imapwire.Status) {
	f, known := p.account().names[p.plainName(cmd.Mailbox)]
	if f == nil {
		c.judge = p.must(c, imapwire.CodeNonExistent)
		if known {
			c.judge = p.must(c, imapwire.CodeCannot)
		}
		return
	}
	want := map[imapwire.StatusItem]int64{
		imapwire.StatusMessages: int64(len(f.msgs)), imapwire.StatusUIDValidity: int64(f.validity), imapwire.StatusSize: f.octets(), imapwire.StatusHighestModSeq: int64(f.modSeq),
	}
	for _, m := range f.msgs {
		if !m.has(`\seen`) {
			want[imapwire.StatusUnseen]++
		}
		if m.has(`\deleted`) {
			want[imapwire.StatusDeleted]++
			want[imapwire.StatusDeletedStorage] += int64(len(m.content.octets))
		}
	}
	next, own := f.next, p.folder() == f || p.selecting()
	c.judge = func(st imapwire.StatusCondition) {
		p.must(c)(st)
		if st.Condition != imapwire.OK {
			return
		}
		p.w.stats.Answers++
		got, _ := one[*imapwire.StatusData](c.data)
		if got == nil || len(got.Values) != len(cmd.Items) {
			p.fail("43", "STATUS is answered with %v", c.data)
		}
		for _, v := range got.Values {
			switch {
			case v.Item == imapwire.StatusUIDNext:
				if v.Number < int64(next) {
					p.fail("40", "STATUS of %q tells UIDNEXT %d, expected %d", f.name, v.Number, next)
				}
			case v.Item == imapwire.StatusHighestModSeq && own && v.Number <= want[v.Item]:
			case v.Number != want[v.Item]:
				p.fail("43", "STATUS of %q tells %s %d, expected %d", f.name, v.Item, v.Number, want[v.Item])
			}
		}
	}
}

// one returns the only response of a kind.
func one[T imapwire.Response](data []imapwire.Response) (found T, n int) {
	for _, r := range data {
		if r, is := r.(T); is {
			found = r
			n++
		}
	}
	return found, n
}

func (p *imapPeer) foreseeList(c *imapCmd, cmd *imapwire.List) {
	a := p.account()
	pattern := cmd.Patterns[0]
	match := func(name string) bool {
		switch pattern {
		case "*":
			return true
		case "%":
			return !strings.Contains(name, "/")
		case "box*":
			return strings.HasPrefix(name, "box")
		}
		return name == pattern
	}
	var want []string
	if cmd.Extended {
		for n := range a.subs {
			if match(n) {
				want = append(want, n)
			}
		}
	} else {
		for n := range a.names {
			if match(n) {
				want = append(want, n)
			}
		}
	}
	slices.Sort(want)
	c.judge = func(st imapwire.StatusCondition) {
		p.must(c)(st)
		if st.Condition != imapwire.OK {
			return
		}
		p.w.stats.Answers++
		var got []string
		for _, r := range c.data {
			if l, is := r.(*imapwire.ListData); is {
				got = append(got, p.plainName(l.Mailbox))
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			p.fail("folders", "LIST %q %v tells %q, expected %q", pattern, cmd.Select, got, want)
		}
	}
}

// foreseeQuota notes what is used of some roots.
func (p *imapPeer) foreseeQuota(c *imapCmd, asked func(name string) bool) {
	a := p.account()
	want := map[string]map[string][2]int64{}
	for i, pol := range a.policies {
		if !asked(pol.Root) {
			continue
		}
		octets, messages, folders := a.usage(i)
		lines := map[string][2]int64{}
		for _, l := range []struct {
			r quota.Resource
			n int64
		}{{quota.Storage, (octets + 1023) / 1024}, {quota.Message, messages}, {quota.Mailbox, folders}} {
			if lim := a.limits[i][l.r]; lim.HasHard {
				lines[l.r.String()] = [2]int64{l.n, lim.Hard}
			}
		}
		want[pol.Root] = lines
	}
	if len(want) == 0 && c.verb == "GETQUOTA" {
		c.judge = p.must(c, imapwire.CodeNonExistent)
		return
	}
	c.judge = func(st imapwire.StatusCondition) {
		p.must(c)(st)
		if st.Condition != imapwire.OK {
			return
		}
		p.w.stats.Answers++
		n := 0
		for _, r := range c.data {
			q, is := r.(*imapwire.QuotaData)
			if !is {
				continue
			}
			n++
			if len(q.Resources) != len(want[q.Root]) {
				p.fail("53", "root %q is told as %+v, expected %v", q.Root, q.Resources, want[q.Root])
			}
			for _, u := range q.Resources {
				if want[q.Root][string(u.Resource)] != [2]int64{u.Usage, u.Limit} {
					p.fail("49", "root %q is told as %+v, expected %v", q.Root, q.Resources, want[q.Root])
				}
			}
		}
		if n != len(want) {
			p.fail("53", "%d roots are told, expected %v", n, want)
		}
	}
}

// named returns what a set names of the messages that the client knows of and
// that are there.
func (p *imapPeer) named(set imap.Set, uid bool) (must imap.UIDSet) {
	f := p.folder()
	if f == nil || p.mirror == nil || set.Saved {
		return nil
	}
	m := p.mirror.m
	last := m.Exists()
	if uid {
		last = uint32(m.UID(m.Exists()))
	}
	for seq := uint32(1); seq <= m.Exists(); seq++ {
		u := m.UID(seq)
		n := seq
		if uid {
			n = uint32(u)
		}
		if u != 0 && f.alive(u) != nil && exactly(set, n, last) {
			must.Add(u)
		}
	}
	return must
}

// exactly reports whether a set names a number whatever comes behind last: "*"
// may stand for a message that the client has not been told of yet.
func exactly(set imap.Set, n, last uint32) bool {
	for _, r := range set.Ranges {
		a, b := r.First, r.Last
		if a == imap.Star {
			a, b = b, a
		}
		switch {
		case a == imap.Star: // "*" alone
		case b == imap.Star:
			if n >= a {
				return true
			}
		case n >= min(a, b) && n <= max(a, b):
			return true
		}
	}
	return false
}

// checkNamed checks the messages that a server takes a set for.
func (p *imapPeer) checkNamed(c *imapCmd, set imap.Set, uid bool, got imap.UIDSet, whole bool) {
	f, m := p.folder(), p.mirror.m
	if whole {
		for u := range p.named(set, uid).All() {
			if !got.Contains(u) {
				p.fail("42", "%s %s acts on %s, not on UID %d", c.verb, set, got, u)
			}
		}
	}
	last := m.Exists()
	if uid {
		last = uint32(m.UID(m.Exists()))
	}
	for u := range got.All() {
		x := f.all[u]
		if x == nil {
			p.fail("42", "%s %s acts on %s, and there never was UID %d", c.verb, set, got, u)
		}
		n := uint32(u)
		if !uid {
			if n = m.Num(u); n == 0 {
				// It is a number that the client has no UID for yet.
				if u > maxKnown(m) || unknown(m, set) {
					continue
				}
				p.fail("42", "%s %s acts on %s; the client does not know UID %d", c.verb, set, got, u)
			}
		}
		// "*" may be less than the client knows, by an EXPUNGE on its way.
		if !inSet(set, n, last) && !(uid && u == got.Max() && inSet(set, uint32(imap.MaxUID), last)) {
			p.fail("42", "%s %s acts on %s, and UID %d is number %d", c.verb, set, got, u, n)
		}
	}
}

// unknown reports whether a set has numbers of which the client does not know the
// UID.
func unknown(m *imapclient.Mirror, set imap.Set) bool {
	for seq := uint32(1); seq <= m.Exists(); seq++ {
		if m.UID(seq) == 0 && inSet(set, seq, m.Exists()) {
			return true
		}
	}
	return false
}
