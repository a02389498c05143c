package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// cut returns what Lines says of input that comes in the given chunks.
func cut(t interface{ Fatalf(string, ...any) }, limit int, chunks ...string) (got []string) {
	l := engine.Lines{Max: limit}
	for _, c := range chunks {
		p := []byte(c)
		for len(p) > 0 {
			line, n, bare, ok, err := l.Cut(p)
			switch {
			case err != nil:
				var le *engine.LimitError
				if !errors.As(err, &le) {
					t.Fatalf("error %v", err)
				}
				got = append(got, fmt.Sprintf("error %s %d %d", le.Name, le.Cap, le.Offset))
			case ok:
				got = append(got, fmt.Sprintf("%q bare=%v", line, bare))
			case n != len(p):
				t.Fatalf("no line, and %d of %d octets consumed", n, len(p))
			}
			if l.Retained() > 2*limit+64 {
				t.Fatalf("%d octets held, limit %d", l.Retained(), limit)
			}
			for i := range p[:n] {
				p[i] = '#' // the line was borrowed
			}
			p = p[n:]
		}
	}
	return got
}

func TestLines(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{"", nil},
		{"NOOP\r\n", []string{`"NOOP" bare=false`}},
		{"NOOP\n", []string{`"NOOP" bare=true`}},
		{"\r\n\n\r\r\n", []string{`"" bare=false`, `"" bare=true`, `"\r" bare=false`}},
		{"a\rb\r\nc", []string{`"a\rb" bare=false`}},
		{"12345678\r\n", []string{`"12345678" bare=false`}},
		{"123456789\r\nok\r\n", []string{"error Line 10 10", `"ok" bare=false`}},
		{strings.Repeat("x", 99) + "\nok\n", []string{"error Line 10 10", `"ok" bare=true`}},
	} {
		if d := cmp.Diff(tt.want, cut(t, 10, tt.in)); d != "" {
			t.Errorf("%q (-want +got):\n%s", tt.in, d)
		}
	}
}

// TestLinesChunking: invariant 1. What is cut does not depend on how the input
// came, errors included.
func TestLinesChunking(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.StringMatching(`([a-c\r]{0,12}\n){0,4}[a-c\r]{0,20}`).Draw(t, "in")
		want := cut(t, 8, in)
		for i := range in {
			if d := cmp.Diff(want, cut(t, 8, in[:i], in[i:])); d != "" {
				t.Fatalf("split at %d (-whole +split):\n%s", i, d)
			}
		}
		if d := cmp.Diff(want, cut(t, 8, strings.Split(in, "")...)); d != "" {
			t.Fatalf("octet by octet (-whole +split):\n%s", d)
		}
	})
}
