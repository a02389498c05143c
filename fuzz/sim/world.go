package sim

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/mailbox/pop3serve"
	"github.com/mailwire/mailwire/quota"
)

// start is when all worlds begin.
var start = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

// The most clients of a world.
const (
	maxIMAP   = 6
	maxPOP3   = 3
	maxActors = maxIMAP + maxPOP3
)

// password is that of all users.
const password = "tanstaaf"

// A world is one run: a store, servers over it, and clients. Everything happens
// on one goroutine, in an order that the seed decides.
type world struct {
	opt   Options
	d     dice
	now   time.Time
	step  int
	users []string

	raw    *memstore.Store
	led    *ledger
	imaps  []*imapserve.Server
	pops   []*pop3serve.Server
	actors []actor

	bells, leases bool
	grace         quota.Amounts
	// failing is in how many of a hundred steps of a server something fails.
	failing int
	// failIn counts down to the failure; below zero nothing fails.
	failIn int
	// cur is who is being served; nil while the world looks at itself.
	cur *serving
	// handles are what the servers have open.
	handles  int
	watchers []func(mailbox.Ring)
	rung     []rung
	contents int
	made     map[string]*content
	settling bool

	stats Stats
	hash  uint64
	rec   *recorder
}

// An actor is somebody who takes part.
type actor interface {
	base() *peer
	turn()
	// settle does what is left to do, and reports whether there was anything.
	settle() bool
	// checkpoint compares what the client knows with the ledger.
	ask()
	compare()
}

// A serving is a step of a server for somebody, with what that may do.
type serving struct {
	p *peer
	// effect judges what is done to the store.
	effect func(effect)
	// failed is called when something fails on purpose.
	failed func()
}

// An effect is a change of the store.
type effect struct {
	kind     string
	f, dest  *folder
	name, to string
	// uids are those asked for; source and got those that went and came.
	uids, source, got imap.UIDSet
	op                mailbox.FlagOp
	flags             []string
	modified          imap.UIDSet
	msgs              []*msg
}

// errPurpose is a failure on purpose.
var errPurpose = errors.New("a failure on purpose")

// A violation ends a world.
type violation struct{ rule, text string }

// fail ends the world: a rule does not hold.
func (w *world) fail(rule, format string, args ...any) {
	panic(violation{rule, fmt.Sprintf(format, args...)})
}

// must is for calls of the world itself, which do not fail.
func (w *world) must(err error) {
	if err != nil {
		w.fail("store", "the store fails by itself: %v", err)
	}
}

func newWorld(opt Options) *world {
	w := &world{opt: opt, d: newDice(opt.Seed, 0), now: start, failIn: -1, made: map[string]*content{}, hash: 14695981039346656037}
	if opt.Transcript > 0 {
		w.rec = &recorder{w: w, most: opt.Transcript}
	}
	d := w.d
	mem := memstore.Options{
		Now:         func() time.Time { return w.now },
		KeepSecrets: d.chance(50),
		UIDValidity: uint32(1 + d.n(1000)),
		MaySetQuota: func(_, root string) bool { return root != "fixed" },
		Fail:        func(step string) error { return w.fault("memstore: " + step) },
	}
	if d.chance(30) {
		mem.Limits.Tombstones = 1 + d.n(6)
	}
	if d.chance(15) {
		mem.Limits.Keywords = 2 + d.n(3)
	}
	if d.chance(10) {
		mem.AppendLimit = 5000
	}
	limits := func() (l quota.Limits) {
		if d.chance(60) {
			l[quota.Storage] = quota.Hard(int64(pick(d, 2, 8, 30, 200)))
		}
		if d.chance(50) {
			l[quota.Message] = quota.Hard(int64(pick(d, 3, 10, 30, 60)))
		}
		if d.chance(30) {
			l[quota.Mailbox] = quota.Hard(int64(4 + d.n(4)))
		}
		return l
	}
	policies := []quota.Policy{{}}
	switch d.n(3) {
	case 0:
		mem.Quota = limits()
		policies[0].Limits = mem.Quota
	case 1:
		mem.Roots = []quota.Policy{
			{Root: "all", Limits: limits(), Rule: func(folder string) (quota.Rule, bool) { return quota.Rule{Ignore: folder == "Trash"}, true }},
			{Root: "box stuff", Limits: limits(), Rule: func(folder string) (quota.Rule, bool) {
				return quota.Rule{}, len(folder) >= 3 && folder[:3] == "box"
			}},
		}
		policies = mem.Roots
	}
	if d.chance(30) {
		w.grace[quota.Storage] = 2048
		mem.Grace = w.grace
	}
	if d.chance(40) {
		mem.Warnings = []quota.Threshold{{Resource: quota.Message, Percent: 80}, {Resource: quota.Storage, Percent: 50, Under: true}}
	}
	w.raw = memstore.New(mem)
	w.bells, w.leases = d.chance(80), d.chance(70)
	w.failing = pick(d, 0, 3, 10, 30)
	w.led = &ledger{w: w, accounts: map[string]*account{}, byID: map[mailbox.FolderID]*folder{}, byValidity: map[uint32]*folder{}}
	for i := range 1 + d.n(3) {
		w.addUser(fmt.Sprintf("user%d", i), policies)
	}
	w.addServers(mem.KeepSecrets)
	for range 2 + d.n(maxIMAP-1) {
		w.addActor(func(p peer) actor { return newIMAPPeer(p) })
	}
	for range d.n(maxPOP3 + 1) {
		w.addActor(func(p peer) actor { return newPOP3Peer(p) })
	}
	return w
}

func (w *world) addUser(name string, policies []quota.Policy) {
	w.must(w.raw.AddUser(name, password))
	u, err := w.raw.User(ctx, name)
	w.must(err)
	a := &account{name: name, names: map[string]*folder{}, subs: map[string]bool{}, policies: policies, raw: u, open: map[*spyTx]struct{}{}}
	for _, p := range policies {
		a.limits = append(a.limits, p.Limits)
	}
	w.led.accounts[name] = a
	w.users = append(w.users, name)
	w.led.adopt(a, imap.Inbox)
	for _, n := range []string{"box", "Trash"} {
		if w.d.chance(80) {
			if _, err := u.Create(ctx, n, mailbox.CreateOptions{}); err == nil {
				w.led.adopt(a, n)
			}
		}
	}
}

func (w *world) addServers(secrets bool) {
	spy := &spyStore{w}
	var store mailbox.Store = spy
	if w.bells {
		store = belledStore{spy}
		// One watcher, since a store rings them in any order.
		w.raw.Watch(w.rang)
	}
	onError := func(user string, err error) {
		if !errors.Is(err, errPurpose) {
			w.fail("errors", "a server hides from %s: %v", user, err)
		}
	}
	for i := range 1 + w.d.n(2) {
		opt := imapserve.Options{Auth: spyAuth{w.raw, w}, PlaintextAuth: engine.PlaintextLoopback, OnError: onError}
		if secrets {
			opt.Random, opt.Pepper = newDice(w.opt.Seed, uint64(1000+i)), "0123456789abcdef"
		}
		if w.d.chance(20) {
			opt.Limits.Output = 600
			opt.Limits.OutputPreAuth = 600
		}
		srv, err := imapserve.NewServer(store, opt)
		w.must(err)
		w.imaps = append(w.imaps, srv)
	}
	pops := 1
	if w.leases {
		pops += w.d.n(2)
	}
	for i := range pops {
		opt := pop3serve.Options{Auth: spyAuth{w.raw, w}, PlaintextAuth: engine.PlaintextLoopback, APOP: engine.PlaintextLoopback, OnError: onError}
		if secrets {
			opt.Random, opt.Pepper = newDice(w.opt.Seed, uint64(2000+i)), "0123456789abcdef"
		}
		srv, err := pop3serve.NewServer(store, opt)
		w.must(err)
		w.pops = append(w.pops, srv)
	}
}

func (w *world) addActor(make func(peer) actor) {
	id := len(w.actors)
	d := newDice(w.opt.Seed, uint64(1+id))
	p := peer{w: w, id: id, d: d, user: w.users[w.d.n(len(w.users))], cutAfter: -1}
	p.off = slices.Contains(w.opt.Without, id)
	w.actors = append(w.actors, make(p))
}

// run runs the world to its end, or to the first violation.
func (w *world) run() (f *Failure) {
	defer func() {
		for _, s := range w.imaps {
			s.Close()
		}
		r := recover()
		if r == nil {
			return
		}
		v, is := r.(violation)
		if !is {
			v = violation{"panic", fmt.Sprintf("%v\n%s", r, debug.Stack())}
		}
		f = &Failure{Seed: w.opt.Seed, Step: w.step, Without: w.opt.Without, Rule: v.rule, Text: v.text, Actor: -1}
		if w.cur != nil && w.cur.p != nil {
			f.Actor = w.cur.p.id
		}
		if w.rec != nil {
			f.Lines = w.rec.of(f.Actor)
		}
	}()
	every := 300 + w.d.n(500)
	for w.step = 1; w.step <= w.opt.Steps; w.step++ {
		w.now = w.now.Add(time.Duration(w.d.n(30)) * time.Millisecond)
		w.tick()
		if w.step%every == 0 || w.step == w.opt.Steps {
			w.checkpoint()
		}
	}
	w.step = w.opt.Steps
	w.end()
	w.stats.Worlds = 1
	return nil
}

// tick is one step.
func (w *world) tick() {
	switch n := w.d.n(400); {
	case n < 6:
		w.deliver()
	case n < 30 && len(w.rung) > 0:
		w.ringOne(w.d.n(len(w.rung)))
	case n == 30:
		w.now = w.now.Add(time.Duration(pick(w.d, 1, 1, 10, 10, 60, 60, 60, 100, 100, 400, 2000)) * time.Second)
		w.note(-1, "", "time passes")
	default:
		a := w.actors[w.d.n(len(w.actors))]
		if p := a.base(); !p.off {
			a.turn()
		}
	}
}

// serve runs a step of a server.
func (w *world) serve(s *serving, f func()) {
	w.cur = s
	w.failIn = -1
	if w.failing > 0 && !w.settling && w.d.chance(w.failing) {
		w.failIn = w.d.n(6)
	}
	f()
	w.failIn, w.cur = -1, nil
}

// fault is called at each step of a call of the store. It may take a while, or
// fail.
func (w *world) fault(step string) error {
	if w.cur == nil || w.failIn < 0 {
		return nil
	}
	if w.failIn--; w.failIn >= 0 {
		return nil
	}
	w.failIn = -1
	if w.d.chance(10) {
		w.now = w.now.Add(time.Duration(w.d.n(60)) * time.Second)
		w.note(w.cur.p.id, w.cur.p.user, "slow: "+step)
		return nil
	}
	w.stats.Failures++
	w.note(w.cur.p.id, w.cur.p.user, "fails: "+step)
	if w.cur.failed != nil {
		w.cur.failed()
	}
	if w.d.chance(30) {
		return fmt.Errorf("%w: %w", errPurpose, mailbox.ErrUnavailable)
	}
	return errPurpose
}

// effect notes a change, and lets whoever is served answer for it.
func (w *world) effect(e effect) {
	w.stats.Effects++
	w.mix(e.kind)
	if w.cur == nil || w.cur.effect == nil {
		w.fail("effects", "%s of %s is changed, and nobody asked for it", e.kind, e.name)
	}
	if w.rec != nil {
		f, m := e.name+" "+e.to, imap.ModSeq(0)
		if e.f != nil {
			f, m = e.f.name, e.f.modSeq
		}
		w.rec.add(w.cur.p.id, w.cur.p.user, fmt.Sprintf("store: %s %s (%s) uids %s, went %s, came %s, modseq %d", e.kind, f, keyOf(e.flags), e.uids, e.source, e.got, m))
	}
	w.cur.effect(e)
}

// folders checks an account after a change of its folder list.
func (w *world) folders(a *account, grown func(int) quota.Amounts) {
	w.checkNames(a)
	w.checkQuota(a)
	if grown != nil {
		w.checkGrowth(a, quota.Amounts{}, grown)
	}
}

// unchanged checks an account after a change that failed.
func (w *world) unchanged(a *account) {
	w.checkNames(a)
	w.checkQuota(a)
	if in := a.find(imap.Inbox); in != nil {
		w.checkFolder(in)
	}
}

// contentOf returns the message that has these octets.
func (w *world) contentOf(octets []byte) *content { return w.made[string(octets)] }

// makeContent makes a message, or returns the one that has the same octets.
func (w *world) makeContent(d dice) *content {
	c := w.newContent(d)
	if old := w.made[string(c.octets)]; old != nil {
		return old
	}
	w.made[string(c.octets)] = c
	return c
}

// deliver brings a message from outside.
func (w *world) deliver() {
	a := w.led.accounts[w.users[w.d.n(len(w.users))]]
	f := a.find(imap.Inbox)
	c := w.makeContent(w.d)
	p := &peer{w: w, id: -1, user: a.name}
	s := &serving{p: p, effect: func(e effect) {
		if e.kind != "append" || e.f != f || len(e.msgs) != 1 || e.msgs[0].content != c {
			w.fail("48", "a delivery did %+v", e)
		}
	}}
	w.serve(s, func() {
		spy := &spyFolder{Folder: f.raw, w: w, f: f}
		tx, err := spy.Deliver(ctx)
		if err != nil {
			return
		}
		defer tx.Abort()
		wr, err := tx.Message(int64(len(c.octets)), nil, w.now)
		if err != nil {
			return
		}
		for p := c.octets; len(p) > 0; {
			n := min(len(p), 1+w.d.n(4000))
			if _, err := wr.Write(p[:n]); err != nil {
				return
			}
			p = p[n:]
		}
		if _, err := tx.Commit(); err == nil {
			w.stats.Deliveries++
		}
	})
}

// A rung is a bell that has been rung, and whose ring is on its way.
type rung struct {
	watcher int
	r       mailbox.Ring
}

// rang takes a ring. It may come late, twice, or be swallowed by a later one.
func (w *world) rang(r mailbox.Ring) {
	for i, ring := range w.watchers {
		w.stats.Bells++
		late := w.d.chance(60)
		if !late || w.d.chance(10) {
			ring(r)
		}
		if !late {
			continue
		}
		if k := slices.IndexFunc(w.rung, func(x rung) bool { return x.r == r && x.watcher == i }); k >= 0 && w.d.chance(50) {
			w.rung = slices.Delete(w.rung, k, k+1)
		}
		w.rung = append(w.rung, rung{i, r})
	}
	if len(w.rung) > 100 {
		w.ringOne(0)
	}
}

func (w *world) ringOne(i int) {
	r := w.rung[i]
	w.rung = slices.Delete(w.rung, i, i+1)
	w.watchers[r.watcher](r.r)
}

// settle lets everything happen that is under way.
func (w *world) settle() {
	for rounds := 0; ; rounds++ {
		any := false
		for len(w.rung) > 0 {
			w.ringOne(0)
		}
		for _, a := range w.actors {
			if !a.base().off && a.settle() {
				any = true
			}
		}
		if !any && len(w.rung) == 0 {
			return
		}
		if rounds > 3000 {
			w.fail("progress", "it does not come to an end")
		}
	}
}

// checkpoint is where everybody has to agree.
func (w *world) checkpoint() {
	w.settling = true
	w.stats.Checkpoints++
	w.note(-1, "", "checkpoint")
	w.settle()
	for range 3 {
		for _, a := range w.actors {
			if !a.base().off {
				w.cur = &serving{p: a.base()}
				a.ask()
				w.cur = nil
			}
		}
		w.settle()
	}
	w.checkStore()
	for _, a := range w.actors {
		if !a.base().off {
			w.cur = &serving{p: a.base()}
			a.compare()
			w.cur = nil
		}
	}
	w.settling = false
}

// end closes all connections: nothing may be left of them.
func (w *world) end() {
	for _, a := range w.actors {
		if p := a.base(); p.online {
			p.cut(p.d.chance(50))
		}
	}
	w.checkStore()
	if w.handles != 0 {
		w.fail("handles", "%d handles of the store are left open", w.handles)
	}
	for _, a := range w.sortedAccounts() {
		if len(a.open) > 0 {
			w.fail("handles", "%d transactions of %s are left open", len(a.open), a.name)
		}
	}
}
