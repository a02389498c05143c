package imapserve

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// naive is the definition of a pattern, whatever it costs.
func naive(pat, name string) bool {
	if pat == "" {
		return name == ""
	}
	switch pat[0] {
	case '*', '%':
		for i := 0; i <= len(name); i++ {
			if naive(pat[1:], name[i:]) {
				return true
			}
			if i < len(name) && name[i] == '/' && pat[0] == '%' {
				return false
			}
		}
		return false
	}
	return name != "" && name[0] == pat[0] && naive(pat[1:], name[1:])
}

// TestPattern: invariant 60, threat C3. Patterns of LIST against a plain matcher, and
// many wildcards on a name that almost fits: steps grow with pattern times name.
func TestPattern(t *testing.T) {
	for _, tt := range []struct {
		pat, name string
		want      bool
	}{
		{"*", "", true}, {"%", "", true}, {"", "", true}, {"", "a", false}, {"%", "a/b", false}, {"*", "a/b", true},
		{"%/%", "a/b", true}, {"%/%", "a/b/c", false}, {"a*c", "abbc", true}, {"*%b", "a/ab", true}, {"inbox", "INBOX", true}, {"In%", "INBOX", true},
		{"inbox/a", "INBOX/a", false}, {"%a%b", "xaab", true}, {"é*", "éa", true},
	} {
		if got := (pattern{tt.pat, '/'}).match(tt.name); got != tt.want {
			t.Errorf("%q and %q: %v", tt.pat, tt.name, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		pat, name := rapid.StringMatching(`[ab/*%]{0,8}`).Draw(t, "pattern"), rapid.StringMatching(`[ab/]{0,8}`).Draw(t, "name")
		if got := matchWild(pat, name, '/'); got != naive(pat, name) {
			t.Fatalf("%q and %q: %v", pat, name, got)
		}
	})
	for _, pat := range []string{strings.Repeat("*a", 500) + "b", strings.Repeat("%a", 500) + "b", strings.Repeat("*", 1000) + "b", strings.Repeat("*%", 500) + "b", strings.Repeat("a*", 500) + "b", strings.Repeat("**a", 300) + "b"} {
		for _, name := range []string{"a", strings.Repeat("a", 1000), strings.Repeat("a/", 500), strings.Repeat("b", 1000)} {
			fits, steps := matchSteps(pat, name, '/')
			if got := (pattern{pat, '/'}).match(name); got != fits {
				t.Errorf("%.12q… and %.12q…: %v", pat, name, got)
			}
			if fits && name[0] == 'a' {
				t.Errorf("%.12q…: %.12q… has no b at its end", pat, name)
			}
			if most := 3 * (len(pat) + 1) * (len(name) + 1); steps > most {
				t.Errorf("%.12q… and %.12q…: %d steps, %d at most", pat, name, steps, most)
			}
		}
	}
}
