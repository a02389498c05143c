package imapwire

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// Invariant 10.
func TestNumbers(t *testing.T) {
	for _, row := range []struct {
		format string
		ok     []string
		bad    []string
	}{
		{"SEARCH LARGER %s", []string{"0", "00", "4294967296", "9223372036854775807", "009223372036854775807"},
			[]string{"", "-1", "+1", "9223372036854775808", "18446744073709551616", "99999999999999999999999999", "1.0", "0x1", "1a"}},
		{"SEARCH OLDER %s", []string{"1", "4294967295"}, []string{"0", "01", "4294967296", "4294967297", "18446744073709551617", "-1", ""}},
		{"FETCH %s FLAGS", []string{"1", "4294967295", "*"}, []string{"0", "01", "4294967296", "-1", "1:0", "0:1", "1:4294967296"}},
		{"FETCH 1 BODY[]<%s.1>", []string{"0", "9223372036854775807"}, []string{"9223372036854775808", "-1", ""}},
		{"FETCH 1 BODY[]<0.%s>", []string{"1", "9223372036854775807"}, []string{"0", "9223372036854775808", "-1", ""}},
		{"FETCH 1 BODY[%s]", []string{"1", "4294967295", "1.2.3"}, []string{"0", "01", "4294967296", "1.", "1..2", ".1", "1.0"}},
	} {
		for _, n := range row.ok {
			s := fmt.Sprintf(row.format, n)
			if _, _, err := ParseCommand([]byte("A1 "+s+"\r\n"), ParseOptions{}); err != nil {
				t.Errorf("%q: %v", s, err)
			}
		}
		for _, n := range row.bad {
			s := fmt.Sprintf(row.format, n)
			if _, cmd, err := ParseCommand([]byte("A1 "+s+"\r\n"), ParseOptions{}); err == nil {
				t.Errorf("%q: %#v", s, cmd)
			}
		}
	}
	for _, size := range []string{"{-1}", "{+1}", "{}", "{+}", "{1", "{1+", "{18446744073709551617}", "{9223372036854775808}", "{1}+", "{ 1}", "{0x1}", "{1++}"} {
		if _, cmd, err := ParseCommand([]byte("A1 DELETE "+size+"\r\nx\r\n"), ParseOptions{}); err == nil {
			t.Errorf("%q: %#v", size, cmd)
		}
	}
}

func larger(n int64) Command { return search1(&imap.SearchSize{Size: n}) }

func partialOf(p imap.Partial) Command { return fetch1(&FetchBody{Partial: &p}) }

var numberRules = []ruleTable{
	response("number", "* %s EXISTS", func(n uint32) Response { return &ExistsData{Count: n} }, k[uint32]("0", 0), k[uint32]("007", 7, "7"), k[uint32]("4294967295", 1<<32-1)).but("4294967296", "-1", "+1", "18446744073709551616", "1.0", ""),
	command("nz-number", "SEARCH OLDER %s", func(n uint32) Command { return search1(&imap.SearchWithin{Seconds: n}) }, k[uint32]("1", 1), k[uint32]("4294967295", 1<<32-1)).but("0", "01", "4294967296", "-1", "", "18446744073709551617"),
	response("nz-number", "* %s EXPUNGE", func(n uint32) Response { return &ExpungeData{Seq: n} }, k[uint32]("1", 1), k[uint32]("4294967295", 1<<32-1)).but("0", "4294967296"),
	command("number64", "SEARCH LARGER %s", larger, k[int64]("0", 0), k[int64]("4294967296", 1<<32), k[int64]("9223372036854775807", 1<<63-1), k[int64]("00", 0, "0")).but("9223372036854775808", "-1", "", "1e3"),
	response("number64", "* 1 FETCH (RFC822.SIZE %s)", func(n int64) Response { return &FetchData{Num: 1, Has: HasSize, Size: n} }, k[int64]("0", 0), k[int64]("9223372036854775807", 1<<63-1)).but("9223372036854775808", "-1"),
	command("nz-number64", "FETCH 1 BODY[]<7.%s>", func(n int64) Command { return partialOf(imap.Partial{Offset: 7, Count: n}) }, k[int64]("1", 1), k[int64]("9223372036854775807", 1<<63-1)).but("0", "01", "9223372036854775808", "-1", ""),
	command("partial", "FETCH 1 BODY[]%s", partialOf, k("<0.1>", imap.Partial{Count: 1}), k("<9223372036854775807.9223372036854775807>", imap.Partial{Offset: 1<<63 - 1, Count: 1<<63 - 1})).but("<0>", "<0.0>", "<.1>", "<0.1", "<0,1>", "<-1.1>", "<>", "[0.1]"),
}

// TestNumberRanges: invariant 10. Numbers are taken exactly within their ranges,
// and mean what their digits say, whatever stands in front of them.
func TestNumberRanges(t *testing.T) {
	limit := func(bits uint) *big.Int {
		return new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), bits), big.NewInt(1))
	}
	digit := rapid.OneOf(
		rapid.StringMatching(`[0-9]{1,22}`), rapid.StringMatching(`0{0,3}[0-9]{1,10}`),
		rapid.Map(rapid.Custom(func(t *rapid.T) *big.Int {
			n := new(big.Int).Lsh(big.NewInt(1), draw(t, rapid.SampledFrom([]uint{0, 31, 32, 33, 53, 63, 64, 65, 96, 128})))
			return n.Add(n, big.NewInt(draw(t, rapid.Int64Range(-2, 2))))
		}), func(n *big.Int) string { return n.Abs(n).String() }),
	)
	rapid.Check(t, func(t *rapid.T) {
		s := draw(t, digit)
		n, ok := new(big.Int).SetString(s, 10)
		if !ok {
			t.Fatalf("%q", s)
		}
		for _, row := range []struct {
			name string
			nz   bool
			bits uint
			read func(*cursor) uint64
		}{
			{"number", false, 32, func(c *cursor) uint64 { return uint64(c.number("x")) }},
			{"nz-number", true, 32, func(c *cursor) uint64 { return uint64(c.nzNumber("x")) }},
			{"number64", false, 63, func(c *cursor) uint64 { return uint64(c.number64("x")) }},
			{"nz-number64", true, 63, func(c *cursor) uint64 { return uint64(c.nzNumber64("x")) }},
		} {
			want := n.Cmp(limit(row.bits)) <= 0 && !(row.nz && s[0] == '0')
			for _, text := range []string{s, "+" + s, "-" + s, " " + s, "0x" + s} {
				c := newCursor([]byte(text+" "), wide, false)
				got := row.read(&c)
				taken := c.err == nil && c.pos == len(text)
				if taken != (want && text == s) {
					t.Fatalf("%s: %q taken: %v, %v", row.name, text, taken, c.err)
				}
				if taken && new(big.Int).SetUint64(got).Cmp(n) != 0 {
					t.Fatalf("%s: %q is %d", row.name, text, got)
				}
				if c.err != nil && got != 0 {
					t.Fatalf("%s: %q is %d and %v", row.name, text, got, c.err)
				}
			}
		}
	})
}

// What is appended is what strconv has, at every length and behind any octets.
func TestAppendUint(t *testing.T) {
	check := func(n uint64) {
		for _, b := range [][]byte{nil, []byte("x "), make([]byte, 3, 100)} {
			want := strconv.AppendUint(append([]byte(nil), b...), n, 10)
			if got := appendUint(b, n); string(got) != string(want) {
				t.Errorf("%d: %q, want %q", n, got, want)
			}
		}
	}
	for p := uint64(1); ; p *= 10 {
		for d := range uint64(3) {
			check(p + d - 1)
		}
		if p > math.MaxUint64/10 {
			break
		}
	}
	check(math.MaxUint64)
}
