package imap

// A Flag is a system flag (with its backslash), or a keyword. Flags are
// compared without regard to the case of ASCII letters (RFC 9051 §2.3.2); use
// [Flag.Equal].
type Flag string

// The system flags of RFC 9051 §2.3.2, and \Recent of RFC 3501 §2.3.2, which
// only a server sets.
const (
	FlagSeen     Flag = `\Seen`
	FlagAnswered Flag = `\Answered`
	FlagFlagged  Flag = `\Flagged`
	FlagDeleted  Flag = `\Deleted`
	FlagDraft    Flag = `\Draft`
	FlagRecent   Flag = `\Recent`

	// FlagWildcard is `\*` in PERMANENTFLAGS: the client may make keywords.
	FlagWildcard Flag = `\*`
)

// Registered keywords that mail programs use (RFC 9051 §2.3.2, RFC 3503).
const (
	KeywordForwarded Flag = "$Forwarded"
	KeywordMDNSent   Flag = "$MDNSent"
	KeywordJunk      Flag = "$Junk"
	KeywordNotJunk   Flag = "$NotJunk"
	KeywordPhishing  Flag = "$Phishing"
	KeywordImportant Flag = "$Important"
)

// SystemFlags are the five flags that every folder can store.
func SystemFlags() []Flag {
	return []Flag{FlagAnswered, FlagFlagged, FlagDeleted, FlagSeen, FlagDraft}
}

// Equal reports whether f and g are the same flag: ASCII letters match in
// either case, every other byte exactly.
func (f Flag) Equal(g Flag) bool { return equalFoldASCII(string(f), string(g)) }

// IsSystem reports whether f starts with a backslash.
func (f Flag) IsSystem() bool { return len(f) > 0 && f[0] == '\\' }

// Canonical returns the constant of this package for a system flag in any
// case, and f itself for everything else.
func (f Flag) Canonical() Flag {
	if !f.IsSystem() {
		return f
	}
	for _, g := range [...]Flag{FlagSeen, FlagAnswered, FlagFlagged, FlagDeleted, FlagDraft, FlagRecent} {
		if f.Equal(g) {
			return g
		}
	}
	return f
}

// Fold returns the form of f under which equal flags are equal strings: ASCII
// letters in lower case. It serves as a map key.
func (f Flag) Fold() string {
	i := 0
	for i < len(f) && lowerASCII(f[i]) == f[i] {
		i++
	}
	if i == len(f) {
		return string(f)
	}
	b := []byte(f)
	for ; i < len(b); i++ {
		b[i] = lowerASCII(b[i])
	}
	return string(b)
}

// HasFlag reports whether flags contains f.
func HasFlag(flags []Flag, f Flag) bool {
	for _, g := range flags {
		if g.Equal(f) {
			return true
		}
	}
	return false
}

func lowerASCII(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}

func equalFoldASCII(a, b string) bool {
	if a == b || len(a) != len(b) {
		return a == b
	}
	for i := range len(a) {
		if lowerASCII(a[i]) != lowerASCII(b[i]) {
			return false
		}
	}
	return true
}
