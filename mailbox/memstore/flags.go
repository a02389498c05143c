package memstore

import (
	"fmt"
	"maps"
	"slices"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

// keywords are the keywords that a folder knows. They are never forgotten
// (RFC 9051 §7.3.5 lets a client rely on what FLAGS told).
type keywords struct {
	known  []imap.Flag
	byFold map[string]imap.Flag
}

// list returns the keywords, for callers to keep: what grows later is not in
// it.
func (k *keywords) list() []imap.Flag { return slices.Clip(k.known) }

// clone returns keywords that can be given up again.
func (k *keywords) clone() keywords {
	return keywords{known: slices.Clip(k.known), byFold: maps.Clone(k.byFold)}
}

// learn adds keywords that resolve found to be new.
func (k *keywords) learn(fresh []imap.Flag) {
	if len(fresh) > 0 && k.byFold == nil {
		k.byFold = make(map[string]imap.Flag)
	}
	for _, f := range fresh {
		if _, known := k.byFold[f.Fold()]; !known {
			k.byFold[f.Fold()] = f
			k.known = append(k.known, f)
		}
	}
}

// resolve returns flags in the spelling of the folder, each once, and those of
// them that are keywords which the folder does not know yet. \Recent and
// backslash flags that no folder can store are left out, as RFC 9051 §7.1
// (PERMANENTFLAGS) allows.
func (k *keywords) resolve(flags []imap.Flag, lim *Limits) (resolved, fresh []imap.Flag, err error) {
	for _, f := range flags {
		if f.IsSystem() {
			f = f.Canonical()
			if f == imap.FlagRecent || !slices.Contains(storable[:], f) {
				continue
			}
		} else if known, ok := k.byFold[f.Fold()]; ok {
			f = known
		} else if i := slices.IndexFunc(fresh, f.Equal); i >= 0 {
			f = fresh[i]
		} else if err := lim.keyword(f); err != nil {
			return nil, nil, err
		} else {
			fresh = append(fresh, f)
		}
		if !slices.Contains(resolved, f) {
			resolved = append(resolved, f)
		}
	}
	if err := k.room(len(fresh), lim); err != nil {
		return nil, nil, err
	}
	return resolved, fresh, nil
}

// room returns [mailbox.ErrLimit] when the folder can not learn n keywords.
func (k *keywords) room(n int, lim *Limits) error {
	if n > 0 && len(k.known)+n > lim.Keywords {
		return fmt.Errorf("%w: more than %d keywords", mailbox.ErrLimit, lim.Keywords)
	}
	return nil
}

// storable are the system flags of folders.
var storable = [...]imap.Flag{imap.FlagAnswered, imap.FlagFlagged, imap.FlagDeleted, imap.FlagSeen, imap.FlagDraft}

// flagLists are lists of system flags that messages of a folder have, each once:
// who looks at many messages finds their flags in few places. There are 326 at
// most.
type flagLists map[uint16][]imap.Flag

// share returns flags, or what it has returned for the same before. Lists with
// keywords are not shared.
func (l *flagLists) share(flags []imap.Flag) []imap.Flag {
	key := uint16(0) // three bits for each flag
	for _, f := range flags {
		i := slices.Index(storable[:], f)
		if i < 0 {
			return flags
		}
		key = key<<3 | uint16(i+1)
	}
	if shared, ok := (*l)[key]; ok {
		return shared
	}
	if *l == nil {
		*l = make(flagLists)
	}
	(*l)[key] = flags
	return flags
}

// keyword checks a keyword: an atom, so that it can be told.
//
//	flag-keyword = atom
func (l *Limits) keyword(f imap.Flag) error {
	if len(f) > l.Keyword {
		return fmt.Errorf("%w: a keyword of more than %d octets", mailbox.ErrLimit, l.Keyword)
	}
	if f == "" || slices.ContainsFunc([]byte(f), notInAtoms) {
		return fmt.Errorf("%w: keyword %.40q", mailbox.ErrCannot, string(f))
	}
	return nil
}

func notInAtoms(c byte) bool {
	switch c {
	case '(', ')', '{', '%', '*', '"', '\\', ']':
		return true
	}
	return c <= ' ' || c >= 0x7f
}

// A flagChange is a [mailbox.FlagUpdate] in the spelling of a folder.
type flagChange struct {
	op    mailbox.FlagOp
	flags []imap.Flag
	keep  func(imap.Flag) bool
}

func (c *flagChange) may(f imap.Flag) bool { return c.keep == nil || c.keep(f) }

// apply returns what old becomes, and whether that is something else. Flags
// keep their order; new ones come last.
func (c *flagChange) apply(old []imap.Flag) ([]imap.Flag, bool) {
	out := make([]imap.Flag, 0, len(old)+len(c.flags))
	for _, f := range old {
		named := slices.Contains(c.flags, f)
		if named && c.op == mailbox.RemoveFlags && c.may(f) || !named && c.op == mailbox.SetFlags && c.may(f) {
			continue
		}
		out = append(out, f)
	}
	changed := len(out) != len(old)
	if c.op == mailbox.RemoveFlags {
		return out, changed
	}
	for _, f := range c.flags {
		if !slices.Contains(old, f) && c.may(f) {
			out = append(out, f)
			changed = true
		}
	}
	return out, changed
}
