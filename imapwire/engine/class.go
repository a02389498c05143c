package engine

// A Class is a set of character classes, one bit for each; [ClassOf] has the
// classes of an octet.
type Class uint16

const (
	// Atom is ATOM-CHAR of RFC 9051 §9: any CHAR but atom-specials.
	Atom Class = 1 << iota
	// AString is ASTRING-CHAR: ATOM-CHAR or "]".
	AString
	// List is list-char: ATOM-CHAR, list-wildcards or "]".
	List
	// Tag is what a tag is made of: ASTRING-CHAR but "+".
	Tag
	// Quoted is what stands in a quoted string without a backslash: TEXT-CHAR
	// but quoted-specials. Octets above 0x7F are not in it.
	Quoted
	// Text is TEXT-CHAR: any CHAR but CR and LF.
	Text
	// Digit is "0" to "9".
	Digit
	// Base64 is base64-char, without "=".
	Base64
	// UTF8 is an octet above 0x7F.
	UTF8
	// Alpha is an ASCII letter.
	Alpha
	// CTL is 0x00 to 0x1F and 0x7F.
	CTL
	// Visible is 0x21 to 0x7E, POP3's unique-id and keyword characters.
	Visible
)

var classes = makeClasses()

func makeClasses() (t [256]Class) {
	for i := range t {
		c := byte(i)
		var k Class
		ctl := c < 0x20 || c == 0x7f
		if ctl {
			k |= CTL
		}
		if c >= 0x80 {
			k |= UTF8
		}
		if c > 0x20 && c < 0x7f {
			k |= Visible
		}
		if c >= '0' && c <= '9' {
			k |= Digit | Base64
		}
		if c|0x20 >= 'a' && c|0x20 <= 'z' {
			k |= Alpha | Base64
		}
		if c == '+' || c == '/' {
			k |= Base64
		}
		if c != 0 && c < 0x80 && c != '\r' && c != '\n' {
			k |= Text
			if c != '"' && c != '\\' {
				k |= Quoted
			}
		}
		if c < 0x80 && !ctl {
			switch c {
			case '(', ')', '{', ' ', '"', '\\':
			case '%', '*':
				k |= List
			case ']':
				k |= AString | List | Tag
			default:
				k |= Atom | AString | List
				if c != '+' {
					k |= Tag
				}
			}
		}
		t[i] = k
	}
	return t
}

// ClassOf returns the classes of c.
func ClassOf(c byte) Class { return classes[c] }

// Is reports whether c belongs to any class of k.
func (k Class) Is(c byte) bool { return classes[c]&k != 0 }

// Span returns the length of the longest prefix of b whose octets all belong
// to a class of k.
func (k Class) Span(b []byte) int {
	for i, c := range b {
		if classes[c]&k == 0 {
			return i
		}
	}
	return len(b)
}

// All reports whether every octet of s belongs to a class of k.
func (k Class) All(s string) bool {
	for i := 0; i < len(s); i++ {
		if classes[s[i]]&k == 0 {
			return false
		}
	}
	return true
}
