package imapwire

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// readLists frames responses in pieces of any size and reads them, long lists
// piece by piece.
//
// With reuse, what is borrowed is poisoned behind the copy of it.
func readLists(t fataler, in []byte, reuse bool, cut func() int) (all []Response, pieces int, f *Framer) {
	f = &Framer{Lists: true}
	f.SetBounds(Limits{}.Response(true))
	p := Parser{}
	list := ListReader{Reuse: reuse}
	for len(in) > 0 {
		n := min(cut(), len(in))
		f.Feed(slices.Clone(in[:n]))
		in = in[n:]
		for {
			fr := f.Next()
			if fr.Kind == FrameNone {
				break
			}
			var r Response
			var err error
			switch {
			case fr.Kind == FrameList:
				pieces++
				r, err = p.Piece(&list, fr.Data)
			case fr.Kind == FrameWhole && list.Begun():
				r, err = p.LastPiece(&list, fr.Data)
			case fr.Kind == FrameWhole:
				r, err = p.Response(fr.Data)
			default:
				t.Fatalf("frame %d: %v", fr.Kind, fr.Err)
			}
			if err != nil {
				t.Fatalf("%.60q: %v", fr.Data, err)
			}
			if reuse && (fr.Kind == FrameList || pieces > 0) {
				r = poisonPiece(r)
			}
			all = append(all, r)
		}
	}
	return all, pieces, f
}

// poisonPiece returns a copy of a piece, and makes nonsense of its numbers.
func poisonPiece(r Response) Response {
	switch r := r.(type) {
	case *SearchData:
		own := *r
		own.Nums = slices.Clone(r.Nums)
		for i := range r.Nums {
			r.Nums[i] = 666
		}
		return &own
	case *ESearchData:
		own := *r
		own.All = slices.Clone(r.All)
		for i := range r.All {
			r.All[i] = imap.Range{First: 666, Last: 6}
		}
		return &own
	}
	return r
}

type fataler interface{ Fatalf(string, ...any) }

// TestLongLists: a list of any length comes out in pieces that say together what
// it says, wherever the network cut it, and nothing else changes (invariants 1 and
// 2).
func TestLongLists(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := uint32(draw(t, rapid.IntRange(0, 30000)))
		first := draw(t, rapid.Uint32Range(1, 1<<30))
		var nums []uint32
		var ranges []imap.Range
		for i := range n {
			nums = append(nums, first+5*i)
			ranges = append(ranges, imap.Range{First: first + 5*i, Last: first + 5*i + i%3})
		}
		var uids imap.UIDSet
		for _, r := range ranges {
			uids.AddRange(imap.UIDRange{First: imap.UID(r.First), Last: imap.UID(r.Last)})
		}
		var want Response
		switch draw(t, rapid.IntRange(0, 3)) {
		case 0:
			want = &SearchData{Nums: nums, ModSeq: 7}
		case 1:
			want = &ESearchData{Tag: "a", UID: true, HasCount: true, Count: n, All: ranges}
		case 2:
			if n == 0 {
				t.Skip("no such set")
			}
			want = &VanishedData{Earlier: draw(t, rapid.Bool()), UIDs: uids}
		default:
			var b strings.Builder
			b.WriteString("SORT")
			for _, n := range nums {
				fmt.Fprint(&b, " ", n)
			}
			want = &UnknownData{Raw: b.String()}
		}
		in, err := AppendResponse(nil, want, ResponseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		end := "* OK done\r\n"
		size := draw(t, rapid.SampledFrom([]int{1, 7, 4096, 8191, 8192, 8193, 1 << 20}))
		got, pieces, _ := readLists(t, append(in, end...), draw(t, rapid.Bool()), func() int { return size })
		if short := len(in) <= listPiece; short != (pieces == 0) {
			t.Fatalf("%d octets came in %d pieces", len(in), pieces)
		}
		if _, ok := got[len(got)-1].(*StatusResponse); !ok {
			t.Fatalf("the next response is %T", got[len(got)-1])
		}
		for _, r := range got[1 : len(got)-1] {
			switch all := got[0].(type) {
			case *SearchData:
				all.Nums = append(all.Nums, r.(*SearchData).Nums...)
				all.ModSeq = r.(*SearchData).ModSeq
			case *ESearchData:
				if e := r.(*ESearchData); e.Tag != all.Tag || !e.UID || e.HasCount {
					t.Fatalf("a piece %+v", e)
				}
				all.All = append(all.All, r.(*ESearchData).All...)
			case *VanishedData:
				if r.(*VanishedData).Earlier != all.Earlier {
					t.Fatal("a piece lost its EARLIER")
				}
				all.UIDs = all.UIDs.Union(r.(*VanishedData).UIDs)
			case *UnknownData:
				all.Raw += strings.TrimPrefix(r.(*UnknownData).Raw, "SORT")
			}
		}
		if d := cmp.Diff(want, got[0]); d != "" {
			t.Fatalf("%d octets in pieces of %d (-want +got):\n%.2000s", len(in), size, d)
		}
	})
}

// TestPlainPieces: what is read of a piece without the grammar is what the grammar
// reads, without a deviation, and within limits.
func TestPlainPieces(t *testing.T) {
	tokens := []string{" ", ",", ":", "0", "1", "7", "42", "43", "999999999", "4294967295", "4294967296", "99999999999", "*", "$", " (MODSEQ 7)", " COUNT 3", "x", "\r\n"}
	plain := 0
	rapid.Check(t, func(t *rapid.T) {
		r := ListReader{Reuse: draw(t, rapid.Bool()), kind: listNumbers, head: []byte("* SEARCH")}
		sep := " "
		if draw(t, rapid.Bool()) {
			r = ListReader{Reuse: r.Reuse, kind: listSet, sep: 1, uid: true, tag: "a", head: []byte("* ESEARCH UID ALL ")}
			sep = ","
		}
		var b strings.Builder
		n := uint32(0)
		for range draw(t, rapid.IntRange(0, 20)) {
			if draw(t, rapid.IntRange(0, 15)) == 0 {
				b.WriteString(draw(t, rapid.SampledFrom(tokens)))
				continue
			}
			n += draw(t, rapid.Uint32Range(1, 1<<20))
			fmt.Fprint(&b, sep, n)
			if sep == "," && draw(t, rapid.Bool()) {
				n += draw(t, rapid.Uint32Range(0, 9))
				fmt.Fprint(&b, ":", n)
			}
		}
		p := Parser{ParseOptions: ParseOptions{Bounds: Bounds{Ranges: 12}}}
		frame := append([]byte(nil), r.frame([]byte(b.String()))...)
		got := p.plainPiece(&r, []byte(b.String()))
		if got == nil {
			return
		}
		plain++
		want, err := p.Response(append(frame, "\r\n"...))
		if err != nil || len(p.Diagnostics) > 0 {
			t.Fatalf("%q is plain, and the grammar says %v, %v", b.String(), err, p.Diagnostics)
		}
		if d := cmp.Diff(r.tagged(want), got); d != "" {
			t.Fatalf("%q (-grammar +plain):\n%s", b.String(), d)
		}
	})
	if plain == 0 {
		t.Error("nothing was plain")
	}
}

// TestLongListMemory: invariant 7. A million numbers on one line are held a piece
// at a time; what is no list stays bounded by its line, and what is cut off in the
// middle of a list costs no more than that list.
func TestLongListMemory(t *testing.T) {
	in := []byte("* SEARCH")
	for n := range 1_000_000 {
		in = fmt.Append(in, " ", n+1)
	}
	in = append(in, "\r\n"...)
	got, pieces, f := readLists(t, in, false, func() int { return 32 << 10 })
	if count := len(got[3].(*SearchData).Nums); pieces < 800 || count == 0 || count > listPiece {
		t.Errorf("%d pieces, of %d numbers", pieces, count)
	}
	if f.MaxRetained() > 64<<10 {
		t.Errorf("%d octets retained", f.MaxRetained())
	}
	long := strings.Repeat("1 2 3,4", 5000)
	for _, in := range []string{"* X " + long, "* ESEARCH PARTIAL (1:9 1," + strings.Repeat("1,", 9000) + "2)", "* SEARCHES " + long, "* OK " + long, "* SEARCH " + strings.Repeat("1", 9000), "* VANISHED x" + strings.Repeat("1,", 9000)} {
		f := Framer{Lists: true}
		f.SetBounds(Limits{ResponseLine: 9000}.Response(true))
		f.Feed([]byte(in + "\r\n* OK on\r\n"))
		if fr := f.Next(); fr.Kind != FrameBad {
			t.Errorf("%.20q is frame %d", in, fr.Kind)
		}
		if fr := f.Next(); fr.Kind != FrameWhole || string(fr.Data) != "* OK on\r\n" {
			t.Errorf("%.20q, then %d %q", in, fr.Kind, fr.Data)
		}
	}
}
