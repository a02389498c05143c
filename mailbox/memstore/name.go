package memstore

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

// delimiter separates the levels of names.
const delimiter = '/'

// canonical returns the form under which a name is kept: Net-Unicode
// (RFC 5198), with INBOX as the first level in capitals. Every name that comes
// in passes through it, so that a name finds its folder however it is composed
// (RFC 9051 §5.1). A name that can not be is [mailbox.ErrCannot].
func (l *Limits) canonical(name string) (string, error) {
	if !utf8.ValidString(name) {
		return "", fmt.Errorf("%w: a name that is not UTF-8", mailbox.ErrCannot)
	}
	// Normalising costs time, and makes no string shorter than a third: nothing
	// is spent on what is too long anyway.
	if len(name)/3 > l.Name {
		return "", fmt.Errorf("%w: a name of more than %d octets", mailbox.ErrCannot, l.Name)
	}
	name = norm.NFC.String(name)
	if strings.ContainsFunc(name, notInNames) {
		return "", fmt.Errorf("%w: a name with control characters", mailbox.ErrCannot)
	}
	if first, _, _ := strings.Cut(name, string(delimiter)); imap.IsInbox(first) {
		name = imap.Inbox + name[len(first):]
	}
	return name, l.check(name)
}

// notInNames reports characters that RFC 9051 §5.1 and RFC 5198 §2 keep out of
// names.
func notInNames(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\ufeff'
}

// check returns [mailbox.ErrCannot] for a name that has no folder.
func (l *Limits) check(name string) error {
	switch {
	case len(name) > l.Name:
		return fmt.Errorf("%w: a name of more than %d octets", mailbox.ErrCannot, l.Name)
	case strings.Count(name, string(delimiter)) >= l.Levels:
		return fmt.Errorf("%w: a name of more than %d levels", mailbox.ErrCannot, l.Levels)
	}
	for level := range strings.SplitSeq(name, string(delimiter)) {
		if level == "" {
			return fmt.Errorf("%w: an empty level in a name", mailbox.ErrCannot)
		}
	}
	return nil
}

// parent returns the name one level up, or the empty string.
func parent(name string) string {
	return name[:max(0, strings.LastIndexByte(name, delimiter))]
}

// below returns what every name below the given one starts with.
func below(name string) string { return name + string(delimiter) }
