package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

const (
	maxKeywords = 100
	maxKeyword  = 100 // octets
)

// system are the flags with a backslash that can be stored.
var system = []imap.Flag{imap.FlagAnswered, imap.FlagFlagged, imap.FlagDeleted, imap.FlagSeen, imap.FlagDraft}

// learn returns flags as the folder spells them, each once, and makes the folder
// know the keywords among them. \Recent, and what else can not be stored, is left
// out.
func (f *folder) learn(flags []imap.Flag) ([]imap.Flag, error) {
	var known []imap.Flag
	for _, flag := range flags {
		if flag.IsSystem() {
			if flag = flag.Canonical(); !slices.Contains(system, flag) {
				continue
			}
		} else if i := slices.IndexFunc(f.Keywords, flag.Equal); i >= 0 {
			flag = f.Keywords[i]
		} else if len(flag) > maxKeyword || len(f.Keywords) == maxKeywords {
			return nil, fmt.Errorf("%w: keyword %.40q", mailbox.ErrLimit, string(flag))
		} else if flag == "" || strings.ContainsFunc(string(flag), func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`(){%*"\]`, r) }) {
			return nil, fmt.Errorf("%w: keyword %.40q", mailbox.ErrCannot, string(flag))
		} else {
			f.Keywords = append(f.Keywords, flag)
		}
		if !slices.Contains(known, flag) {
			known = append(known, flag)
		}
	}
	return known, nil
}

// apply returns what flags become by an update, whose flags the folder has
// learnt, and whether they are others then.
func apply(flags []imap.Flag, u mailbox.FlagUpdate) ([]imap.Flag, bool) {
	may := func(f imap.Flag) bool { return u.Keep == nil || u.Keep(f) }
	var next []imap.Flag
	for _, f := range flags {
		named := slices.Contains(u.Flags, f)
		if gone := u.Op == mailbox.RemoveFlags && named || u.Op == mailbox.SetFlags && !named; !gone || !may(f) {
			next = append(next, f)
		}
	}
	changed := len(next) != len(flags)
	if u.Op != mailbox.RemoveFlags {
		for _, f := range u.Flags {
			if !slices.Contains(flags, f) && may(f) {
				next, changed = append(next, f), true
			}
		}
	}
	return next, changed
}
