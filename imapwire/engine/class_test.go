package engine_test

import (
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// TestClassOf compares the table with the productions of RFC 9051 §9, RFC 4648
// and RFC 1939 §7, octet by octet.
func TestClassOf(t *testing.T) {
	const specials = `(){ %*"\]`
	for i := range 256 {
		c := byte(i)
		ctl := c <= 0x1f || c == 0x7f
		char := c >= 0x01 && c <= 0x7f
		atom := char && !ctl && !strings.ContainsRune(specials, rune(c))
		digit := c >= '0' && c <= '9'
		alpha := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		text := char && c != '\r' && c != '\n'
		want := map[engine.Class]bool{
			engine.Atom:    atom,
			engine.AString: atom || c == ']',
			engine.List:    atom || c == ']' || c == '%' || c == '*',
			engine.Tag:     (atom || c == ']') && c != '+',
			engine.Quoted:  text && c != '"' && c != '\\',
			engine.Text:    text,
			engine.Digit:   digit,
			engine.Base64:  digit || alpha || c == '+' || c == '/',
			engine.UTF8:    c >= 0x80,
			engine.Alpha:   alpha,
			engine.CTL:     ctl,
			engine.Visible: c >= 0x21 && c <= 0x7e,
		}
		for class, in := range want {
			if class.Is(c) != in {
				t.Errorf("class %#x has octet %#02x: %v", class, c, !in)
			}
		}
	}
}

func TestSpan(t *testing.T) {
	for _, tt := range []struct {
		class engine.Class
		in    string
		want  int
	}{
		{engine.Atom, "", 0},
		{engine.Atom, "abc def", 3},
		{engine.Atom | engine.UTF8, "a\xc3\xa9 ", 3},
		{engine.Digit, "123", 3},
		{engine.Digit, "x", 0},
	} {
		if got := tt.class.Span([]byte(tt.in)); got != tt.want {
			t.Errorf("Span(%q) = %d, want %d", tt.in, got, tt.want)
		}
		if got := tt.class.All(tt.in); got != (tt.want == len(tt.in)) {
			t.Errorf("All(%q) = %v", tt.in, got)
		}
	}
}
