package quota

// A Rule is what a folder has to itself in a root. The zero Rule is none.
type Rule struct {
	// Ignore: the folder does not count at all.
	Ignore bool
	// Percent of the limits hold for the folder; zero is 100, and so is what
	// is negative.
	Percent int64
	// Extra is added to the limits, after Percent.
	Extra Amounts
}

// Charge returns what a folder under the rule costs its root when it has a: a,
// or nothing when it is ignored. Use it wherever a folder's amounts meet a
// [Root] or a [Recount] without passing [Root.Reserve].
func (r Rule) Charge(a Amounts) Amounts {
	if r.Ignore {
		return Amounts{}
	}
	return a.clamp()
}

// A Policy says what a root limits, and which folders count in it.
type Policy struct {
	Root   string
	Limits Limits
	// Rule returns what a folder of that name has to itself, and whether it
	// belongs to the root at all. It says the same whenever it is asked. A nil
	// Rule takes all folders and has nothing special for any.
	Rule func(folder string) (rule Rule, belongs bool)
}

// Of returns what the policy has for a folder.
func (p Policy) Of(folder string) (rule Rule, belongs bool) {
	if p.Rule == nil {
		return Rule{}, true
	}
	return p.Rule(folder)
}

// A Share is a root that a folder belongs to, with the folder's rule there. A
// folder has one share of a root.
type Share struct {
	Root Root
	Rule Rule
	// Credit is what the same transaction will remove from this root, as in
	// [Terms].
	Credit Amounts
}

// Charged returns the roots that grow with a folder, which are those that
// GETQUOTAROOT lists (RFC 9208 §4.1.2): all but those that ignore it.
func Charged(shares []Share) []Root {
	var out []Root
	for _, s := range shares {
		if !s.Rule.Ignore {
			out = append(out, s.Root)
		}
	}
	return out
}

// Credit returns the shares of a folder to which messages of another folder
// move, with the credit for them: what moves makes room in the roots that both
// folders charge, and in no other. Roots are the same when their names are.
func Credit(to, from []Share, moved Amounts) []Share {
	out := make([]Share, len(to))
	for i, s := range to {
		for _, f := range from {
			if f.Root.Name == s.Root.Name {
				s.Credit = s.Credit.Plus(f.Rule.Charge(moved))
			}
		}
		out[i] = s
	}
	return out
}

// ReserveAll reserves need in every root of a folder, or in none: all of them
// have to allow it, so the lowest decides. Rule and Credit are those of each
// share; those of t do not count. The roots and holds that come back stand in
// the order of shares. An error is the [*OverError] of the first root that
// refused.
func ReserveAll(shares []Share, need Amounts, t Terms) ([]Root, []Hold, error) {
	roots, holds := make([]Root, len(shares)), make([]Hold, len(shares))
	for i, s := range shares {
		t.Rule, t.Credit = s.Rule, s.Credit
		var err error
		if roots[i], holds[i], err = s.Root.Reserve(need, t); err != nil {
			return nil, nil, err
		}
	}
	return roots, holds, nil
}
