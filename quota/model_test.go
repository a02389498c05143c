package quota_test

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/quota"
)

// A mail is a message of the model; which one it is, is its address.
type mail struct{ octets int64 }

// A box is a folder of the model: its roots by number, with its rules there.
type box struct {
	name  string
	rules map[int]quota.Rule
	there bool
	mails []*mail
}

// An upload is a transaction in progress: mails that come, and one that it
// replaces.
type upload struct {
	to       *box
	comes    []*mail
	replaces *mail
	terms    quota.Terms
	holds    []quota.Hold // as in world.shares(to)
}

// A world runs folders over several roots, and knows without package quota what
// they hold.
type world struct {
	roots   []quota.Root
	boxes   []*box
	uploads []*upload
	counts  []*quota.Recount // of each root, nil when none is going on
}

func cost(mails ...*mail) (a quota.Amounts) {
	for _, m := range mails {
		a = a.Plus(quota.Of(m.octets, 1))
	}
	return a
}

func (b *box) cost() (a quota.Amounts) {
	if b.there {
		a = cost(b.mails...)
		a[quota.Mailbox] = 1
	}
	return a
}

func (w *world) rootsOf(b *box) (out []int) {
	for i := range w.roots {
		if _, ok := b.rules[i]; ok {
			out = append(out, i)
		}
	}
	return out
}

func (w *world) shares(b *box) (out []quota.Share) {
	for _, i := range w.rootsOf(b) {
		out = append(out, quota.Share{Root: w.roots[i], Rule: b.rules[i]})
	}
	return out
}

// reserve reserves as a store does, after it asked the model whether it may.
func (w *world) reserve(t *rapid.T, to *box, from *box, need, gone quota.Amounts, terms quota.Terms) ([]quota.Hold, bool) {
	shares := w.shares(to)
	if from != nil {
		shares = quota.Credit(shares, w.shares(from), gone)
	}
	before := slices.Clone(w.roots)
	roots, holds, err := quota.ReserveAll(shares, need, terms)
	if got, want := err == nil, w.admits(to, from, need, gone, terms); got != want {
		t.Fatalf("admitted: %v, want %v: %v", got, want, err)
	}
	if err != nil {
		if !errors.Is(err, quota.ErrOver) || !slices.Equal(before, w.roots) {
			t.Fatalf("a refusal: %v", err)
		}
		return nil, false
	}
	for n, i := range w.rootsOf(to) {
		w.roots[i] = roots[n]
	}
	return holds, true
}

var largest = big.NewInt(math.MaxInt64)

func number(n int64) *big.Int { return big.NewInt(n) }

// sums returns what folders have of a resource in a root and what uploads hold.
func (w *world) sums(root int, x quota.Resource) (used, held *big.Int) {
	used, held = new(big.Int), new(big.Int)
	charge := func(sum *big.Int, b *box, a int64) {
		if rule, ok := b.rules[root]; ok && !rule.Ignore {
			sum.Add(sum, number(a))
		}
	}
	for _, b := range w.boxes {
		switch x {
		case quota.Mailbox:
			if b.there {
				charge(used, b, 1)
			}
		case quota.Message:
			charge(used, b, int64(len(b.mails)))
		case quota.Storage:
			for _, m := range b.mails {
				charge(used, b, m.octets)
			}
		}
	}
	for _, u := range w.uploads {
		for _, m := range u.comes {
			switch x {
			case quota.Message:
				charge(held, u.to, 1)
			case quota.Storage:
				charge(held, u.to, m.octets)
			}
		}
	}
	return used, held
}

// admits says from the sums alone whether the rules let to grow.
func (w *world) admits(to, from *box, need, gone quota.Amounts, terms quota.Terms) bool {
	for _, i := range w.rootsOf(to) {
		rule := to.rules[i]
		if rule.Ignore {
			continue
		}
		for _, x := range quota.Resources() {
			used, held := w.sums(i, x)
			if new(big.Int).Add(held, number(need[x])).Cmp(largest) > 0 {
				return false
			}
			asked := number(need[x])
			if from != nil {
				if r, ok := from.rules[i]; ok && !r.Ignore {
					asked.Sub(asked, number(gone[x]))
				}
			}
			if asked.Sign() <= 0 {
				continue
			}
			limit := new(big.Int).Set(largest)
			if l := w.roots[i].Limits[x]; l.HasHard {
				percent := rule.Percent
				if percent == 0 {
					percent = 100
				}
				limit.Mul(number(l.Hard), number(percent*x.Unit()))
				limit.Quo(limit, number(100))
				limit.Add(limit, number(rule.Extra[x]))
				if terms.Delivery {
					limit.Add(limit, number(terms.Grace[x]))
				}
				if limit.Cmp(largest) > 0 {
					limit.Set(largest)
				}
			}
			if used.Add(used, held).Add(used, asked).Cmp(limit) > 0 {
				return false
			}
		}
	}
	return true
}

// ends takes holds from the roots of a folder.
func (w *world) ends(b *box, holds []quota.Hold, end func(quota.Root, quota.Hold) quota.Root) {
	for n, i := range w.rootsOf(b) {
		w.roots[i] = end(w.roots[i], holds[n])
	}
}

func (w *world) tell(b *box, came, gone quota.Amounts) {
	for _, i := range w.rootsOf(b) {
		if c := w.counts[i]; c != nil {
			c.Change(b.name, b.rules[i].Charge(came), b.rules[i].Charge(gone))
		}
	}
}

// came ends holds of what stands in b now; went gives back what no longer does.
func (w *world) came(b *box, a quota.Amounts, holds []quota.Hold) {
	w.ends(b, holds, quota.Root.Commit)
	w.tell(b, a, quota.Amounts{})
}

func (w *world) went(b *box, a quota.Amounts) {
	for _, i := range w.rootsOf(b) {
		w.roots[i] = w.roots[i].Discharge(b.rules[i].Charge(a))
	}
	w.tell(b, quota.Amounts{}, a)
}

func (w *world) release(b *box, holds []quota.Hold) { w.ends(b, holds, quota.Root.Release) }

func (b *box) remove(m *mail) {
	b.mails = slices.DeleteFunc(b.mails, func(o *mail) bool { return o == m })
}

// check: invariants 49 and 50.
func (w *world) check(t *rapid.T) {
	for i, r := range w.roots {
		for _, x := range quota.Resources() {
			used, held := w.sums(i, x)
			if number(r.Used[x]).Cmp(used) != 0 || number(r.Reserved[x]).Cmp(held) != 0 {
				t.Fatalf("%s of %q: used %d, reserved %d; a recount finds %d and %d", x, r.Name, r.Used[x], r.Reserved[x], used, held)
			}
			units := new(big.Int).Add(used, number(x.Unit()-1))
			if units.Quo(units, number(x.Unit())); number(x.Units(r.Used[x])).Cmp(units) != 0 {
				t.Fatalf("%s of %q: %d is told as %d, want %d", x, r.Name, used, x.Units(r.Used[x]), units)
			}
		}
	}
}

// TestModel: invariants 49 to 53. Folders with rules over two roots, uploads that
// are open at once, and everything that changes a folder, each of which may fail
// on the way; recounts go on meanwhile. An operation is admitted when the sums of
// the model say so, and only then.
func TestModel(t *testing.T) { rapid.Check(t, checkModel) }

// FuzzModel is [TestModel] with the draws taken from an input.
func FuzzModel(f *testing.F) {
	for i := range byte(8) {
		seed := make([]byte, 4<<10)
		rand.NewChaCha8([32]byte{i}).Read(seed)
		f.Add(seed)
	}
	f.Fuzz(rapid.MakeFuzz(checkModel))
}

func checkModel(t *rapid.T) {
	octets := rapid.Custom(func(t *rapid.T) int64 {
		if rapid.IntRange(0, 5).Draw(t, "large") == 0 {
			return rapid.SampledFrom([]int64{1 << 31, 1 << 32, 1 << 53, 1 << 62, math.MaxInt64}).Draw(t, "octets")
		}
		return rapid.OneOf(rapid.Int64Range(0, 3000), rapid.SampledFrom([]int64{0, 1, 1023, 1024, 1025})).Draw(t, "octets")
	})
	limit := rapid.Custom(func(t *rapid.T) quota.Limit {
		// Most limits leave room, or everything would be refused.
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			return quota.Hard(rapid.SampledFrom([]int64{0, 1, 2, 3, 1 << 21, 1 << 31, 1 << 32, 1 << 52, 1 << 53, math.MaxInt64}).Draw(t, "limit"))
		case 1, 2, 3:
			return quota.Hard(rapid.Int64Range(4, 16).Draw(t, "limit"))
		}
		return quota.Limit{}
	})
	limits := func(t *rapid.T) (l quota.Limits) {
		for _, x := range quota.Resources() {
			l[x] = limit.Draw(t, x.String())
		}
		return l
	}
	w := &world{
		roots:  []quota.Root{{Name: "", Limits: limits(t)}, {Name: "shared", Limits: limits(t)}},
		counts: make([]*quota.Recount, 2),
		boxes: []*box{
			{name: "plain", rules: map[int]quota.Rule{0: {}}},
			{name: "both", rules: map[int]quota.Rule{0: {}, 1: {}}},
			{name: "trash", rules: map[int]quota.Rule{0: {Percent: 110, Extra: quota.Of(100, 1)}}},
			{name: "ignored", rules: map[int]quota.Rule{0: {Ignore: true}, 1: {Percent: 50}}},
			{name: "free", rules: nil},
		},
	}
	// All folders are there to begin with, with some mail.
	for _, b := range w.boxes {
		b.there = true
		for range rapid.IntRange(0, 2).Draw(t, b.name) {
			b.mails = append(b.mails, &mail{rapid.Int64Range(0, 3000).Draw(t, "octets")})
		}
		for _, i := range w.rootsOf(b) {
			w.roots[i].Used = w.roots[i].Used.Plus(b.rules[i].Charge(b.cost()))
		}
	}
	// Each of these returns nil when there is none.
	aBox := func(t *rapid.T, name string) *box {
		there := slices.DeleteFunc(slices.Clone(w.boxes), func(b *box) bool { return !b.there })
		if len(there) == 0 {
			return nil
		}
		return rapid.SampledFrom(there).Draw(t, name)
	}
	aMail := func(t *rapid.T, b *box) *mail {
		if b == nil || len(b.mails) == 0 {
			return nil
		}
		return b.mails[rapid.IntRange(0, len(b.mails)-1).Draw(t, "mail")]
	}
	fails := func(t *rapid.T) bool { return rapid.IntRange(0, 3).Draw(t, "fails") == 0 }
	anUpload := func(t *rapid.T) *upload {
		if len(w.uploads) == 0 {
			return nil
		}
		i := rapid.IntRange(0, len(w.uploads)-1).Draw(t, "upload")
		u := w.uploads[i]
		w.uploads = slices.Delete(w.uploads, i, i+1)
		return u
	}
	begin := func(t *rapid.T, to *box, replaces *mail) {
		u := &upload{to: to, replaces: replaces}
		for range rapid.IntRange(1, 2).Draw(t, "mails") {
			u.comes = append(u.comes, &mail{octets.Draw(t, "octets")})
		}
		if sum := new(big.Int).Add(number(u.comes[0].octets), number(u.comes[len(u.comes)-1].octets)); len(u.comes) == 2 && sum.Cmp(largest) > 0 {
			u.comes = u.comes[:1]
		}
		u.terms = quota.Terms{Delivery: rapid.Bool().Draw(t, "delivery"), Grace: quota.Of(500, 1)}
		var from *box
		var gone quota.Amounts
		if replaces != nil {
			from, gone = to, cost(replaces)
		}
		if holds, ok := w.reserve(t, to, from, cost(u.comes...), gone, u.terms); ok {
			u.holds = holds
			w.uploads = append(w.uploads, u)
		}
	}
	t.Repeat(map[string]func(*rapid.T){
		"begin": func(t *rapid.T) {
			if b := aBox(t, "to"); b != nil {
				begin(t, b, nil)
			}
		},
		"begin a replacement": func(t *rapid.T) {
			b := aBox(t, "to")
			if m := aMail(t, b); m != nil {
				begin(t, b, m)
			}
		},
		"commit": func(t *rapid.T) {
			u := anUpload(t)
			if u == nil {
				return
			}
			gone := u.replaces
			if gone != nil && !slices.Contains(u.to.mails, gone) {
				// Somebody else has removed it: there is no credit any more.
				gone = nil
				w.release(u.to, u.holds)
				holds, ok := w.reserve(t, u.to, nil, cost(u.comes...), quota.Amounts{}, u.terms)
				if !ok {
					return
				}
				u.holds = holds
			}
			if !u.to.there {
				w.release(u.to, u.holds)
				return
			}
			if gone != nil {
				u.to.remove(gone)
				w.went(u.to, cost(gone))
			}
			u.to.mails = append(u.to.mails, u.comes...)
			w.came(u.to, cost(u.comes...), u.holds)
		},
		"abort": func(t *rapid.T) {
			if u := anUpload(t); u != nil {
				w.release(u.to, u.holds)
			}
		},
		"copy": func(t *rapid.T) {
			m, to := aMail(t, aBox(t, "from")), aBox(t, "to")
			if m == nil {
				return
			}
			holds, ok := w.reserve(t, to, nil, cost(m), quota.Amounts{}, quota.Terms{})
			if !ok {
				return
			}
			if fails(t) {
				w.release(to, holds)
				return
			}
			to.mails = append(to.mails, &mail{m.octets})
			w.came(to, cost(m), holds)
		},
		"move": func(t *rapid.T) {
			from := aBox(t, "from")
			m, to := aMail(t, from), aBox(t, "to")
			if m == nil {
				return
			}
			before := []quota.Amounts{w.roots[0].Used, w.roots[1].Used}
			holds, ok := w.reserve(t, to, from, cost(m), cost(m), quota.Terms{})
			if !ok {
				// Invariant 52, for all that uploads leave numbers for.
				if from == to && len(w.uploads) == 0 {
					t.Fatal("a move inside a root was refused")
				}
				return
			}
			if fails(t) {
				w.release(to, holds)
				return
			}
			from.remove(m)
			w.went(from, cost(m))
			to.mails = append(to.mails, &mail{m.octets})
			w.came(to, cost(m), holds)
			for i := range w.roots {
				f, inFrom := from.rules[i]
				d, inTo := to.rules[i]
				want := before[i]
				if inFrom {
					want = want.Minus(f.Charge(cost(m)))
				}
				if inTo {
					want = want.Plus(d.Charge(cost(m)))
				}
				if w.roots[i].Used != want {
					t.Fatalf("a move from %s to %s made %v of %v in root %d", from.name, to.name, w.roots[i].Used, before[i], i)
				}
			}
		},
		"expunge": func(t *rapid.T) {
			b := aBox(t, "box")
			m := aMail(t, b)
			if m == nil {
				return
			}
			b.remove(m)
			w.went(b, cost(m))
		},
		"create": func(t *rapid.T) {
			b := rapid.SampledFrom(w.boxes).Draw(t, "box")
			if b.there {
				return
			}
			var need quota.Amounts
			need[quota.Mailbox] = 1
			holds, ok := w.reserve(t, b, nil, need, quota.Amounts{}, quota.Terms{})
			if !ok {
				return
			}
			if fails(t) {
				w.release(b, holds)
				return
			}
			b.there = true
			w.ends(b, holds, quota.Root.Commit)
			for _, i := range w.rootsOf(b) {
				if c := w.counts[i]; c != nil {
					c.Count(b.name, b.rules[i].Charge(need))
				}
			}
		},
		"delete": func(t *rapid.T) {
			b := aBox(t, "box")
			if b == nil || rapid.IntRange(0, 3).Draw(t, "spared") != 0 {
				return
			}
			a := b.cost()
			for _, i := range w.rootsOf(b) {
				w.roots[i] = w.roots[i].Discharge(b.rules[i].Charge(a))
				if c := w.counts[i]; c != nil {
					c.Drop(b.name, b.rules[i].Charge(a))
				}
			}
			b.there, b.mails = false, nil
		},
		"set limits": func(t *rapid.T) {
			w.roots[rapid.IntRange(0, 1).Draw(t, "root")].Limits = limits(t)
		},
		"recount": func(t *rapid.T) {
			i := rapid.IntRange(0, 1).Draw(t, "root")
			if w.counts[i] == nil {
				w.counts[i] = new(quota.Recount)
			}
			c := w.counts[i]
			left := slices.DeleteFunc(slices.Clone(w.boxes), func(b *box) bool {
				_, in := b.rules[i]
				return !in || !b.there || c.Counted[b.name]
			})
			if len(left) > 0 {
				b := rapid.SampledFrom(left).Draw(t, "box")
				c.Count(b.name, b.rules[i].Charge(b.cost()))
				return
			}
			// Whatever the books said, they are right afterwards.
			wrong := w.roots[i]
			wrong.Used = quota.Of(octets.Draw(t, "wrong"), 7)
			if got := c.Finish(wrong); got != w.roots[i] {
				t.Fatalf("recounted %+v, there is %+v", got, w.roots[i])
			}
			w.counts[i] = nil
		},
		"": w.check,
	})
}
