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
	// Root is the name of the root.
	Root     string
	Resource Resource
	// Amounts, so octets for storage. Limit is the one that held, after the
	// folder's rule and the grace, and [Unlimited] where there is none; Usage
	// is what is used and reserved; Asked is what was to be added, less its
	// credit.
	Limit, Usage, Asked int64
}

func (e *OverError) Error() string {
	return fmt.Sprintf("quota: %d more in %s of root %q: %d of %d used", e.Asked, e.Resource, e.Root, e.Usage, e.Limit)
}

// Is reports whether target is [ErrOver].
func (e *OverError) Is(target error) bool { return target == ErrOver }

// A Limit is what may be had of a resource, in units of the protocol. The zero
// Limit limits nothing.
//
// A negative Hard or Soft is zero.
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

// Terms say more about a reservation. The zero Terms are none.
type Terms struct {
	// Rule is that of the folder which grows.
	Rule Rule
	// Credit is what the same transaction will remove from the same root: it
	// makes room. Who finds at the end that somebody else removed some of it
	// has to release and reserve anew with what is left, or two transactions
	// spend one credit.
	Credit Amounts
	// Delivery: mail from outside, which may go above the limits by Grace.
	Delivery bool
	Grace    Amounts
}

// A Hold is what has been reserved in one root. It ends once, with
// [Root.Commit] or [Root.Release]. The zero Hold holds nothing.
type Hold struct{ amounts Amounts }

// HoldOf returns the hold of amounts that a store kept: those of [Hold.Amounts].
// So a hold can outlast the process that reserved it, and another node can end
// it.
func HoldOf(a Amounts) Hold { return Hold{a.clamp()} }

// Amounts returns what is held.
func (h Hold) Amounts() Amounts { return h.amounts }

// limit returns the hard limit of a resource as an amount; without one it is
// [Unlimited].
func (r Root) limit(x Resource, t Terms) int64 {
	l := r.Limits[x]
	if !l.HasHard {
		return Unlimited
	}
	percent := int64(100)
	if t.Rule.Percent > 0 {
		percent = t.Rule.Percent
	}
	n := add(scale(l.Hard, percent, x.Unit()), t.Rule.Extra[x])
	if t.Delivery {
		n = add(n, t.Grace[x])
	}
	return n
}

// Fits reports whether need may be added, as an [*OverError] about the first
// resource that does not allow it. What does not grow always fits, also above a
// limit. Sums end at 2^63-1 even where nothing is limited: what could not be
// counted does not fit, so that no sum saturates and forgets what it is made of.
func (r Root) Fits(need Amounts, t Terms) error {
	if t.Rule.Ignore {
		return nil
	}
	for x := Storage; x < resources; x++ {
		// All of it is reserved, the credited part too.
		if held := max(r.Reserved[x], 0); need[x] > math.MaxInt64-held {
			return &OverError{Root: r.Name, Resource: x, Limit: Unlimited, Usage: held, Asked: need[x]}
		}
		asked := sub(need[x], t.Credit[x])
		if asked == 0 {
			continue
		}
		limit, usage := r.limit(x, t), add(r.Used[x], r.Reserved[x])
		if usage > limit-asked {
			return &OverError{Root: r.Name, Resource: x, Limit: limit, Usage: usage, Asked: asked}
		}
	}
	return nil
}

// Reserve promises need, or refuses with an [*OverError] and returns r as it
// was. What is credited is promised as well: until the transaction ends, both
// what it adds and what it will remove count. In an ignored folder nothing is
// held.
func (r Root) Reserve(need Amounts, t Terms) (Root, Hold, error) {
	if err := r.Fits(need, t); err != nil {
		return r, Hold{}, err
	}
	h := Hold{t.Rule.Charge(need)}
	r.Reserved = r.Reserved.Plus(h.amounts)
	return r, h, nil
}

// Commit turns what is held into usage. What the same transaction removed is
// discharged before: then the usage on the way is not above what it was admitted
// to be.
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

// Discharge gives back what was removed: what it cost, which is nothing in an
// ignored folder ([Rule.Charge]).
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
// the order of the RFC: the list of a QUOTA response, which is empty for a root
// without limits (RFC 9208 §4.2.1).
func (r Root) Lines() []Line {
	var out []Line
	for x := Storage; x < resources; x++ {
		switch l := r.Limits[x]; {
		case l.HasHard:
			out = append(out, Line{x, x.Units(r.Used[x]), max(l.Hard, 0)})
		case l.HasSoft:
			out = append(out, Line{x, x.Units(r.Used[x]), max(l.Soft, 0)})
		}
	}
	return out
}

// OverSoft returns the resources whose usage is above their soft limit.
func (r Root) OverSoft() []Resource {
	var out []Resource
	for x := Storage; x < resources; x++ {
		if l := r.Limits[x]; l.HasSoft && r.Used[x] > scale(l.Soft, 100, x.Unit()) {
			out = append(out, x)
		}
	}
	return out
}

// Unlimited is the limit of a resource that has none: the largest number there
// is.
const Unlimited = math.MaxInt64
