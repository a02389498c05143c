package imapserve

import (
	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// removed reports whether a command, or an item of it, is one that IMAP4rev2 no
// longer has: CHECK (RFC 9051 Appendix E, 17), LSUB (19), RFC822, RFC822.HEADER
// and RFC822.TEXT in a FETCH (18), NEW, OLD and RECENT in a SEARCH (12). After
// ENABLE IMAP4rev2 they are BAD, as what §9 has no rule for: Appendix A says that
// what was removed is never returned unless a client of RFC 3501 asks for it.
// STATUS sees to its RECENT itself.
func removed(cmd imapwire.Command) bool {
	switch cmd := cmd.(type) {
	case *imapwire.Check, *imapwire.LSub:
		return true
	case *imapwire.Fetch:
		for _, item := range cmd.Items {
			switch item {
			case imapwire.FetchRFC822, imapwire.FetchRFC822Header, imapwire.FetchRFC822Text:
				return true
			}
		}
	case *imapwire.Search:
		return usesRecent(cmd.Key)
	}
	return false
}

// usesRecent reports whether a search key asks for \Recent.
func usesRecent(key imap.SearchKey) bool {
	switch k := key.(type) {
	case *imap.SearchNew:
		return true
	case *imap.SearchFlag:
		return k.Flag == imap.FlagRecent
	case *imap.SearchNot:
		return usesRecent(k.Key)
	case *imap.SearchOr:
		return usesRecent(k.Left) || usesRecent(k.Right)
	case *imap.SearchAnd:
		for _, sub := range k.Keys {
			if usesRecent(sub) {
				return true
			}
		}
	}
	return false
}
