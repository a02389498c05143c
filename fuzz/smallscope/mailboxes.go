package smallscope

import (
	"slices"
	"strings"
)

// A box is a name in the list of mailboxes. Its UIDVALIDITY is what it is known
// by, for no two mailboxes ever have the same; a name that is only a parent has
// none.
type box struct {
	name     string
	validity int
	messages int
}

// An account is the mailboxes of a user, by name, and the names subscribed to.
type account struct {
	boxes      []box
	subscribed []string
	last       int // UIDVALIDITY
}

func (m *model) box(name string) *box {
	i := slices.IndexFunc(m.boxes, func(b box) bool { return b.name == name })
	if i < 0 {
		return nil
	}
	return &m.boxes[i]
}

func (m *model) hasChildren(name string) bool {
	return slices.ContainsFunc(m.boxes, func(b box) bool { return strings.HasPrefix(b.name, name+"/") })
}

// opened returns the mailbox that a session has selected; nil is one that is gone.
func (m *model) opened(s *session) *box {
	i := slices.IndexFunc(m.boxes, func(b box) bool { return b.validity == s.open })
	if i < 0 {
		return nil
	}
	return &m.boxes[i]
}

// news ends an answer: a mailbox that was deleted under its session is closed
// (RFC 9051 §7.1, CLOSED), and one that grew has more messages.
func (m *model) news(s *session, a answer) answer {
	switch b := m.opened(s); {
	case s.open == 0:
	case b == nil:
		a.add("OK CLOSED")
		s.open, s.count, s.lost = 0, 0, true
	case b.messages > s.count:
		s.count = b.messages
		a.add("exists", num(s.count))
	}
	return a
}

func (m *model) made(name string) {
	m.last++
	if b := m.box(name); b != nil {
		b.validity = m.last
		return
	}
	m.boxes = append(m.boxes, box{name: name, validity: m.last})
}

// create is CREATE (§6.3.4). A parent that is missing is made, too.
func (m *model) create(s *session, name string) answer {
	if b := m.box(name); b != nil && b.validity != 0 {
		return m.news(s, answer{tagged: "NO ALREADYEXISTS"})
	}
	for i, c := range name {
		if c == '/' && m.box(name[:i]) == nil {
			m.made(name[:i])
		}
	}
	m.made(name)
	return m.news(s, answer{tagged: "OK"})
}

// delete is DELETE (§6.3.5). What has children stays as their parent, and goes
// with the last of them.
func (m *model) delete(s *session, name string) answer {
	b := m.box(name)
	switch {
	case b == nil:
		return m.news(s, answer{tagged: "NO NONEXISTENT"})
	case b.validity == 0:
		return m.news(s, answer{tagged: "NO HASCHILDREN"})
	}
	b.validity, b.messages = 0, 0
	m.boxes = slices.DeleteFunc(m.boxes, func(b box) bool { return b.name == name && !m.hasChildren(name) })
	if i := strings.LastIndexByte(name, '/'); i > 0 {
		parent := name[:i]
		m.boxes = slices.DeleteFunc(m.boxes, func(b box) bool { return b.name == parent && b.validity == 0 && !m.hasChildren(parent) })
	}
	return m.news(s, answer{tagged: "OK"})
}

// rename is RENAME (§6.3.6): the children go with it, whoever has one of them
// selected keeps it, and subscriptions stay with the old names.
func (m *model) rename(s *session, from, to string) answer {
	switch {
	case m.box(from) == nil:
		return m.news(s, answer{tagged: "NO NONEXISTENT"})
	case m.box(to) != nil:
		return m.news(s, answer{tagged: "NO ALREADYEXISTS"})
	}
	for i := range m.boxes {
		if b := &m.boxes[i]; b.name == from || strings.HasPrefix(b.name, from+"/") {
			b.name = to + strings.TrimPrefix(b.name, from)
		}
	}
	return m.news(s, answer{tagged: "OK"})
}

// subscribe is SUBSCRIBE or UNSUBSCRIBE (§6.3.7, §6.3.8), of names whatever they
// are.
func (m *model) subscribe(s *session, name string, on bool) answer {
	m.subscribed = slices.DeleteFunc(m.subscribed, func(n string) bool { return n == name })
	if on {
		m.subscribed = append(m.subscribed, name)
	}
	return m.news(s, answer{tagged: "OK"})
}

// listLine is a LIST response (§7.3.1).
func (m *model) listLine(a *answer, name string) {
	attrs := []string{`\hasnochildren`}
	if m.hasChildren(name) {
		attrs[0] = `\haschildren`
	}
	switch b := m.box(name); {
	case b == nil:
		attrs = append(attrs, `\nonexistent`)
	case b.validity == 0:
		attrs = append(attrs, `\noselect`)
	}
	if slices.Contains(m.subscribed, name) {
		attrs = append(attrs, `\subscribed`)
	}
	slices.Sort(attrs)
	a.add("LIST", name, strings.Join(attrs, " "))
}

// listAll is LIST "" * RETURN (SUBSCRIBED).
func (m *model) listAll(s *session) answer {
	a := answer{tagged: "OK"}
	for _, b := range m.boxes {
		m.listLine(&a, b.name)
	}
	return m.news(s, a)
}

// listSubscribed is LIST (SUBSCRIBED) "" * (RFC 5258 §3.1).
func (m *model) listSubscribed(s *session) answer {
	a := answer{tagged: "OK"}
	for _, name := range m.subscribed {
		m.listLine(&a, name)
	}
	return m.news(s, a)
}

// absent is why a name can not be opened: there is none, or it is only a parent.
func absent(b *box) string {
	if b == nil {
		return "NO NONEXISTENT"
	}
	return "NO CANNOT"
}

// openBox is SELECT of a mailbox by name (§6.3.2).
func (m *model) openBox(s *session, name string) answer {
	var a answer
	if s.open != 0 {
		a.add("OK CLOSED")
		s.open, s.count = 0, 0
	}
	b := m.box(name)
	if b == nil || b.validity == 0 {
		a.tagged = absent(b)
		return a
	}
	s.open, s.count, s.opened = b.validity, b.messages, true
	m.listLine(&a, name)
	a.add("FLAGS")
	a.add("OK PERMANENTFLAGS")
	a.add("exists", num(b.messages))
	a.add("OK UIDVALIDITY", num(b.validity))
	a.add("OK UIDNEXT", num(b.messages+1))
	a.add("OK HIGHESTMODSEQ", num(b.messages+1))
	a.tagged = "OK READ-WRITE"
	return a
}

// unselect is UNSELECT (§6.4.2), which only a session with a mailbox may give. One
// that has not been told yet that its mailbox is gone has one.
func (m *model) unselect(s *session) answer {
	if s.open == 0 {
		return answer{tagged: "BAD"}
	}
	s.open, s.count = 0, 0
	return answer{tagged: "OK"}
}

// appendBox is APPEND to a mailbox by name (§6.3.12). One that is refused tells no
// news.
func (m *model) appendBox(s *session, name string) answer {
	b := m.box(name)
	if b == nil || b.validity == 0 {
		return answer{tagged: "NO TRYCREATE"}
	}
	b.messages++
	return m.news(s, answer{tagged: "OK APPENDUID " + num(b.validity) + " " + num(b.messages)})
}

// status is STATUS (MESSAGES UIDVALIDITY) (§6.3.11).
func (m *model) status(s *session, name string) answer {
	b := m.box(name)
	if b == nil || b.validity == 0 {
		return m.news(s, answer{tagged: absent(b)})
	}
	a := answer{tagged: "OK"}
	a.add("STATUS", name, num(b.messages), num(b.validity))
	return m.news(s, a)
}
