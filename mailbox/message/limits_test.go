package message

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// nested writes a message with n entities inside each other, each a multipart or
// a message as kinds says in turn.
func nested(n int, kinds string) []byte {
	var b strings.Builder
	for i := range n - 1 {
		if kinds[i%len(kinds)] == 'm' {
			b.WriteString("Content-Type: message/rfc822\n\n")
		} else {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
		}
	}
	b.WriteString("\ninnermost")
	return []byte(b.String())
}

// depth returns how many entities are inside each other, and whether one of them
// is cut.
func depth(p *Part) (n int, cut bool) {
	n, cut = 1, p.Cut
	below := p.Parts
	if p.Message != nil {
		below = append(below, *p.Message)
	}
	for i := range below {
		m, c := depth(&below[i])
		n, cut = max(n, m+1), cut || c
	}
	return n, cut
}

// TestLimitsDepth: threat C11. The limit is the same for every mix of
// multiparts and messages (invariant 9), and what is beyond is the content of
// one text.
func TestLimitsDepth(t *testing.T) {
	for _, limit := range []int{0, 1, 2, 7, maxDepth, maxDepth + 1} {
		most := Limits{Depth: limit}.withDefaults().Depth
		for _, kinds := range []string{"m", "p", "mp", "pm", "mmp"} {
			for _, n := range []int{most - 1, most, most + 1, 3 * most} {
				if n == 0 {
					continue
				}
				msg := nested(n, kinds)
				x := mustParse(t, msg, Limits{Depth: limit})
				got, cut := depth(x.Root())
				if want := min(n, most+1); got != want || cut != (n > most) {
					t.Errorf("limit %d, %d of %q: %d deep, cut %v", limit, n, kinds, got, cut)
				}
				checkIndex(t, msg, x)
			}
		}
	}
}

// TestLimitsParts: threat C11. A message has so many parts, and the rest is
// content of the last.
func TestLimitsParts(t *testing.T) {
	for _, limit := range []int{0, 1, 2, 5} {
		most := Limits{Parts: limit}.withDefaults().Parts
		for _, n := range []int{most - 1, most, most + 1, most + 50} {
			parts := max(n-1, 0) // the message itself is one
			msg := []byte("Content-Type: multipart/mixed; boundary=b\n" + strings.Repeat("\n--b\n\nx", parts) + "\n--b--\n")
			x := mustParse(t, msg, Limits{Parts: limit})
			root := x.Root()
			if got, want := len(root.Parts), max(min(parts, most-1), 1); got != want || root.Cut != (n > most) {
				t.Errorf("limit %d, %d parts: %d, cut %v", limit, parts, got, root.Cut)
			}
			checkIndex(t, msg, x)
		}
	}
	// A message is a part, too.
	x := mustParse(t, nested(5, "m"), Limits{Parts: 2})
	if n, cut := depth(x.Root()); n != 3 || !cut {
		t.Errorf("messages: %d deep, cut %v", n, cut)
	}
}

func TestLimitsField(t *testing.T) {
	for _, limit := range []int{0, 1, 10} {
		most := Limits{Field: limit}.withDefaults().Field
		for _, n := range []int{most - 1, most, most + 1} {
			x := mustParse(t, []byte("Subject:"+strings.Repeat("x", n)+"\nTo:a\n\n"), Limits{Field: limit})
			if got := len(x.Envelope().Subject.Value); got != min(n, most) || x.Root().Cut != (n > most) || len(x.Envelope().To) != 1 {
				t.Errorf("limit %d, %d octets: %d, cut %v", limit, n, got, x.Root().Cut)
			}
		}
	}
}

// TestLimitsHeaderBytes: threat C9. Headers are looked at up to so many octets
// of a message, and what is beyond is marked.
func TestLimitsHeaderBytes(t *testing.T) {
	const cost = 100 + fieldCost
	header := func(name string) string { return name + ":" + strings.Repeat("x", 100) + "\n" }
	for _, tt := range []struct {
		limit int64
		want  int
	}{{1, 0}, {cost - 1, 0}, {cost, 1}, {2*cost - 1, 1}, {2 * cost, 2}, {3*cost - 1, 2}, {3 * cost, 3}, {0, 3}} {
		// Fields that are not kept cost nothing, as those of an envelope are
		// not kept of a part; what is kept of a part counts too.
		msg := header("Subject") + header("X-Other") + header("Subject") + header("Date") +
			"Content-Type: text/plain\n\n"
		part := "Content-Type: multipart/mixed; boundary=b\n\n--b\n" + header("Subject") + header("Content-ID")
		x := mustParse(t, []byte(msg), Limits{HeaderBytes: tt.limit})
		got := 0
		for _, v := range []imap.NString{x.Envelope().Subject, x.Envelope().Date} {
			if v.Valid {
				got++
			}
		}
		if want := min(tt.want, 2); got != want || x.Root().Cut != (tt.limit != 0 && tt.limit < 3*cost-100+10) {
			t.Errorf("limit %d: %d fields, cut %v", tt.limit, got, x.Root().Cut)
		}
		if tt.limit > 0 {
			x = mustParse(t, []byte(part), Limits{HeaderBytes: 27 + fieldCost + tt.limit})
			if p := x.Root().Parts[0]; p.ID.Valid != (tt.limit >= cost) || p.Cut == p.ID.Valid {
				t.Errorf("limit %d: part %+v", tt.limit, p)
			}
		}
	}
}

func TestLimitsParams(t *testing.T) {
	for _, limit := range []int{0, 1, 3} {
		most := Limits{Params: limit}.withDefaults().Params
		for _, n := range []int{most - 1, most, most + 1, 10_000} {
			params := strings.Repeat("; a=b", n)
			x := mustParse(t, []byte("Content-Type: text/x"+params+"\nContent-Disposition: x"+params+"\n\n"), Limits{Params: limit})
			p := x.Root()
			if got := len(p.Params); got != min(n, most) || len(p.DispositionArgs) != got || p.Cut != (n > most) {
				t.Errorf("limit %d, %d params: %d and %d, cut %v", limit, n, got, len(p.DispositionArgs), p.Cut)
			}
		}
	}
}

// TestLimitsAddresses: the limit is that of all fields and messages together.
func TestLimitsAddresses(t *testing.T) {
	for _, limit := range []int{0, 1, 10} {
		most := Limits{Addresses: limit}.withDefaults().Addresses
		for _, n := range []int{most - 1, most, most + 1, 500_000} {
			half := strings.Repeat("a,", n/2)
			x := mustParse(t, []byte("To: "+half+"\nContent-Type: message/rfc822\n\nCc: "+strings.Repeat("b,", n-n/2)+"\n\n"), Limits{Addresses: limit})
			root := x.Root()
			got := len(root.Envelope.To) + len(root.Message.Envelope.CC)
			if got != min(n, most) || (root.Cut || root.Message.Cut) != (n > most) {
				t.Errorf("limit %d, %d addresses: %d, cut %v, %v", limit, n, got, root.Cut, root.Message.Cut)
			}
		}
	}
}

// A countingReaderAt counts what is read.
type countingReaderAt struct {
	io.ReaderAt
	octets int64
}

func (r *countingReaderAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(p, off)
	r.octets += int64(n)
	return n, err
}

// TestParseCost: threats C8, C9 and C11. Every octet is read once, and ten times the message costs about
// ten times the memory, whatever it is made of (invariants 8 and 60); what is not kept
// costs nothing.
func TestParseCost(t *testing.T) {
	const field = "Content-Type: multipart/mixed; boundary=b\n"
	for _, tt := range []struct {
		name, head, unit string
		most             uint64 // octets allocated for the larger message
	}{
		{"text", "\n", "a line of text\n", 1 << 17},
		{"one line", "\n", "x", 1 << 17},
		{"header fields", "", "X-Field: value\n", 1 << 17},
		{"kept fields", "", "To: a@b\nSubject: x\nDate: x\n", 60 << 20},
		{"one long field", "Subject: ", "x", 16 << 20},
		{"folding", "Subject: x\n", " x\n", 16 << 20},
		{"addresses", "To: ", "a@b,", 32 << 20},
		{"params", "Content-Type: text/plain", ";a=b", 32 << 20},
		{"comments", "To: ", "(", 32 << 20},
		{"parts", field + "\n", "--b\n\n", 32 << 20},
		{"parts with headers", field + "\n", "--b\nContent-Type: text/html; a=b\nContent-ID: x\n\n\n", 64 << 20},
		{"lines like boundaries", field + "\n", "--bb\n", 1 << 17},
		{"ends", field + "\n", "--b--\n", 1 << 17},
		{"messages", "", "Content-Type: message/rfc822\n\n", 8 << 20},
		{"multiparts", "", field + "\n--b\n", 32 << 20},
		{"LF", "\n", "\n", 1 << 17},
		{"CR", "\n", "\r", 1 << 17},
		{"NUL", "Subject: ", "\x00", 16 << 20},
	} {
		var cost [2]uint64
		for i, size := range []int{1 << 18, 10 << 18} {
			msg := []byte(tt.head + strings.Repeat(tt.unit, size/len(tt.unit)))
			src := &countingReaderAt{ReaderAt: bytes.NewReader(msg)}
			var x *Index
			var err error
			cost[i] = allocated(func() { x, err = Parse(src, int64(len(msg)), Limits{}) })
			if err != nil || src.octets != int64(len(msg)) {
				t.Fatalf("%s: read %d octets of %d, %v", tt.name, src.octets, len(msg), err)
			}
			checkSizes(t, x)
		}
		if cost[1] > 20*cost[0]+1<<16 || cost[1] > tt.most {
			t.Errorf("%s: %d and %d octets allocated", tt.name, cost[0], cost[1])
		}
	}
}

// checkSizes holds an index to the default limits.
func checkSizes(t *testing.T, x *Index) {
	t.Helper()
	limits := Limits{}.withDefaults()
	parts, octets, addresses := 0, 0, 0
	for p := range x.All() {
		parts++
		texts(p, func(s string) { octets += len(s) })
		if e := p.Envelope; e != nil {
			addresses += len(e.From) + len(e.To) + len(e.CC) + len(e.BCC)
		}
		if len(p.Params) > limits.Params {
			t.Errorf("%d params", len(p.Params))
		}
	}
	// A multipart or message that is not looked into has a part all the same.
	if n, _ := depth(x.Root()); n > limits.Depth+1 || parts > 2*limits.Parts || addresses > limits.Addresses || int64(octets) > limits.HeaderBytes+int64(32*parts) {
		t.Errorf("%d parts, %d deep, %d octets, %d addresses", parts, n, octets, addresses)
	}
}
