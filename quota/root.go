package quota

import (
	"errors"
	"fmt"
	"math"
)

// ErrOver is what an [*OverError] is.
var ErrOver = errors.New("quota: over quota")

// An OverError says which limit stood in the way.
type OverError struct {
	Root     string
	Resource Resource
	// Limit, Usage and Asked are amounts: octets for storage.
	Limit, Usage, Asked int64
}

func (e *OverError) Error() string {
	return fmt.Sprintf("quota: %d more in %s of root %q: %d of %d used", e.Asked, e.Resource, e.Root, e.Usage, e.Limit)
}

// Is reports whether target is [ErrOver].
func (e *OverError) Is(target error) bool { return target == ErrOver }

// A Limit is what may be had of a resource, in units of the protocol. The zero
// Limit limits nothing.
type Limit struct {
	Hard, Soft       int64
	HasHard, HasSoft bool
}

// Hard returns a hard limit of n units. Negative numbers are zero.
func Hard(n int64) Limit { return Limit{Hard: max(n, 0), HasHard: true} }

// Soft returns a soft limit of n units. Negative numbers are zero.
func Soft(n int64) Limit { return Limit{Soft: max(n, 0), HasSoft: true} }

// Limits are the limits of each resource, indexed by [Resource].
type Limits [resources]Limit

// A Root is a quota root: a name, and what its folders have together. It is a
// value; its methods return another.
type Root struct {
	// Name is any string, the empty one included.
	Name   string
	Limits Limits
	// Used is what there is; Reserved is what transactions in progress may
	// add. Neither is ever negative.
	Used, Reserved Amounts
}

// A Rule is what a folder has to itself. The zero Rule is none.
type Rule struct {
	// Ignore: the folder does not count at all.
	Ignore bool
	// Percent of the limits hold for the folder; zero is 100.
	Percent int64
	// Extra is added to the limits.
	Extra Amounts
}

// Terms say more about a reservation. The zero Terms are none.
type Terms struct {
	Rule Rule
	// Credit is what the same transaction will remove: it makes room.
	Credit Amounts
	// Delivery: mail from outside, which may go above the limits by Grace.
	Delivery bool
	Grace    Amounts
}

// A Hold is what has been reserved.
type Hold struct{ amounts Amounts }

// Amounts returns what is held.
func (h Hold) Amounts() Amounts { return h.amounts }

// limit returns the hard limit of a resource as an amount; ok is false without
// one.
func (r Root) limit(x Resource, t Terms) (n int64, ok bool) {
	l := r.Limits[x]
	if !l.HasHard {
		return 0, false
	}
	n = mul(l.Hard, x.Unit())
	if p := t.Rule.Percent; p > 0 && p != 100 {
		n = scale(n, p)
	}
	n = add(n, t.Rule.Extra[x])
	if t.Delivery {
		n = add(n, t.Grace[x])
	}
	return n, true
}

// scale returns n × percent / 100 without overflow on the way.
func scale(n, percent int64) int64 {
	return add(mul(n/100, percent), mul(n%100, percent)/100)
}

// Fits reports whether need may be added, as an [*OverError] about the first
// resource that does not allow it. What does not grow always fits, also above a
// limit.
func (r Root) Fits(need Amounts, t Terms) error {
	if t.Rule.Ignore {
		return nil
	}
	for x := Storage; x < resources; x++ {
		asked := sub(need[x], t.Credit[x])
		if asked == 0 {
			continue
		}
		limit, ok := r.limit(x, t)
		if !ok {
			continue
		}
		// The sum saturates: a limit of 2^63-1 holds all the same.
		usage := add(r.Used[x], r.Reserved[x])
		if asked > limit || usage > limit-asked {
			return &OverError{Root: r.Name, Resource: x, Limit: limit, Usage: usage, Asked: asked}
		}
	}
	return nil
}

// Reserve promises need, or refuses with an [*OverError] and returns r as it
// was. What is credited is promised as well: until the transaction ends, both
// what it adds and what it will remove count.
func (r Root) Reserve(need Amounts, t Terms) (Root, Hold, error) {
	if err := r.Fits(need, t); err != nil {
		return r, Hold{}, err
	}
	if t.Rule.Ignore {
		return r, Hold{}, nil
	}
	r.Reserved = r.Reserved.Plus(need)
	return r, Hold{need}, nil
}

// Commit turns what is held into usage.
func (r Root) Commit(h Hold) Root {
	r = r.Release(h)
	r.Used = r.Used.Plus(h.amounts)
	return r
}

// Release gives up what is held.
func (r Root) Release(h Hold) Root {
	r.Reserved = r.Reserved.Minus(h.amounts)
	return r
}

// Discharge gives back what was removed.
func (r Root) Discharge(gone Amounts) Root {
	r.Used = r.Used.Minus(gone)
	return r
}

// Plus returns the hold of both.
func (h Hold) Plus(g Hold) Hold { return Hold{h.amounts.Plus(g.amounts)} }

// Line is one resource of a root as the protocol tells it.
type Line struct {
	Resource     Resource
	Usage, Limit int64 // units
}

// Lines returns the resources that have a hard or, without one, a soft limit, in
// the order of the RFC: the list of a QUOTA response. A root without limits has
// none, and no such response.
func (r Root) Lines() []Line {
	var out []Line
	for x := Storage; x < resources; x++ {
		switch l := r.Limits[x]; {
		case l.HasHard:
			out = append(out, Line{x, x.Units(r.Used[x]), l.Hard})
		case l.HasSoft:
			out = append(out, Line{x, x.Units(r.Used[x]), l.Soft})
		}
	}
	return out
}

// OverSoft returns the resources whose usage is above their soft limit.
func (r Root) OverSoft() []Resource {
	var out []Resource
	for x := Storage; x < resources; x++ {
		if l := r.Limits[x]; l.HasSoft && r.Used[x] > mul(l.Soft, x.Unit()) {
			out = append(out, x)
		}
	}
	return out
}

// A Share is a root that a folder belongs to, with the folder's rule there.
type Share struct {
	Root Root
	Rule Rule
}

// ReserveAll reserves need in every root of a folder, or in none: all of them
// have to allow it. The roots and holds that come back stand in the order of
// shares.
func ReserveAll(shares []Share, need Amounts, t Terms) ([]Root, []Hold, error) {
	roots, holds := make([]Root, len(shares)), make([]Hold, len(shares))
	for i, s := range shares {
		t.Rule = s.Rule
		var err error
		if roots[i], holds[i], err = s.Root.Reserve(need, t); err != nil {
			return nil, nil, err
		}
	}
	return roots, holds, nil
}

// Unlimited is the limit of a resource that has none, for callers that need a
// number.
const Unlimited = math.MaxInt64
