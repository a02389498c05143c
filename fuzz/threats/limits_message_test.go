package threats

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/mailbox/message"
)

// A messageLimit is how one field of message.Limits is tested.
type messageLimit struct {
	// cost is what the message of write costs, in units of the limit.
	cost int
	// write writes a message behind lines of a header that mean nothing.
	write func(header string) string
	// kept counts what an index keeps of it, and whether something was cut.
	kept func(x *message.Index) (n int, cut bool)
	// want is what is kept of a message that is one beyond the limit.
	want int
	// whole is what is kept of one that is not.
	whole int
}

// anyCut reports whether any part was cut.
func anyCut(x *message.Index) bool {
	for p := range x.All() {
		if p.Cut {
			return true
		}
	}
	return false
}

func parts(x *message.Index) (n int, cut bool) {
	for range x.All() {
		n++
	}
	return n, anyCut(x)
}

// messageLimits has every field of message.Limits.
var messageLimits = map[string][]messageLimit{
	// The message itself is one; a multipart or message that is not looked into has
	// one text inside.
	"Depth": {
		{cost: 5, whole: 5, want: 5, kept: parts, write: func(header string) string {
			return header + "Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n"
		}},
		{cost: 4, whole: 4, want: 4, kept: parts, write: func(header string) string {
			return header + strings.Repeat("Content-Type: message/rfc822\n\n", 3) + "\nx"
		}},
	},
	"Parts": {
		{cost: 6, whole: 6, want: 5, kept: parts, write: func(header string) string {
			return header + "Content-Type: multipart/mixed; boundary=b\n" + strings.Repeat("\n--b\n\nx", 5) + "\n--b--\n"
		}},
	},
	"HeaderBytes": {
		{cost: 2*100 + 2*64, whole: 2, want: 1, write: func(header string) string {
			return header + "Subject: " + strings.Repeat("x", 100) + "\nDate: " + strings.Repeat("x", 100) + "\n\n"
		}, kept: func(x *message.Index) (n int, cut bool) {
			for _, v := range []bool{x.Envelope().Subject.Valid, x.Envelope().Date.Valid} {
				if v {
					n++
				}
			}
			return n, anyCut(x)
		}},
	},
	"Field": {
		{cost: 100, whole: 100, want: 99, write: func(header string) string {
			return header + "Subject:" + strings.Repeat("x", 100) + "\nTo: a\n\n"
		}, kept: func(x *message.Index) (int, bool) { return len(x.Envelope().Subject.Value), anyCut(x) }},
		{cost: 100, whole: 100, want: 99, write: func(header string) string { // folded
			return header + "Subject:" + strings.Repeat("x", 49) + "\r\n " + strings.Repeat("x", 50) + "\r\nTo: a\n\n"
		}, kept: func(x *message.Index) (int, bool) { return len(x.Envelope().Subject.Value), anyCut(x) }},
	},
	"Params": {
		{cost: 5, whole: 5, want: 4, write: func(header string) string {
			return header + "Content-Type: text/plain" + strings.Repeat("; a*0=b", 5) + "\n\n"
		}, kept: func(x *message.Index) (int, bool) { return len(x.Root().Params), anyCut(x) }},
		{cost: 5, whole: 5, want: 4, write: func(header string) string {
			return header + "Content-Disposition: x" + strings.Repeat("; a=b", 5) + "\n\n"
		}, kept: func(x *message.Index) (int, bool) { return len(x.Root().DispositionArgs), anyCut(x) }},
	},
	"Addresses": {
		{cost: 6, whole: 6, want: 5, write: func(header string) string {
			return header + "From: a@b\nTo: a,b\nTo: c\nContent-Type: message/rfc822\n\nCc: d, e\n\n"
		}, kept: func(x *message.Index) (n int, cut bool) {
			for p := range x.All() {
				if e := p.Envelope; e != nil {
					n += len(e.From) + len(e.To) + len(e.CC)
				}
			}
			return n, anyCut(x)
		}},
	},
}

// TestLimitsMessage: every field of message.Limits at one below its cap, at it and one
// above, wherever the window in which a message is read ends: threats C8 to C11,
// invariant 9. What is beyond is left out and told, and the index says the same when
// it has been stored. A field without a case fails.
func TestLimitsMessage(t *testing.T) {
	fields := reflect.TypeFor[message.Limits]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		if len(messageLimits[name]) == 0 {
			t.Errorf("message.Limits.%s has no case", name)
		}
		for _, c := range messageLimits[name] {
			around(t, c.cost, func(t *testing.T, limit int, over bool) {
				var l message.Limits
				reflect.ValueOf(&l).Elem().Field(i).SetInt(int64(limit))
				const window = 32 << 10
				for shift := -1; shift < len(c.write("")); shift++ {
					header := ""
					if shift >= 0 {
						// The window ends at this octet of what matters.
						header = "X: " + strings.Repeat("x", window-shift-len("X: \n")) + "\n"
					}
					if shift > 40 && shift%7 != 0 {
						continue
					}
					msg := []byte(c.write(header))
					x, err := message.Parse(bytes.NewReader(msg), int64(len(msg)), l)
					if err != nil {
						t.Fatal(err)
					}
					want := c.whole
					if over {
						want = c.want
					}
					if n, cut := c.kept(x); n != want || cut != over {
						t.Fatalf("%s of %d, shift %d: %d kept, cut %v; want %d, %v", name, limit, shift, n, cut, want, over)
					}
					stored, err := x.AppendBinary(nil)
					if err != nil {
						t.Fatal(err)
					}
					var back message.Index
					if err := back.UnmarshalBinary(stored); err != nil {
						t.Fatal(err)
					}
					if n, cut := c.kept(&back); n != want || cut != over {
						t.Fatalf("%s of %d, shift %d: stored, %d kept, cut %v", name, limit, shift, n, cut)
					}
				}
			})
		}
	}
	if len(messageLimits) != fields.NumField() {
		t.Errorf("%d cases for %d fields", len(messageLimits), fields.NumField())
	}
}

// TestLimitsMessageAddresses: the limit that ParseAddresses is given.
func TestLimitsMessageAddresses(t *testing.T) {
	for _, list := range []string{"a, b, c, d", "a@x,,,b@x,c@x,d@x", "a;b;c;d", "<a@x> <b@x> <c@x> d@x"} {
		all := message.ParseAddresses(list, 0)
		around(t, len(all), func(t *testing.T, limit int, over bool) {
			got := message.ParseAddresses(list, limit)
			if len(got) != min(limit, len(all)) || fmt.Sprint(got) != fmt.Sprint(all[:len(got)]) {
				t.Errorf("%q, %d: %v", list, limit, got)
			}
		})
	}
}
