package message

import (
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
)

func readAll(t interface{ Fatalf(string, ...any) }, r io.Reader) string {
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return string(b)
}

func TestCharset(t *testing.T) {
	for _, tt := range []struct{ charset, in, want string }{
		{"utf-8", "grün", "grün"},
		{"UTF8", "a\xffb", "aÿb"}, // a label that lies
		{"us-ascii", "gr\xfcn", "grün"},
		{"", "grün", "grün"},
		{"", "gr\xfcn", "grün"},
		{"no-such-charset", "gr\xfcn", "grün"},
		{"iso-8859-1", "gr\xfcn", "grün"},
		{"ISO-8859-15", "\xa4", "€"},
		{"windows-1251", "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
		{"koi8-r", "\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"},
		{"iso-2022-jp", "\x1b$B2q5D\x1b(B", "会議"},
		{"Shift_JIS", "\x89\xef\x8bc", "会議"},
		{"euc-kr", "\xc8\xb8\xc0\xc7", "회의"},
		{"gb2312", "\xbb\xe1\xd2\xe9", "会议"},
		{"GB18030", "\xbb\xe1\xd2\xe9", "会议"},
		{"big5", "\xb7|\xc4\xb3", "會議"},
		{"utf-16be", "\x00a\x00b", "ab"},
		{`"iso-8859-1"`, "\xe9", "é"},
		{"utf-16", "\xfe\xff\x00\xe4", "ä"},
		{"utf-16", "\xff\xfe\xe4\x00", "ä"},
		{"utf-16", "\x00\xe4", "ä"},
		{"utf-16le", "\xe4\x00", "ä"},
		{"utf-32", "\x00\x00\xfe\xff\x00\x01\xf6\x00", "😀"},
		{"hz-gb-2312", "~{<:Ky2;~}", "己所不"},
		{"CP932", "\x89\xef\x8bc", "会議"},
		{"Latin-1", "\xe9", "é"},
	} {
		if got := DecodeCharset(tt.charset, tt.in); got != tt.want {
			t.Errorf("%s %q: %q, want %q", tt.charset, tt.in, got, tt.want)
		}
		for _, r := range []io.Reader{strings.NewReader(tt.in), iotest.OneByteReader(strings.NewReader(tt.in))} {
			if got := readAll(t, CharsetReader(tt.charset, r)); got != tt.want {
				t.Errorf("reader of %s %q: %q, want %q", tt.charset, tt.in, got, tt.want)
			}
		}
	}
	if KnownCharset("no-such-charset") || !KnownCharset("ISO-8859-1") || !KnownCharset("utf-8") {
		t.Error("KnownCharset")
	}
}

func TestDecodeWords(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"plain", "plain"},
		{"=?utf-8?q?gr=C3=BCn?=", "grün"},
		{"=?UTF-8?B?Z3LDvG4=?= =?utf-8?q?_und?= blau", "grün und blau"},
		{"=?iso-8859-1*de?Q?gr=FCn?=", "grün"},
		{"=?no-such?Q?gr=FCn?=", "grün"},
		{"=?utf-8?x?abc?=", "=?utf-8?x?abc?="},
		{"=?utf-8?q?broken", "=?utf-8?q?broken"},
		{"=?utf-8?b?%%%?=", "=?utf-8?b?%%%?="},
		{"gr\xfcn", "grün"},
		{"gr\xfcn =?utf-8?q?x?=", "grün x"},
		// A character in two words, of a charset told twice.
		{"=?utf-8?q?=C3?= =?UTF-8?b?pA==?=", "ä"},
		{"=?shift_jis?b?iQ==?= =?shift_jis*ja?b?74tj?=", "会議"},
		{"=?utf-8?q?=C3?= =?us-ascii?q?x?=", "Ãx"},
		{"=?utf-8?q?a?=b=?utf-8?q?c?==?utf-8?q?d?=", "abcd"},
		{"=?utf-8?b?w6Q?= =?utf-8?b?w6!Q= =?=", "ää"},
		{"=?utf-8?q?=?= =?utf-8?q?=4?= =?utf-8?q?=zz?=", "==4=zz"},
		{"=?utf-8?q?what? now?=", "what? now"},
		{"=?utf-8?q?a =?utf-8?q?b?=", "=?utf-8?q?a b"},
		{"=?utf-8?q? =?", "=?utf-8?q? =?"},
		{"a =?utf-8?q??= b", "a  b"},
		{"=?koi8-r?B?8NLJ18XU?=", "Привет"},
	} {
		if got := DecodeWords(tt.in); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestTransfer(t *testing.T) {
	for _, tt := range []struct{ encoding, in, want string }{
		{"7bit", "a=3D", "a=3D"},
		{"", "a", "a"},
		{"x-unknown", "a", "a"},
		{"base64", "aGVsbG8=", "hello"},
		{"Base64 ", "aGVs\r\nbG8=\r\n", "hello"},
		{"base64", "aGVsbG8", "hello"},
		{"base64", "aGVsbG8gd29ybGQ", "hello world"},
		{"base64", "aG!V*s bG8=", "hello"},
		{"base64", "aGVsb", "hel"},
		{"base64", "aGVsbG8=\r\n-- \r\nfooter", "hello"},
		{"base64", "", ""},
		{"base64", "=", ""},
		{"base64", "A", ""},
		{"quoted-printable", "gr=C3=BCn", "grün"},
		{"QUOTED-PRINTABLE", "a=\r\nb=\nc", "abc"},
		{"quoted-printable", "a= \t\r\nb", "ab"},
		{"quoted-printable", "a  \r\nb", "a\r\nb"},
		{"quoted-printable", "a  b ", "a  b"},
		{"quoted-printable", "a=zzb=", "a=zzb"},
		{"quoted-printable", "a=3", "a=3"},
		{"quoted-printable", "=c3=bc=20", "ü "},
	} {
		for _, r := range []io.Reader{strings.NewReader(tt.in), iotest.OneByteReader(strings.NewReader(tt.in)), iotest.DataErrReader(strings.NewReader(tt.in))} {
			if got := readAll(t, TransferReader(tt.encoding, r)); got != tt.want {
				t.Errorf("%s %q: %q, want %q", tt.encoding, tt.in, got, tt.want)
			}
		}
		// Somebody who reads one octet at a time.
		if got := readAll(t, iotest.OneByteReader(TransferReader(tt.encoding, strings.NewReader(tt.in)))); got != tt.want {
			t.Errorf("%s %q, octet by octet: %q, want %q", tt.encoding, tt.in, got, tt.want)
		}
	}
}

// TestTransferRoundTrip: what encoders of the standard library write is read
// back, whatever the reads.
func TestTransferRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := string(rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "in"))
		coded := base64.StdEncoding.EncodeToString([]byte(in))
		cut := rapid.IntRange(1, 76).Draw(t, "line")
		var b strings.Builder
		for len(coded) > cut {
			b.WriteString(coded[:cut] + "\r\n")
			coded = coded[cut:]
		}
		b.WriteString(coded)
		if got := readAll(t, TransferReader("base64", iotest.HalfReader(strings.NewReader(b.String())))); got != in {
			t.Fatalf("base64: %q, want %q", got, in)
		}
		var q strings.Builder
		w := quotedprintable.NewWriter(&q)
		w.Binary = true
		io.WriteString(w, in)
		w.Close()
		if got := readAll(t, TransferReader("quoted-printable", iotest.HalfReader(strings.NewReader(q.String())))); got != in {
			t.Fatalf("quoted-printable: %q, want %q", got, in)
		}
	})
}

// TestDecodeParams: RFC 2231, threat C10.
func TestDecodeParams(t *testing.T) {
	p := func(name, value string) imap.Param { return imap.Param{Name: name, Value: value} }
	for _, tt := range []struct {
		name     string
		in, want []imap.Param
	}{
		{"none", nil, nil},
		{"plain", []imap.Param{p("Charset", "utf-8"), p("FORMAT", "flowed")}, []imap.Param{p("charset", "utf-8"), p("format", "flowed")}},
		{"twice", []imap.Param{p("a", "1"), p("a", "2")}, []imap.Param{p("a", "1")}},
		{"extended", []imap.Param{p("filename*", "utf-8'en'%E2%82%AC%20rates")}, []imap.Param{p("filename", "€ rates")}},
		{"extended wins", []imap.Param{p("filename", "E rates"), p("filename*", "utf-8''%E2%82%AC")}, []imap.Param{p("filename", "€")}},
		{"continued", []imap.Param{p("url*0", "ftp://"), p("url*1", "example.org")}, []imap.Param{p("url", "ftp://example.org")}},
		{"reversed", []imap.Param{p("url*1", "b"), p("url*0", "a")}, []imap.Param{p("url", "ab")}},
		{"mixed", []imap.Param{p("t*0*", "us-ascii'en'a%20"), p("t*1*", "b%20"), p("t*2", "c%20")}, []imap.Param{p("t", "a b c%20")}},
		{"repeated", []imap.Param{p("t*0", "a"), p("t*0", "x"), p("t*1", "b")}, []imap.Param{p("t", "ab")}},
		{"hole", []imap.Param{p("t*0", "a"), p("t*2", "c")}, []imap.Param{p("t", "a")}},
		{"bad percent", []imap.Param{p("t*", "utf-8''a%zz%4")}, []imap.Param{p("t", "a%zz%4")}},
		{"no charset", []imap.Param{p("t*", "abc")}, []imap.Param{p("t", "abc")}},
		{"latin", []imap.Param{p("t*", "iso-8859-1''%E9")}, []imap.Param{p("t", "é")}},
		{"words", []imap.Param{p("name", "=?utf-8?q?gr=C3=BCn?=")}, []imap.Param{p("name", "grün")}},
		{"bad number", []imap.Param{p("t*x", "1"), p("t*-1", "2"), p("t", "3")}, []imap.Param{p("t", "3")}},
	} {
		if d := cmp.Diff(tt.want, DecodeParams(tt.in)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
	// Threat C10: many pieces cost no more than the limit.
	var many []imap.Param
	for i := range 10_000 {
		many = append(many, p("a*"+strings.Repeat("0", i%3)+"1", "x"))
	}
	if got := DecodeParams(many); len(got) != 1 || len(got[0].Value) > maxSegments {
		t.Errorf("10,000 pieces: %d parameters", len(got))
	}
}
