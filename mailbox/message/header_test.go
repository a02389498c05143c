package message

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// allocated returns how many octets f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func fields(t *testing.T, header string, limit int) []Field {
	t.Helper()
	var out []Field
	for f, err := range HeaderFields(strings.NewReader(header), Span{0, int64(len(header))}, limit) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}

func TestHeaderFields(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     []Field
	}{
		{"empty", "", nil},
		{"only the end", "\r\n", nil},
		{"one", "A: b\r\n\r\n", []Field{{"A", "b", Span{0, 6}}}},
		{"LF", "A: b\nC:d\n\n", []Field{{"A", "b", Span{0, 5}}, {"C", "d", Span{5, 4}}}},
		{"no line end", "A: b\r\nC: d", []Field{{"A", "b", Span{0, 6}}, {"C", "d", Span{6, 4}}}},
		{"folded", "A: b\r\n\tc\r\n  d \r\nE: f\r\n", []Field{{"A", "b\tc  d", Span{0, 16}}, {"E", "f", Span{16, 6}}}},
		{"folded at once", "A:\r\n b\r\n", []Field{{"A", "b", Span{0, 8}}}},
		{"empty value", "A:\r\nB: \r\n", []Field{{"A", "", Span{0, 4}}, {"B", "", Span{4, 5}}}},
		{"white space before the colon", "A \t: b\r\n", []Field{{"A", "b", Span{0, 8}}}},
		{"no field", "nothing\r\nA: b\r\n: c\r\nd e: f\r\n continued\r\nG: h\r\n", []Field{{"A", "b", Span{9, 6}}, {"G", "h", Span{40, 6}}}},
		{"folded before the first", " x: y\r\nA: b\r\n", []Field{{"A", "b", Span{7, 6}}}},
		{"mbox", "From x Thu Nov 19 10:30:00 2026\nA: b\n", []Field{{"A", "b", Span{32, 5}}}},
		{"bare CR", "A: b\rC: d\r\n", []Field{{"A", "b\rC: d", Span{0, 11}}}},
		{"colons", "A: b: c\r\n", []Field{{"A", "b: c", Span{0, 9}}}},
		{"8-bit", "\xe4: \xfc\r\n", []Field{{"\xe4", "\xfc", Span{0, 6}}}},
	} {
		if d := cmp.Diff(tt.want, fields(t, tt.in, 0)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}

// TestHeaderFieldsBounded: a field as long as a message costs what is asked for,
// and hides nothing behind it.
func TestHeaderFieldsBounded(t *testing.T) {
	const size = 8 << 20
	for _, long := range []string{
		"A: " + strings.Repeat("x", size) + "\r\n",
		"A: " + strings.Repeat("x\r\n ", size/4) + "\r\n",
		strings.Repeat("x", size) + ": y\r\n",
	} {
		var got []Field
		header := long + "B: c\r\n\r\n"
		n := allocated(func() { got = fields(t, header, 100) })
		if n > 1<<20 {
			t.Errorf("%.8q…: %d octets allocated", long, n)
		}
		last := got[len(got)-1]
		if d := cmp.Diff(Field{"B", "c", Span{int64(len(long)), 6}}, last); d != "" {
			t.Errorf("%.8q…: (-want +got):\n%s", long, d)
		}
		if len(got) == 2 && (len(got[0].Value) > 100 || got[0].Span != Span{0, int64(len(long))}) {
			t.Errorf("%.8q…: value of %d octets, %v", long, len(got[0].Value), got[0].Span)
		}
	}
}

var errBroken = errors.New("broken")

// A brokenReaderAt fails from an offset on.
type brokenReaderAt struct {
	src   io.ReaderAt
	after int64
}

func (r brokenReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) <= r.after {
		return r.src.ReadAt(p, off)
	}
	n, _ := r.src.ReadAt(p[:max(0, r.after-off)], off)
	return n, errBroken
}

// TestSourceErrors: the errors are those of the source, and a source that ends
// too early is one.
func TestSourceErrors(t *testing.T) {
	msg := []byte("A: b\r\nContent-Type: message/rfc822\r\n\r\n" + strings.Repeat("x\r\n", window))
	size := int64(len(msg))
	for _, after := range []int64{0, 1, 6, window - 1, window, window + 1, size - 1} {
		broken := brokenReaderAt{bytes.NewReader(msg), after}
		if x, err := Parse(broken, size, Limits{}); err != errBroken || x != nil {
			t.Errorf("Parse, broken after %d: %v, %v", after, x, err)
		}
		if x, err := Parse(bytes.NewReader(msg[:after]), size, Limits{}); err != io.ErrUnexpectedEOF || x != nil {
			t.Errorf("Parse, %d octets: %v, %v", after, x, err)
		}
		var last error
		for _, err := range HeaderFields(broken, Span{0, size}, 0) {
			last = err
		}
		if last != errBroken {
			t.Errorf("HeaderFields, broken after %d: %v", after, last)
		}
	}
}

func TestUnfold(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""}, {" a ", "a"}, {"a\r\n b", "a b"}, {"a\n\tb\r\n", "a\tb"}, {"\r\n a", "a"}, {"a\rb", "a\rb"},
	} {
		if got := Unfold(tt.in); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
		}
	}
}
