package memstore

import (
	"fmt"
	"slices"

	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/quota"
)

// A share is a root of the account that a folder counts in, by its index.
type share struct {
	root int
	rule quota.Rule
}

// shares returns where a folder of that name counts. A root that ignores it has
// no share of it.
func (a *account) shares(name string) []share {
	var out []share
	for i, p := range a.store.policies {
		if rule, belongs := p.Of(name); belongs && !rule.Ignore {
			out = append(out, share{i, rule})
		}
	}
	return out
}

// charged returns the roots of shares.
func (a *account) charged(shares []share) []quota.Root {
	out := make([]quota.Root, len(shares))
	for i, sh := range shares {
		out[i] = a.roots[sh.root]
	}
	return out
}

// amounts returns what messages cost.
func amounts(messages []*entry) quota.Amounts {
	var octets int64
	for _, e := range messages {
		octets += e.content.size
	}
	return quota.Of(octets, int64(len(messages)))
}

// folders returns what n folders cost.
func folders(n int) (a quota.Amounts) {
	a[quota.Mailbox] = int64(n)
	return a
}

// cost is what the folder costs with all it has.
func (f *folder) cost() quota.Amounts {
	return quota.Of(f.size, int64(len(f.messages))).Plus(folders(1))
}

// A bill is what a change adds to the roots of its account, and what it takes
// from them, folder by folder.
type bill []item

type item struct {
	// folder is whom it is about; while a folder has no ID, its name stands
	// in place of that.
	folder mailbox.FolderID
	name   string

	shares     []share
	came, went quota.Amounts
	// enters, leaves: the whole folder comes to these roots, or goes.
	enters, leaves bool
}

// admit returns the roots as a bill makes them, or [mailbox.ErrOverQuota]. What
// goes makes room for what comes to the same root. Nothing has changed yet: post
// puts it into the books.
func (a *account) admit(b bill) ([]quota.Root, error) {
	roots := slices.Clone(a.roots)
	for i, root := range roots {
		var came, went quota.Amounts
		var rules []quota.Rule
		for _, it := range b {
			for _, sh := range it.shares {
				if sh.root != i {
					continue
				}
				came, went = came.Plus(it.came), went.Plus(it.went)
				if it.came != (quota.Amounts{}) && !slices.Contains(rules, sh.rule) {
					rules = append(rules, sh.rule)
				}
			}
		}
		// Where folders of several rules grow, the lowest limit holds for all.
		for _, rule := range rules {
			if err := root.Fits(came, quota.Terms{Rule: rule, Credit: went}); err != nil {
				return nil, overQuota(err)
			}
		}
		root = root.Discharge(went)
		root.Used = root.Used.Plus(came)
		roots[i] = root
	}
	return roots, nil
}

// post puts a bill that was admitted into the books.
func (a *account) post(b bill, roots []quota.Root) {
	a.roots = roots
	for c := range a.recounts {
		for _, it := range b {
			if it.folder == "" {
				it.folder = a.names[it.name].id
			}
			c.tell(it)
		}
	}
}

func overQuota(err error) error { return fmt.Errorf("%w: %w", mailbox.ErrOverQuota, err) }

// A hold is what a transaction has reserved, in each of the roots that its folder
// had shares of at the time. The zero hold is nothing.
type hold struct {
	shares []share
	holds  []quota.Hold
	// need is what was reserved, on the strength of so much credit.
	need, credit quota.Amounts
}

// release gives up a hold.
func (a *account) release(h hold) {
	roots := slices.Clone(a.roots)
	for i, sh := range h.shares {
		roots[sh.root] = roots[sh.root].Release(h.holds[i])
	}
	a.roots = roots
}

// reserve returns a hold of need for a folder that takes the place of old, or
// [mailbox.ErrOverQuota], and then old is as it was.
func (f *folder) reserve(old hold, need, credit quota.Amounts, t quota.Terms) (hold, error) {
	a := f.a
	before := a.roots
	a.release(old)
	shares := make([]quota.Share, len(f.shares))
	for i, sh := range f.shares {
		shares[i] = quota.Share{Root: a.roots[sh.root], Rule: sh.rule, Credit: credit}
	}
	roots, holds, err := quota.ReserveAll(shares, need, t)
	if err != nil {
		a.roots = before
		return hold{}, overQuota(err)
	}
	// release has left a copy that nobody else has seen.
	for i, sh := range f.shares {
		a.roots[sh.root] = roots[i]
	}
	return hold{f.shares, holds, need, credit}, nil
}

// commit turns a hold of the folder into usage, less what went in the same
// stroke.
func (f *folder) commit(h hold, went quota.Amounts) {
	a := f.a
	roots := slices.Clone(a.roots)
	for i, sh := range h.shares {
		roots[sh.root] = roots[sh.root].Discharge(went).Commit(h.holds[i])
	}
	a.post(bill{{folder: f.id, shares: h.shares, came: h.need, went: went}}, roots)
}
