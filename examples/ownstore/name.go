package main

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

const (
	delimiter = "/"
	maxName   = 1000
)

// canonical returns the one form of a name under which it is kept: composed, as
// RFC 9051 §5.1 asks with Net-Unicode, and INBOX in capitals.
func canonical(name string) (string, error) {
	if len(name) > maxName || !utf8.ValidString(name) || strings.ContainsFunc(name, notInNames) {
		return "", fmt.Errorf("%w: %.40q is no name", mailbox.ErrCannot, name)
	}
	name = norm.NFC.String(name)
	first, rest, deep := strings.Cut(name, delimiter)
	if imap.IsInbox(first) {
		if name = imap.Inbox; deep {
			name = below(name) + rest
		}
	}
	for level := range strings.SplitSeq(name, delimiter) {
		if level == "" {
			return "", fmt.Errorf("%w: an empty level in a name", mailbox.ErrCannot)
		}
	}
	if len(name) > maxName || strings.Count(name, delimiter) > 50 {
		return "", fmt.Errorf("%w: %.40q is too long or too deep", mailbox.ErrCannot, name)
	}
	return name, nil
}

func notInNames(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\ufeff'
}

// parent returns the name one level up, or the empty string.
func parent(name string) string { return name[:max(0, strings.LastIndex(name, delimiter))] }

// below returns what every name below the given one starts with.
func below(name string) string { return name + delimiter }
