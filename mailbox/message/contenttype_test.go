package message

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/imapwire/imap"
)

func TestParseContentType(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"text/plain", "text/plain"},
		{"TEXT/Plain; CharSet=UTF-8", `TEXT/Plain; CharSet="UTF-8"`},
		{"text/plain;charset=utf-8;format=flowed", `text/plain; charset="utf-8"; format="flowed"`},
		{`text/plain; charset="utf-8"`, `text/plain; charset="utf-8"`},
		{"text / plain ; charset = utf-8", `text/plain; charset="utf-8"`},
		{"text/plain; charset=us-ascii (Plain text; really)", `text/plain; charset="us-ascii"`},
		{"(a) text (b) / (c) plain (d) ; (e) charset (f) = (g) x (h)", `text/plain; charset="x"`},
		{`application/x; a="b;c"; d="e\"f\\g"`, `application/x; a="b;c"; d="e\"f\\g"`},
		{`application/x; a=""`, `application/x; a=""`},
		{"application/x; a=", `application/x; a=""`},
		{"application/x; name=my file.pdf; x=1", `application/x; name="my file.pdf"; x="1"`},
		{"application/x; name=a/b=c", `application/x; name="a/b=c"`},
		{"application/x; name=report(2).pdf", `application/x; name="report(2).pdf"`},
		{`application/x; name="a"b; x=1`, `application/x; name="a"; x="1"`},
		{`application/x; name="open; x=1`, `application/x; name="open; x=1"`},
		{"text/plain charset=utf-8", `text/plain; charset="utf-8"`},
		{"text/plain;;;charset=utf-8;", `text/plain; charset="utf-8"`},
		{"text/plain; charset; x=1", `text/plain; x="1"`},
		{"text/plain; =1; x=2", `text/plain; x="2"`},
		{"text/plain; a=1; a=2", `text/plain; a="1"; a="2"`},
		{"text/plain; n\xe4me=\xfc", `text/plain; "n\xe4me"="\xfc"`},
		{"text", "text/plain"},
		{"text; charset=x", `text/plain; charset="x"`},
		{"multipart; boundary=x", ""},
		{"text/", "text/plain"},
		{"image", ""},
		{"", ""},
		{"/plain", ""},
		{";charset=x", ""},
		{"\"text/plain\"", ""},
		{"(unclosed text/plain", ""},
	} {
		f, ok := parseContentType(tt.in, 128)
		got := ""
		if ok {
			got = f.name + "/" + f.subtype + params(f.params)
			got = strings.ReplaceAll(got, "\xe4", `\xe4`)
		}
		if got != tt.want {
			t.Errorf("%q: %s, want %s", tt.in, got, tt.want)
		}
	}
}

func TestParseDisposition(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"attachment", "attachment"},
		{"INLINE; filename=a", `INLINE; filename="a"`},
		{"attachment filename=a", `attachment; filename="a"`},
		{"; filename=a", ""},
		{"", ""},
	} {
		if f := parseDisposition(tt.in, 128); f.name+params(f.params) != tt.want {
			t.Errorf("%q: %+v", tt.in, f)
		}
	}
}

func TestParseLanguages(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{"", nil},
		{"en", []string{"en"}},
		{"en, de-CH , (x) fr", []string{"en", "de-CH", "fr"}},
		{",,en,,", []string{"en"}},
		{"en de", []string{"en"}},
	} {
		if d := cmp.Diff(tt.want, parseLanguages(tt.in)); d != "" {
			t.Errorf("%q (-want +got):\n%s", tt.in, d)
		}
	}
	if got := len(parseLanguages(strings.Repeat("en,", 1000))); got != maxLanguages {
		t.Errorf("%d languages", got)
	}
}

func TestJoinContinued(t *testing.T) {
	p := func(pairs ...string) (out []imap.Param) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, imap.Param{Name: pairs[i], Value: pairs[i+1]})
		}
		return out
	}
	for _, tt := range []struct {
		name     string
		in, want []imap.Param
	}{
		{"none", nil, nil},
		{"plain", p("a", "1", "b", "2"), p("a", "1", "b", "2")},
		{"extended stays", p("a*", "utf-8''%E4"), p("a*", "utf-8''%E4")},
		{"joined", p("x", "0", "a*0", "1", "a*1", "2", "y", "3"), p("x", "0", "a", "12", "y", "3")},
		{"any order, any case", p("A*1", "2", "b", "x", "a*0", "1"), p("A", "12", "b", "x")},
		{"extended pieces", p("a*0*", "utf-8'en'%41", "a*1*", "%42"), p("a*", "utf-8'en'%41%42")},
		{"mixed pieces", p("a*0*", "utf-8''%41", "a*1", "% ü'*;"), p("a*", "utf-8''%41%25%20%C3%BC%27%2A%3B")},
		{"extended later", p("a*0", "x y", "a*1*", "%42"), p("a*", "''x%20y%42")},
		{"gap", p("a*0", "1", "a*2", "3"), p("a", "1")},
		{"twice", p("a*0", "1", "a*0", "x", "a*1", "2"), p("a", "12")},
		{"no start", p("a*1", "1", "b*0", "x", "a*2", "2"), p("a*1", "1", "b", "x", "a*2", "2")},
		{"no number", p("a*x", "1", "a*01", "2", "a**", "3", "*0", "4", "a*-1", "5"), p("a*x", "1", "a*01", "2", "a**", "3", "*0", "4", "a*-1", "5")},
		{"two", p("a*0", "1", "b*0", "2", "a*1", "3", "b*1", "4"), p("a", "13", "b", "24")},
	} {
		if d := cmp.Diff(tt.want, joinContinued(tt.in)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
		// Whoever decodes RFC 2231 sees the same in both.
		if tt.name != "twice" {
			if d := cmp.Diff(DecodeParams(tt.in), DecodeParams(joinContinued(tt.in))); d != "" {
				t.Errorf("%s: decoded (-before +after):\n%s", tt.name, d)
			}
		}
	}
}
