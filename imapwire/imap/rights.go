package imap

import "strings"

// Rights is a set of access rights, one bit for each letter and digit of
// RFC 4314 §2.1. The zero value holds none.
type Rights uint64

// The rights of RFC 4314 §2.1.
const (
	RightLookup       = Rights(1) << ('l' - 'a') // the mailbox is visible
	RightRead         = Rights(1) << ('r' - 'a') // SELECT, STATUS
	RightSeen         = Rights(1) << ('s' - 'a') // keep \Seen across sessions
	RightWrite        = Rights(1) << ('w' - 'a') // flags but \Seen and \Deleted
	RightInsert       = Rights(1) << ('i' - 'a') // APPEND, COPY into it
	RightPost         = Rights(1) << ('p' - 'a') // send mail to it
	RightCreate       = Rights(1) << ('k' - 'a') // make mailboxes below it
	RightDeleteFolder = Rights(1) << ('x' - 'a') // delete or rename it
	RightDelete       = Rights(1) << ('t' - 'a') // \Deleted
	RightExpunge      = Rights(1) << ('e' - 'a') // EXPUNGE
	RightAdmin        = Rights(1)                // change the rights
	RightAnnotate     = Rights(1) << ('n' - 'a') // shared annotations, RFC 5257
)

// RightsAll is every right of RFC 4314.
const RightsAll = RightLookup | RightRead | RightSeen | RightWrite | RightInsert | RightPost |
	RightCreate | RightDeleteFolder | RightDelete | RightExpunge | RightAdmin | RightAnnotate

const rightLetters = "abcdefghijklmnopqrstuvwxyz0123456789"

// Has reports whether r contains all of need.
func (r Rights) Has(need Rights) bool { return r&need == need }

// String returns the letters of r, in alphabetic order.
func (r Rights) String() string {
	var b strings.Builder
	for i := range len(rightLetters) {
		if r&(1<<i) != 0 {
			b.WriteByte(rightLetters[i])
		}
	}
	return b.String()
}

// ParseRights returns the rights that the letters of s name, and false when s
// contains anything but lower-case letters and digits.
func ParseRights(s string) (Rights, bool) {
	var r Rights
	for i := 0; i < len(s); i++ {
		n := strings.IndexByte(rightLetters, s[i])
		if n < 0 {
			return 0, false
		}
		r |= 1 << n
	}
	return r, true
}
