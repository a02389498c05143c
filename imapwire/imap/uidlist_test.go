package imap

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// checkChunks reports what is wrong with the form of a list.
func checkChunks(l UIDList) error {
	messages, last := uint32(0), UID(0)
	for c, chunk := range l.chunks {
		switch n := len(chunk.runs); {
		case n == 0 || n > chunkRuns:
			return fmt.Errorf("chunk %d has %d runs", c, n)
		case c > 0 && n+len(l.chunks[c-1].runs) <= chunkRuns/2:
			return fmt.Errorf("chunks %d and %d have %d runs", c-1, c, n+len(l.chunks[c-1].runs))
		case chunk.first != chunk.runs[0].first || chunk.runs[0].before != 0:
			return fmt.Errorf("chunk %d begins at %d, its first run is %v", c, chunk.first, chunk.runs[0])
		case chunk.before != messages:
			return fmt.Errorf("chunk %d comes after %d messages, want %d", c, chunk.before, messages)
		}
		for i := range chunk.runs {
			r, before := l.at(place{c, i})
			if before != messages {
				return fmt.Errorf("run %d of chunk %d comes after %d messages, want %d", i, c, before, messages)
			}
			if r.First == 0 || r.First > r.Last || last != 0 && r.First <= last+1 {
				return fmt.Errorf("run %d of chunk %d is %v, after UID %d", i, c, r, last)
			}
			messages += uint32(r.Last-r.First) + 1
			last = r.Last
		}
	}
	if messages != l.end {
		return fmt.Errorf("%d messages in the runs, %d in the list", messages, l.end)
	}
	return nil
}

// checkList compares a list with the UIDs it should have.
func checkList(l UIDList, want []UID) error {
	if err := checkChunks(l); err != nil {
		return err
	}
	if l.Len() != len(want) {
		return fmt.Errorf("%d messages, want %d", l.Len(), len(want))
	}
	for i, u := range want {
		seq := uint32(i) + 1
		if got := l.UID(seq); got != u {
			return fmt.Errorf("message %d is UID %d, want %d", seq, got, u)
		}
		if got, ok := l.Seq(u); got != seq || !ok {
			return fmt.Errorf("UID %d is message %d, %v; want %d", u, got, ok, seq)
		}
		below := UID(0)
		if i > 0 {
			below = want[i-1]
		}
		for _, hole := range []UID{below + 1, u - 1} { // the ends of the hole before u
			if got, ok := l.Seq(hole); below < hole && hole < u && (got != seq || ok) {
				return fmt.Errorf("UID %d, which is none, is message %d, %v; want %d", hole, got, ok, seq)
			}
		}
	}
	end := uint32(len(want)) + 1
	if l.UID(0) != 0 || l.UID(end) != 0 || l.UID(1<<32-1) != 0 {
		return fmt.Errorf("a number that is none has a UID")
	}
	if got, ok := l.Seq(l.Max() + 1); got != end || ok {
		return fmt.Errorf("the UID behind the last is message %d, %v; want %d", got, ok, end)
	}
	if got, ok := l.Seq(0); got != 1 || ok {
		return fmt.Errorf("UID 0 is message %d, %v", got, ok)
	}
	i := 0
	for seq, u := range l.All() {
		if seq != uint32(i)+1 || u != want[i] {
			return fmt.Errorf("All yields %d as %d, want %d as %d", u, seq, want[i], i+1)
		}
		i++
	}
	if i != len(want) {
		return fmt.Errorf("All yields %d messages, want %d", i, len(want))
	}
	return nil
}

// drawRanges draws ranges of a set near the UIDs that a list has, and beyond.
func drawRanges(t *rapid.T, last UID) UIDSet {
	var s UIDSet
	at := rapid.Map(rapid.Uint32Range(0, uint32(last)+10), func(u uint32) UID { return UID(u) })
	switch rapid.IntRange(0, 3).Draw(t, "kind of set") {
	case 0: // few messages
		for range rapid.IntRange(0, 5).Draw(t, "n") {
			s.Add(at.Draw(t, "uid"))
		}
	case 1: // a stretch
		a, b := at.Draw(t, "uid"), at.Draw(t, "uid")
		s.AddRange(UIDRange{min(a, b), max(a, b)})
	case 2: // every so many messages of a stretch: runs split, or all go
		a, step := at.Draw(t, "uid"), rapid.IntRange(2, 5).Draw(t, "step")
		for range rapid.IntRange(0, 600).Draw(t, "n") {
			s.Add(a)
			a += UID(step)
		}
	case 3: // all but a stretch
		a, b := at.Draw(t, "uid"), at.Draw(t, "uid")
		s = UIDSet{{1, MaxUID}}.Minus(UIDSet{{max(min(a, b), 1), max(a, b, 1)}})
	}
	return s
}

// TestUIDList: invariant 42 rests on it. Lists of many chunks against slices. Each list derives
// from any of those before, which stay what they were: what one session appends
// or removes is not seen by another that holds the same base.
func TestUIDList(t *testing.T) {
	type version struct {
		list UIDList
		want []UID
	}
	chunks := 0
	rapid.Check(t, func(t *rapid.T) {
		versions := []version{{}}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			base := versions[len(versions)-1]
			if rapid.IntRange(0, 3).Draw(t, "branch") == 0 {
				base = rapid.SampledFrom(versions).Draw(t, "base")
			}
			v := version{base.list, slices.Clone(base.want)}
			last := base.list.Max()
			if rapid.IntRange(0, 2).Draw(t, "append or without") < 2 {
				var s UIDSet
				gap, length := rapid.IntRange(1, 3).Draw(t, "gap"), rapid.IntRange(1, 3).Draw(t, "length")
				u := last
				if rapid.Bool().Draw(t, "hole") {
					u += 2
				}
				for range rapid.SampledFrom([]int{0, 1, 2, 30, chunkRuns - 1, chunkRuns, chunkRuns + 1, 700}).Draw(t, "runs") {
					for range length {
						u++
						s.Add(u)
						v.want = append(v.want, u)
					}
					u += UID(gap)
				}
				if last > 0 && rapid.Bool().Draw(t, "known") {
					s.AddRange(UIDRange{last/2 + 1, last}) // at or below Max: left out
				}
				v.list = base.list.Append(s)
			} else {
				s := drawRanges(t, last)
				v.list = base.list.Without(s)
				v.want = slices.DeleteFunc(v.want, s.Contains)
			}
			if err := checkList(v.list, v.want); err != nil {
				t.Fatal(err)
			}
			chunks = max(chunks, len(v.list.chunks))
			versions = append(versions, v)
		}
		for i, v := range versions {
			if err := checkList(v.list, v.want); err != nil {
				t.Fatalf("version %d has changed: %v", i, err)
			}
		}

		v := versions[len(versions)-1]
		w := rapid.SampledFrom(versions).Draw(t, "other version")
		if v.list.Equal(w.list) != slices.Equal(v.want, w.want) {
			t.Fatalf("lists of %d and %d messages: equal %v", len(v.want), len(w.want), v.list.Equal(w.list))
		}
		if !slices.Equal(slices.Collect(v.list.Set().All()), v.want) || !UIDListOf(v.list.Set()).Equal(v.list) {
			t.Fatal("the set of a list is another")
		}
		s := drawRanges(t, v.list.Max())
		both := slices.DeleteFunc(slices.Clone(v.want), func(u UID) bool { return !s.Contains(u) })
		if got := v.list.Intersect(s); !slices.Equal(slices.Collect(got.All()), both) {
			t.Fatalf("Intersect(%v): %v, want %v", s, got, both)
		}
		if !v.list.Intersect(s).Equal(v.list.Set().Intersect(s)) {
			t.Fatalf("Intersect(%v) is not that of the sets", s)
		}
		number := rapid.Uint32Range(0, uint32(len(v.want))+3)
		r := Range{number.Draw(t, "first"), number.Draw(t, "last")}
		r.First, r.Last = min(r.First, r.Last), max(r.First, r.Last)
		var slice []UID
		if r.First > 0 && int(r.First) <= len(v.want) {
			slice = v.want[r.First-1 : min(int(r.Last), len(v.want))]
		}
		if got := slices.Collect(v.list.Slice(r).All()); !slices.Equal(got, slice) {
			t.Fatalf("Slice(%v): %v, want %v", r, got, slice)
		}
		for seq := range v.list.All() { // and stops when told to
			if seq == r.Last {
				break
			} else if seq > r.Last && r.Last > 0 {
				t.Fatal("All goes on")
			}
		}
	})
	if chunks < 3 {
		t.Errorf("no list had more than %d chunks", chunks)
	}
}

// TestUIDListSiblings: lists made from one base, in every combination of full
// and half-full last chunks and of runs that go on or do not.
func TestUIDListSiblings(t *testing.T) {
	for _, runs := range []int{0, 1, 2, 3, chunkRuns - 1, chunkRuns, chunkRuns + 1, 2 * chunkRuns} {
		var s UIDSet
		var uids []UID
		for i := range runs {
			u := UID(i)*3 + 1
			s.Add(u)
			uids = append(uids, u)
		}
		// In one stroke, and one by one, which leaves other spare capacity.
		single := UIDList{}
		for _, u := range uids {
			single = single.Append(UIDSetOf(u))
		}
		for _, base := range []UIDList{UIDListOf(s), single} {
			last := base.Max()
			var lists []UIDList
			var wants [][]UID
			for _, more := range [][]UID{{last + 1}, {last + 2}, {last + 3}, {last + 1, last + 3}, {last + 2, last + 4}, {last + 5, last + 6}, {}} {
				lists = append(lists, base.Append(UIDSetOf(more...)))
				wants = append(wants, append(slices.Clone(uids), more...))
			}
			for i := range lists { // and from those again
				lists = append(lists, lists[i].Append(UIDSetOf(last+9)))
				wants = append(wants, append(slices.Clone(wants[i]), last+9))
				lists = append(lists, lists[i].Append(UIDSetOf(last+10)))
				wants = append(wants, append(slices.Clone(wants[i]), last+10))
			}
			for i := range lists {
				if err := checkList(lists[i], wants[i]); err != nil {
					t.Fatalf("%d runs, list %d: %v", runs, i, err)
				}
			}
			if err := checkList(base, uids); err != nil {
				t.Fatalf("%d runs, the base: %v", runs, err)
			}
		}
	}
}

// TestUIDListErosion removes messages one by one, in an order that visits all
// chunks in turn: what is left does not stay scattered over small ones.
func TestUIDListErosion(t *testing.T) {
	const n = 20 * chunkRuns
	var s UIDSet
	for i := range n {
		s.Add(UID(2*i + 1))
	}
	l := UIDListOf(s)
	gone := 0
	for i := range n {
		k := i * 257 % n // 257 and n have no factor in common
		if k%8 == 0 {
			continue
		}
		l = l.Without(UIDSetOf(UID(2*k + 1)))
		gone++
		if gone%97 == 0 {
			if err := checkChunks(l); err != nil {
				t.Fatalf("%d messages gone: %v", gone, err)
			}
		}
	}
	if got, most := len(l.chunks), 4*l.Len()/chunkRuns+1; l.Len() != n-gone || got > most {
		t.Errorf("%d messages stand in %d chunks, want at most %d", l.Len(), got, most)
	}
	if l = l.Without(UIDSet{{1, MaxUID}}); !l.Equal(UIDList{}) || l.chunks != nil {
		t.Errorf("%d messages are left", l.Len())
	}
}

// TestUIDListEnds: lists that reach 2^32-1, and as many messages.
func TestUIDListEnds(t *testing.T) {
	all := UIDListOf(UIDSet{{1, MaxUID}})
	if err := checkChunks(all); err != nil {
		t.Fatal(err)
	}
	if seq, ok := all.Seq(MaxUID); seq != 1<<32-1 || !ok || all.UID(seq) != MaxUID || all.Max() != MaxUID {
		t.Errorf("the last UID is message %d, %v", seq, ok)
	}
	if seq, ok := all.Seq(0); seq != 1 || ok {
		t.Errorf("UID 0 is message %d, %v", seq, ok)
	}
	if got := all.Slice(Range{1<<32 - 1, 1<<32 - 1}).String(); got != "4294967295" {
		t.Errorf("the last message is UID %s", got)
	}
	if !all.Append(UIDSet{{1, MaxUID}}).Equal(all) {
		t.Error("a full list has grown")
	}
	holes := all.Without(UIDSet{{1, 1}, {1 << 31, 1 << 31}, {MaxUID, MaxUID}})
	if err := checkChunks(holes); err != nil {
		t.Fatal(err)
	}
	if got := holes.Set().String(); got != "2:2147483647,2147483649:4294967294" {
		t.Errorf("with holes: %s", got)
	}
	if seq, ok := holes.Seq(MaxUID); seq != 1<<32-3 || ok {
		t.Errorf("the UID behind the end is message %d, %v", seq, ok)
	}
	full := UIDListOf(UIDSetOf(MaxUID-2, MaxUID))
	for _, s := range []UIDSet{{{MaxUID - 1, MaxUID}}, {{MaxUID, MaxUID}}, {{1, 1}}, nil} {
		if !full.Append(s).Equal(full) {
			t.Errorf("%v has been added to %v", s, full.Set())
		}
	}
	for _, r := range []Range{{}, {0, 5}, {3, 2}, {3, 3}, {1<<32 - 1, 1<<32 - 1}} {
		if got := full.Slice(r); got != nil {
			t.Errorf("messages %v are %v", r, got)
		}
	}
	var none UIDList
	if seq, ok := none.Seq(7); seq != 1 || ok || none.Max() != 0 || none.UID(1) != 0 || none.Len() != 0 || len(none.Set()) != 0 ||
		len(none.Intersect(UIDSet{{1, MaxUID}})) != 0 || none.Slice(Range{1, 1}) != nil || !none.Without(UIDSet{{1, MaxUID}}).Equal(none) {
		t.Error("the empty list has messages")
	}
}

// scattered returns a list of n runs of two messages.
func scattered(n int) UIDList {
	var s UIDSet
	for i := range n {
		s.AddRange(UIDRange{UID(3*i + 1), UID(3*i + 2)})
	}
	return UIDListOf(s)
}

// TestUIDListCost: what a change allocates, in a list of 100,000 runs.
func TestUIDListCost(t *testing.T) {
	l := scattered(100_000)
	last := l.Max()
	next, hole := UIDSetOf(last+1), UIDSetOf(last+2)
	few := UIDSetOf(4, 150_001, 299_998)
	holes, everything := UIDSet{{3, 3}, {300, 300}}, UIDSet{{1, MaxUID}}
	for _, tt := range []struct {
		what string
		do   func()
		most float64
	}{
		{"Append to the last run", func() { l.Append(next) }, 0},
		{"Append what is there", func() { l.Append(few) }, 0},
		{"Append behind a hole", func() { l.Append(hole) }, 2},
		{"Without what is not there", func() { l.Without(holes) }, 0},
		{"Without few", func() { l.Without(few) }, 1 + 3},
		{"Without everything", func() { l.Without(everything) }, 1 + 100_000/chunkRuns + 1},
		{"UID and Seq", func() { l.UID(77_777); l.Seq(77_777) }, 0},
		{"Intersect with all", func() { l.Intersect(everything) }, 1},
	} {
		if got := testing.AllocsPerRun(10, tt.do); got > tt.most {
			t.Errorf("%s allocates %v times, want at most %v", tt.what, got, tt.most)
		}
	}

	// The chunks that are left alone are the same in memory.
	shared := func(m UIDList) (n int) {
		for _, c := range m.chunks {
			if slices.ContainsFunc(l.chunks, func(d uidChunk) bool { return &c.runs[0] == &d.runs[0] }) {
				n++
			}
		}
		return n
	}
	if n := shared(l.Append(hole)); n < len(l.chunks)-1 {
		t.Errorf("Append shares %d of %d chunks", n, len(l.chunks))
	}
	if n := shared(l.Without(few)); n < len(l.chunks)-3 {
		t.Errorf("Without shares %d of %d chunks", n, len(l.chunks))
	}
}

func BenchmarkUIDList(b *testing.B) {
	const runs = 100_000
	l := scattered(runs)
	b.Run("Seq", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			l.Seq(UID(i*7919%(3*runs)) + 1)
		}
	})
	b.Run("UID", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			l.UID(uint32(i*7919%(2*runs)) + 1)
		}
	})
	for _, bb := range []struct {
		name string
		s    UIDSet
		do   func(UIDSet) UIDList
	}{
		{"AppendNext", UIDSetOf(l.Max() + 1), l.Append},
		{"AppendHole", UIDSetOf(l.Max() + 2), l.Append},
		{"WithoutOne", UIDSetOf(3*runs/2 + 1), l.Without},
		{"Of", l.Set(), UIDListOf},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				bb.do(bb.s)
			}
		})
	}
}
