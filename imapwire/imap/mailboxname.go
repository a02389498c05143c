package imap

import (
	"encoding/base64"
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Inbox is the name every user has (RFC 9051 §5.1). It alone is compared
// without regard to case.
const Inbox = "INBOX"

// IsInbox reports whether name is INBOX in any case.
func IsInbox(name string) bool { return equalFoldASCII(name, Inbox) }

// ErrMailboxName reports a mailbox name that is not valid in its encoding.
var ErrMailboxName = errors.New("imap: mailbox name is not valid in its encoding")

// mailboxBase64 is the base64 of modified UTF-7: "," for "/", no padding.
var mailboxBase64 = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").
	WithPadding(base64.NoPadding).Strict()

// EncodeMailbox returns the wire form of a mailbox name: name itself when
// UTF-8 is in force on the connection (RFC 9051 §5.1, RFC 9755), modified
// UTF-7 otherwise (RFC 3501 §5.1.3). Every UTF-8 string has a wire form; a run of
// octets that are not UTF-8 is replaced by one U+FFFD, in either form.
func EncodeMailbox(name string, utf8Names bool) string {
	name = strings.ToValidUTF8(name, "\uFFFD")
	if utf8Names {
		return name
	}
	return string(appendUTF7(nil, name))
}

// DecodeMailbox returns the mailbox name that a wire form stands for, as
// UTF-8. Only the canonical encoding of a name decodes, so that a name has one
// wire form and EncodeMailbox gives it back: anything else is ErrMailboxName
// (unterminated or empty shifts, encoded printable ASCII, odd bits, lone
// surrogates, octets above 0x7E; with utf8Names, invalid UTF-8).
func DecodeMailbox(wire string, utf8Names bool) (string, error) {
	if utf8Names {
		if !utf8.ValidString(wire) {
			return "", ErrMailboxName
		}
		return wire, nil
	}
	return decodeUTF7(wire)
}

// DisplayMailbox returns something to show for every wire form: the name if it
// decodes, otherwise the octets with what is not UTF-8 replaced. It must not
// be used to address the mailbox.
func DisplayMailbox(wire string, utf8Names bool) string {
	if name, err := DecodeMailbox(wire, utf8Names); err == nil {
		return name
	}
	return strings.ToValidUTF8(wire, "\uFFFD")
}

func isUTF7Direct(c byte) bool { return 0x20 <= c && c <= 0x7e }

// appendUTF7 appends the canonical form of name, which is valid UTF-8: what can
// stand for itself does, and a run of the rest is one shift.
func appendUTF7(dst []byte, name string) []byte {
	for i := 0; i < len(name); {
		c := name[i]
		if isUTF7Direct(c) {
			dst = append(dst, c)
			if c == '&' {
				dst = append(dst, '-')
			}
			i++
			continue
		}
		var units []byte
		for i < len(name) && !isUTF7Direct(name[i]) {
			r, n := utf8.DecodeRuneInString(name[i:])
			i += n
			if r1, r2 := utf16.EncodeRune(r); r1 != utf8.RuneError {
				units = append(units, byte(r1>>8), byte(r1), byte(r2>>8), byte(r2))
			} else {
				units = append(units, byte(r>>8), byte(r))
			}
		}
		dst = append(dst, '&')
		dst = mailboxBase64.AppendEncode(dst, units)
		dst = append(dst, '-')
	}
	return dst
}

func decodeUTF7(wire string) (string, error) {
	if !strings.Contains(wire, "&") {
		for i := 0; i < len(wire); i++ {
			if !isUTF7Direct(wire[i]) {
				return "", ErrMailboxName
			}
		}
		return wire, nil
	}
	var b strings.Builder
	for i := 0; i < len(wire); i++ {
		c := wire[i]
		if !isUTF7Direct(c) {
			return "", ErrMailboxName
		}
		if c != '&' {
			b.WriteByte(c)
			continue
		}
		n := strings.IndexByte(wire[i+1:], '-')
		if n < 0 {
			return "", ErrMailboxName
		}
		if n == 0 {
			b.WriteByte('&')
			i++
			continue
		}
		shift := wire[i+1 : i+1+n]
		if strings.ContainsAny(shift, "\r\n") {
			return "", ErrMailboxName // base64 passes over line ends
		}
		units, err := mailboxBase64.DecodeString(shift)
		if err != nil || len(units)%2 != 0 {
			return "", ErrMailboxName
		}
		for j := 0; j < len(units); j += 2 {
			r := rune(units[j])<<8 | rune(units[j+1])
			if utf16.IsSurrogate(r) {
				if j+4 > len(units) {
					return "", ErrMailboxName
				}
				r = utf16.DecodeRune(r, rune(units[j+2])<<8|rune(units[j+3]))
				if r == utf8.RuneError {
					return "", ErrMailboxName
				}
				j += 2
			} else if r < utf8.RuneSelf && isUTF7Direct(byte(r)) {
				return "", ErrMailboxName
			}
			b.WriteRune(r)
		}
		i += n + 1
		// Two shifts in a row are one shift in the canonical form.
		if i+2 < len(wire) && wire[i+1] == '&' && wire[i+2] != '-' {
			return "", ErrMailboxName
		}
	}
	return b.String(), nil
}
