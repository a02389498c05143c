package smallscope

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
)

// A step is a letter taken by a session.
type step struct {
	session int
	letter  *letter
}

// name returns what a session is called in sequences and transcripts.
func (m mode) name(session int) string {
	switch {
	case session == 0:
		return "A"
	case m.pop3:
		return "P"
	}
	return "B"
}

// An exchange is what a session is sent, if anything, and what it must write
// then.
type exchange struct {
	session int
	command *command // nil: it may have been woken
	// more: the command of the next exchange is sent together with this one.
	more bool
	// view is what the client knows before, arrivals what it may be told of.
	view, arrivals []uint32
	after          *model
	want           answer
	// out is what the session wrote when this exchange was judged.
	judged bool
	out    []byte
	cache  cache
}

// A node is a step of the sequence in hand, with what follows from it.
type node struct {
	step
	exchanges []exchange
	model     *model
}

// An explorer runs sequences of steps.
type explorer struct {
	mode     mode
	alphabet []letter
	// last, when there is any, is the alphabet of the last step.
	last []letter
	// length is that of the sequences that are run, most the longest of them.
	length, most int
	path         []node

	sequences, exchanges int64
	// found is how many new states each length led to.
	found []int
}

// String names the sequence in hand, as the flag -replay wants it.
func (e *explorer) String() string {
	words := []string{e.mode.String() + ":"}
	for _, n := range e.path {
		if n.letter != nil {
			words = append(words, e.mode.name(n.session)+"."+n.letter.name)
		}
	}
	return strings.Join(words, " ")
}

// push makes a step the next of the sequence, in the model only.
func (e *explorer) push(from *model, s step) {
	n := node{step: s, model: from.clone()}
	l := s.letter
	if n.model.sessions[s.session].idling {
		n.do(s.session, &ending)
		if l.commands[0].text != idling.text {
			n.doAll(s.session, l)
		}
	} else {
		n.doAll(s.session, l)
	}
	e.path = append(e.path, n)
}

func (n *node) doAll(session int, l *letter) {
	for i := range l.commands {
		c := &l.commands[i]
		if n.model.more = l.together && i+1 < len(l.commands); n.model.more {
			n.exchange(session, c)
			continue
		}
		n.do(session, c)
	}
}

// do is one command of a session, after which both may be woken: first the
// other, then the one that gave it.
func (n *node) do(session int, c *command) {
	n.exchange(session, c)
	n.exchange(1-session, nil)
	n.exchange(session, nil)
}

func (n *node) exchange(session int, c *command) {
	m := n.model
	s := &m.sessions[session]
	x := exchange{session: session, command: c, view: viewOf(s), more: m.more}
	next := s.next
	if c != nil {
		if c.leaves {
			x.view, next = nil, 0
		}
		x.want = c.run(m, s)
	} else {
		x.want = m.wake(s)
	}
	for _, msg := range m.inbox.messages {
		if msg.uid >= next {
			x.arrivals = append(x.arrivals, msg.uid)
		}
	}
	x.want.facts = settled(x.want.facts)
	x.after = m.clone()
	n.exchanges = append(n.exchanges, x)
}

func viewOf(s *session) (uids []uint32) {
	for _, t := range s.view {
		uids = append(uids, t.uid)
	}
	return uids
}

// A failure is a sequence in which the server and the model part.
type failure struct {
	name, transcript string
	err              error
}

func (f *failure) Error() string {
	return fmt.Sprintf("-replay '%s'\n%v\n%s", f.name, f.err, f.transcript)
}

// run plays the sequence in hand on a fresh world, judges what was not judged
// before, and lets both sessions settle at its end.
func (e *explorer) run() error {
	e.sequences++
	w, m, err := newWorld(e.mode)
	if err != nil {
		return err
	}
	defer w.close()
	for i := range e.path {
		n := &e.path[i]
		for j := range n.exchanges {
			if err := e.play(w, n.exchanges[j:]); err != nil {
				return e.fail(err)
			}
		}
		m = n.model
	}
	end := node{model: m.clone()}
	for i := range end.model.sessions {
		if end.model.sessions[i].idling {
			end.do(i, &ending)
		}
		if i > 0 && e.mode.pop3 {
			end.do(i, &uidling)
			break
		}
		end.do(i, &nooping)
	}
	e.path = append(e.path, end)
	defer func() { e.path = e.path[:len(e.path)-1] }()
	for j := range end.exchanges {
		if err := e.play(w, end.exchanges[j:]); err != nil {
			return e.fail(err)
		}
	}
	for i := range end.model.sessions {
		if i > 0 && e.mode.pop3 {
			break
		}
		if text := end.model.settled(&end.model.sessions[i]); text != "" {
			return e.fail(fmt.Errorf("session %s %s", e.mode.name(i), text))
		}
	}
	return nil
}

// play is the first of exchanges.
func (e *explorer) play(w *world, exchanges []exchange) error {
	e.exchanges++
	x := &exchanges[0]
	c := w.conns[x.session]
	out, err := x.send(w, c, exchanges[1:])
	if err != nil {
		return err
	}
	if x.judged {
		if !bytes.Equal(out, x.out) {
			return fmt.Errorf("the server wrote\n%s\nwhere it wrote\n%s\nbefore", out, x.out)
		}
		c.cache = x.cache
		return nil
	}
	x.out = out
	if err := x.judge(c); err != nil {
		return err
	}
	if x.command != nil && !x.more {
		if err := w.compare(x.after); err != nil {
			return err
		}
	}
	x.judged = true
	return nil
}

// send returns what the session writes in this exchange. What belongs to the
// answer of a command that was sent together with this one is left to that.
func (x *exchange) send(w *world, c *conn, next []exchange) ([]byte, error) {
	switch {
	case x.command == nil:
		return c.notice()
	case x.command.dials:
		return w.dial(c)
	}
	c.tag++
	out := c.early
	if c.early = nil; !c.sent {
		in := x.input(c.tag)
		if x.more {
			in = append(in, next[0].input(c.tag+1)...)
		}
		var err error
		if out, err = c.send(in); err != nil {
			return nil, err
		}
	}
	if c.sent = x.more; x.more {
		end := []byte("t" + strconv.Itoa(c.tag) + " ")
		i := 0
		if !bytes.HasPrefix(out, end) {
			if i = bytes.Index(out, append([]byte("\r\n"), end...)) + 2; i < 2 {
				return out, nil
			}
		}
		i += bytes.IndexByte(out[i:], '\n') + 1
		out, c.early = out[:i], out[i:]
	}
	return out, nil
}

func (x *exchange) input(tag int) []byte {
	if x.command.dials {
		return []byte("(connects)\r\n")
	}
	b := strconv.AppendInt([]byte("t"), int64(tag), 10)
	b = append(b, ' ')
	if x.command.bare {
		b = b[:0]
	}
	return append(append(b, x.command.text...), "\r\n"...)
}

// judge compares what the session wrote with what it must.
func (x *exchange) judge(c *conn) error {
	r := reader{view: x.view, arrivals: x.arrivals, cache: c.cache, tag: "t" + strconv.Itoa(c.tag)}
	if x.command != nil {
		r.opening, r.byUID = x.command.leaves, strings.HasPrefix(x.command.text, "UID ")
		if x.command.bare {
			r.tag = "t" + strconv.Itoa(c.tag-1)
		}
	}
	r.boxes = x.after.mode.mailboxes
	read := r.read
	if x.command != nil && x.command.pop3 {
		read = func(out []byte) error { return r.readPOP3(out, x) }
	}
	if err := read(x.out); err != nil {
		return err
	}
	r.facts = settled(r.facts)
	if !slices.Equal(r.facts, x.want.facts) || r.tagged != x.want.tagged {
		return fmt.Errorf("the server told\n\t%s, %q\nthe model\n\t%s, %q",
			strings.Join(r.facts, "; "), r.tagged, strings.Join(x.want.facts, "; "), x.want.tagged)
	}
	s := &x.after.sessions[x.session]
	if view := viewOf(s); !slices.Equal(r.view, view) {
		return fmt.Errorf("the client knows UIDs %v, the model %v", r.view, view)
	}
	if x.after.qresync && r.tagged != "" && s.selected {
		if text := x.after.missed(s, r.highest); text != "" {
			return errors.New(text)
		}
	}
	c.cache, x.cache = r.cache, r.cache
	return nil
}

func (e *explorer) fail(err error) error {
	return &failure{e.String(), e.transcript(), err}
}

// transcript returns what was sent and written so far.
func (e *explorer) transcript() string {
	var b strings.Builder
	var tag [2]int
	for _, n := range e.path {
		for _, x := range n.exchanges {
			name := e.mode.name(x.session)
			if x.command != nil {
				tag[x.session]++
				indent(&b, name+" C: ", string(x.input(tag[x.session])))
			}
			indent(&b, name+" S: ", string(x.out))
		}
	}
	return b.String()
}

func indent(b *strings.Builder, prefix, text string) {
	for line := range strings.Lines(text) {
		b.WriteString(prefix + strings.TrimRight(line, "\r\n") + "\n")
	}
}

// all runs every sequence of up to length steps, the shortest first.
func (e *explorer) all(root *model, length int) error {
	for e.length = 1; e.length <= length; e.length++ {
		if err := e.extend(root); err != nil {
			return err
		}
	}
	return nil
}

// extend runs every sequence of e.length steps that begins with the one in hand.
func (e *explorer) extend(from *model) error {
	n := len(e.path)
	if n == e.length {
		return e.run()
	}
	for _, s := range e.steps() {
		e.push(from, s)
		if err := e.extend(e.path[n].model); err != nil {
			return err
		}
		e.path = e.path[:n]
	}
	return nil
}

// settled sorts facts and drops repetitions.
func settled(facts []string) []string {
	slices.Sort(facts)
	return slices.Compact(facts)
}

// states runs every step from every state that fewer than length steps lead to,
// each reached by a shortest sequence. Two states are the same when the model
// has it that nothing can tell them apart.
func (e *explorer) states(root *model, length int) error {
	seen := map[[16]byte]bool{hash(root): true}
	frontier := [][]step{nil}
	e.most = length
	for e.length = 1; e.length <= length; e.length++ {
		var next [][]step
		for _, path := range frontier {
			e.path = e.path[:0]
			from := root
			for _, s := range path {
				e.push(from, s)
				from = e.path[len(e.path)-1].model
			}
			for _, s := range e.steps() {
				e.push(from, s)
				if e.last != nil && e.length < length {
					// Only the last step is run.
				} else if err := e.run(); err != nil {
					return err
				}
				if key := hash(e.path[len(path)].model); !seen[key] {
					seen[key] = true
					next = append(next, append(slices.Clip(path), s))
				}
				e.path = e.path[:len(path)]
			}
		}
		e.found = append(e.found, len(next))
		frontier = next
	}
	return nil
}

func hash(m *model) (key [16]byte) {
	h := fnv.New128a()
	h.Write([]byte(m.key()))
	h.Sum(key[:0])
	return key
}

// key identifies what can follow: two models with the same key answer alike.
// Without QRESYNC nobody hears of modseqs, so that only their order counts:
// whether a client has been told the last of a message. What the other folder
// holds is never asked for.
func (m *model) key() string {
	var b []byte
	put := func(ns ...uint64) {
		for _, n := range ns {
			b = strconv.AppendUint(append(b, ' '), n, 36)
		}
	}
	bit := func(on bool) uint64 {
		if on {
			return 1
		}
		return 0
	}
	put(uint64(m.inbox.uidNext), uint64(m.other.uidNext), uint64(len(m.inbox.messages)))
	for _, msg := range m.inbox.messages {
		put(uint64(msg.uid), uint64(msg.flags), uint64(msg.size), bit(msg.claimed))
		if m.qresync {
			put(msg.modSeq)
		}
	}
	if m.qresync {
		put(m.inbox.modSeq, uint64(len(m.inbox.gone)))
		for _, g := range m.inbox.gone {
			put(uint64(g.uid), g.modSeq)
		}
	}
	for _, d := range m.drop {
		put(uint64(d.uid), bit(d.marked))
	}
	put(uint64(m.last), bit(m.unmarked))
	for _, x := range m.boxes {
		b = append(append(b, ' '), x.name...)
		put(uint64(x.validity), uint64(x.messages))
	}
	for _, name := range slices.Sorted(slices.Values(m.subscribed)) {
		b = append(append(b, ' '), name...)
	}
	folder := len(b)
	var sessions []string
	for i := range m.sessions {
		s := &m.sessions[i]
		put(uint64(s.next), bit(s.idling), uint64(len(s.view)))
		for _, t := range s.view {
			stale := uint64(0)
			if msg := m.inbox.find(t.uid); msg != nil {
				stale = bit(msg.modSeq > t.modSeq)
			}
			put(uint64(t.uid), stale, bit(t.recent), bit(t.knows), uint64(t.believes))
		}
		put(uint64(s.open), uint64(s.count), bit(s.opened), bit(s.lost), uint64(len(s.saved)))
		for _, uid := range s.saved {
			put(uint64(uid))
		}
		sessions = append(sessions, string(b[folder:]))
		b = b[:folder]
	}
	if !m.pop3 {
		slices.Sort(sessions) // it does not matter which is called A
	}
	return string(b) + strings.Join(sessions, ";")
}

// steps returns what can follow on the sequence in hand. The sessions are alike,
// so that the sequences which begin with A stand for those which begin with B.
func (e *explorer) steps() (out []step) {
	for s := range 2 {
		alphabet := e.alphabet
		if s > 0 && e.mode.pop3 {
			alphabet = maildrop
		} else if s > 0 && len(e.path) == 0 {
			break
		}
		if e.last != nil && len(e.path)+1 == e.most {
			alphabet = e.last
		}
		for l := range alphabet {
			out = append(out, step{s, &alphabet[l]})
		}
	}
	return out
}
