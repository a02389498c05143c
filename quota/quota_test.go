package quota_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/quota"
)

func rootOf(storage, messages quota.Limit) quota.Root {
	r := quota.Root{Name: "r"}
	r.Limits[quota.Storage], r.Limits[quota.Message] = storage, messages
	return r
}

func TestResource(t *testing.T) {
	for _, r := range quota.Resources() {
		if got, ok := quota.ParseResource(r.String()); !ok || got != r {
			t.Errorf("%s: %v, %v", r, got, ok)
		}
	}
	if got, ok := quota.ParseResource("annotation-storage"); !ok || got != quota.AnnotationStorage {
		t.Errorf("%v, %v", got, ok)
	}
	if _, ok := quota.ParseResource(""); ok {
		t.Error("the empty name is a resource")
	}
	for _, tt := range []struct {
		r            quota.Resource
		amount, want int64
	}{
		{quota.Storage, 0, 0}, {quota.Storage, 1, 1}, {quota.Storage, 1024, 1}, {quota.Storage, 1025, 2},
		{quota.Storage, math.MaxInt64, 1 << 53}, {quota.Message, 7, 7}, {quota.Storage, -5, 0},
	} {
		if got := tt.r.Units(tt.amount); got != tt.want {
			t.Errorf("%d of %s: %d units, want %d", tt.amount, tt.r, got, tt.want)
		}
	}
}

// TestFits: invariants 50 and 51 at the edges.
func TestFits(t *testing.T) {
	big := int64(math.MaxInt64)
	for _, tt := range []struct {
		name     string
		root     quota.Root
		used     quota.Amounts
		reserved quota.Amounts
		need     quota.Amounts
		terms    quota.Terms
		over     quota.Resource // 0: it fits
	}{
		{"no limits", rootOf(quota.Limit{}, quota.Limit{}), quota.Of(1<<62, 1<<32), quota.Of(1<<61, 1<<31), quota.Of(1<<60, 1<<31), quota.Terms{}, 0},
		{"no limits, up to the largest number", rootOf(quota.Limit{}, quota.Limit{}), quota.Of(big-2, 0), quota.Of(1, 0), quota.Of(1, 0), quota.Terms{}, 0},
		{"no limits, beyond the largest number", rootOf(quota.Limit{}, quota.Limit{}), quota.Of(big-2, 0), quota.Of(1, 0), quota.Of(2, 0), quota.Terms{}, quota.Storage},
		{"no limits, nothing more", rootOf(quota.Limit{}, quota.Limit{}), quota.Of(big, big), quota.Amounts{}, quota.Amounts{}, quota.Terms{}, 0},
		{"a move of the largest number", rootOf(quota.Hard(0), quota.Limit{}), quota.Of(big, 1), quota.Amounts{}, quota.Of(big, 1), quota.Terms{Credit: quota.Of(big, 1)}, 0},
		{"two moves of the largest number at once", rootOf(quota.Limit{}, quota.Limit{}), quota.Of(big, 1), quota.Of(big, 1), quota.Of(big, 1), quota.Terms{Credit: quota.Of(big, 1)}, quota.Storage},
		{"a negative limit is zero", rootOf(quota.Limit{Hard: -1, HasHard: true}, quota.Limit{}), quota.Amounts{}, quota.Amounts{}, quota.Of(1, 0), quota.Terms{}, quota.Storage},
		{"a negative need is none", rootOf(quota.Hard(0), quota.Hard(0)), quota.Of(9, 9), quota.Amounts{}, quota.Of(-1, -1), quota.Terms{}, 0},
		{"percent of a large limit saturates", rootOf(quota.Hard(1<<60), quota.Limit{}), quota.Of(1<<62, 0), quota.Amounts{}, quota.Of(1, 0), quota.Terms{Rule: quota.Rule{Percent: 50}}, 0},
		{"a large percentage saturates", rootOf(quota.Limit{}, quota.Hard(99)), quota.Of(0, 1<<60), quota.Amounts{}, quota.Of(0, 1), quota.Terms{Rule: quota.Rule{Percent: big}}, 0},
		{"a product of more than 128 bits saturates", rootOf(quota.Hard(1<<62), quota.Limit{}), quota.Of(1<<62, 0), quota.Amounts{}, quota.Of(1, 0), quota.Terms{Rule: quota.Rule{Percent: 1 << 62}}, 0},
		{"a negative percentage is none", rootOf(quota.Limit{}, quota.Hard(2)), quota.Of(0, 1), quota.Amounts{}, quota.Of(0, 1), quota.Terms{Rule: quota.Rule{Percent: -5}}, 0},
		{"to the last octet", rootOf(quota.Hard(1), quota.Limit{}), quota.Of(1000, 1), quota.Amounts{}, quota.Of(24, 1), quota.Terms{}, 0},
		{"one too many", rootOf(quota.Hard(1), quota.Limit{}), quota.Of(1000, 1), quota.Amounts{}, quota.Of(25, 1), quota.Terms{}, quota.Storage},
		{"reserved counts", rootOf(quota.Hard(1), quota.Limit{}), quota.Of(1000, 1), quota.Of(24, 1), quota.Of(1, 1), quota.Terms{}, quota.Storage},
		{"zero forbids", rootOf(quota.Limit{}, quota.Hard(0)), quota.Amounts{}, quota.Amounts{}, quota.Of(0, 1), quota.Terms{}, quota.Message},
		{"nothing always fits", rootOf(quota.Hard(0), quota.Hard(0)), quota.Of(99, 9), quota.Amounts{}, quota.Amounts{}, quota.Terms{}, 0},
		{"soft does not refuse", rootOf(quota.Soft(1), quota.Limit{}), quota.Of(5000, 1), quota.Amounts{}, quota.Of(5000, 1), quota.Terms{}, 0},
		{"move at the limit", rootOf(quota.Hard(1), quota.Hard(2)), quota.Of(1024, 2), quota.Amounts{}, quota.Of(500, 1), quota.Terms{Credit: quota.Of(500, 1)}, 0},
		{"replace by more", rootOf(quota.Hard(1), quota.Hard(2)), quota.Of(1024, 2), quota.Amounts{}, quota.Of(501, 1), quota.Terms{Credit: quota.Of(500, 1)}, quota.Storage},
		{"move above the limit", rootOf(quota.Hard(0), quota.Hard(0)), quota.Of(1024, 2), quota.Amounts{}, quota.Of(500, 1), quota.Terms{Credit: quota.Of(500, 1)}, 0},
		{"grace for delivery", rootOf(quota.Hard(1), quota.Limit{}), quota.Of(1024, 1), quota.Amounts{}, quota.Of(10, 1), quota.Terms{Delivery: true, Grace: quota.Of(10, 0)}, 0},
		{"grace ends", rootOf(quota.Hard(1), quota.Limit{}), quota.Of(1024, 1), quota.Amounts{}, quota.Of(11, 1), quota.Terms{Delivery: true, Grace: quota.Of(10, 0)}, quota.Storage},
		{"grace only for delivery", rootOf(quota.Hard(1), quota.Limit{}), quota.Of(1024, 1), quota.Amounts{}, quota.Of(1, 1), quota.Terms{Grace: quota.Of(10, 0)}, quota.Storage},
		{"ignored folder", rootOf(quota.Hard(0), quota.Hard(0)), quota.Amounts{}, quota.Amounts{}, quota.Of(1, 1), quota.Terms{Rule: quota.Rule{Ignore: true}}, 0},
		{"percent", rootOf(quota.Hard(10), quota.Limit{}), quota.Of(10240, 1), quota.Amounts{}, quota.Of(1024, 1), quota.Terms{Rule: quota.Rule{Percent: 110}}, 0},
		{"percent ends", rootOf(quota.Hard(10), quota.Limit{}), quota.Of(10240, 1), quota.Amounts{}, quota.Of(1025, 1), quota.Terms{Rule: quota.Rule{Percent: 110}}, quota.Storage},
		{"extra", rootOf(quota.Limit{}, quota.Hard(1)), quota.Of(0, 1), quota.Amounts{}, quota.Of(0, 5), quota.Terms{Rule: quota.Rule{Extra: quota.Of(0, 5)}}, 0},
		{"the largest limit", rootOf(quota.Limit{}, quota.Hard(big)), quota.Of(0, big-1), quota.Amounts{}, quota.Of(0, 1), quota.Terms{}, 0},
		{"beyond the largest limit", rootOf(quota.Limit{}, quota.Hard(big)), quota.Of(0, big-1), quota.Amounts{}, quota.Of(0, 2), quota.Terms{}, quota.Message},
		{"a limit of 2^63 octets saturates", rootOf(quota.Hard(1<<53), quota.Limit{}), quota.Of(1<<62, 0), quota.Amounts{}, quota.Of(1, 0), quota.Terms{}, 0},
		{"usage saturates", rootOf(quota.Limit{}, quota.Limit{}), quota.Of(1<<62, 0), quota.Of(1<<62, 0), quota.Of(1, 0), quota.Terms{}, quota.Storage},
		{"a limit beyond 63 bits saturates", rootOf(quota.Limit{}, quota.Hard(1<<62)), quota.Of(0, 1<<61), quota.Amounts{}, quota.Of(0, 1), quota.Terms{Rule: quota.Rule{Percent: 300}}, 0},
		{"a limit that saturates", rootOf(quota.Hard(big), quota.Limit{}), quota.Of(big-1, 1), quota.Amounts{}, quota.Of(1, 1), quota.Terms{}, 0},
	} {
		tt.root.Used, tt.root.Reserved = tt.used, tt.reserved
		err := tt.root.Fits(tt.need, tt.terms)
		var over *quota.OverError
		switch {
		case tt.over == 0 && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.over != 0 && (!errors.As(err, &over) || !errors.Is(err, quota.ErrOver) || over.Resource != tt.over || over.Root != "r"):
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestRoot: invariants 49 to 52. Transactions that reserve, commit, release and
// remove in any order, some of which fail on the way: usage is what a recount
// finds, nothing is negative, and what was admitted stays within the limit.
func TestRoot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := quota.Hard(rapid.Int64Range(0, 30).Draw(t, "messages"))
		storage := quota.Hard(rapid.Int64Range(0, 5).Draw(t, "storage"))
		r := rootOf(storage, limit)
		var messages []int64 // the model: octets of each
		var holds []quota.Hold
		var sizes [][]int64
		recount := func() quota.Amounts {
			var n quota.Amounts
			for _, m := range messages {
				n = n.Plus(quota.Of(m, 1))
			}
			return n
		}
		t.Repeat(map[string]func(*rapid.T){
			"reserve": func(t *rapid.T) {
				ms := rapid.SliceOfN(rapid.Int64Range(0, 2000), 1, 3).Draw(t, "sizes")
				var need quota.Amounts
				for _, m := range ms {
					need = need.Plus(quota.Of(m, 1))
				}
				before := r
				next, h, err := r.Reserve(need, quota.Terms{})
				if err != nil {
					if next != before {
						t.Fatal("a refusal changed the root")
					}
					return
				}
				r, holds, sizes = next, append(holds, h), append(sizes, ms)
			},
			"commit": func(t *rapid.T) {
				if len(holds) == 0 {
					return
				}
				i := rapid.IntRange(0, len(holds)-1).Draw(t, "i")
				r = r.Commit(holds[i])
				messages = append(messages, sizes[i]...)
				holds, sizes = slices.Delete(holds, i, i+1), slices.Delete(sizes, i, i+1)
			},
			"release": func(t *rapid.T) {
				if len(holds) == 0 {
					return
				}
				i := rapid.IntRange(0, len(holds)-1).Draw(t, "i")
				r = r.Release(holds[i])
				holds, sizes = slices.Delete(holds, i, i+1), slices.Delete(sizes, i, i+1)
			},
			"expunge": func(t *rapid.T) {
				if len(messages) == 0 {
					return
				}
				i := rapid.IntRange(0, len(messages)-1).Draw(t, "i")
				r = r.Discharge(quota.Of(messages[i], 1))
				messages = slices.Delete(messages, i, i+1)
			},
			"move inside": func(t *rapid.T) {
				// Invariant 52: it fits at and above the limit, and changes nothing.
				if len(messages) == 0 {
					return
				}
				m := quota.Of(rapid.SampledFrom(messages).Draw(t, "m"), 1)
				next, h, err := r.Reserve(m, quota.Terms{Credit: m})
				if err != nil {
					t.Fatalf("a move was refused: %v", err)
				}
				if next = next.Discharge(m).Commit(h); next != r {
					t.Fatal("a move changed the root")
				}
			},
			"lower the limit": func(t *rapid.T) {
				r.Limits[quota.Message] = quota.Hard(rapid.Int64Range(0, 30).Draw(t, "n"))
			},
			"": func(t *rapid.T) {
				if got := recount(); got != r.Used {
					t.Fatalf("used %v, a recount finds %v", r.Used, got)
				}
				for i := range r.Used {
					if r.Used[i] < 0 || r.Reserved[i] < 0 {
						t.Fatalf("negative: %+v", r)
					}
				}
				if r.Used[quota.Storage]+r.Reserved[quota.Storage] > storage.Hard*1024 {
					t.Fatalf("%d octets admitted, the limit is %d", r.Used[quota.Storage], storage.Hard*1024)
				}
			},
		})
	})
}

func TestReserveAll(t *testing.T) {
	wide, narrow := rootOf(quota.Hard(10), quota.Limit{}), rootOf(quota.Hard(1), quota.Limit{})
	narrow.Name = "narrow"
	shares := []quota.Share{{Root: wide}, {Root: narrow}}
	if _, _, err := quota.ReserveAll(shares, quota.Of(1025, 1), quota.Terms{}); !errors.Is(err, quota.ErrOver) {
		t.Errorf("the lowest does not decide: %v", err)
	}
	shares[1].Rule.Ignore = true
	roots, holds, err := quota.ReserveAll(shares, quota.Of(1025, 1), quota.Terms{})
	if err != nil || roots[0].Reserved != quota.Of(1025, 1) || roots[1] != narrow || holds[1] != (quota.Hold{}) {
		t.Errorf("%v %v %v", roots, holds, err)
	}
}

// TestLimit: invariant 50. The limit that holds is the exact one, up to 2^63-1.
func TestLimit(t *testing.T) {
	edges := rapid.OneOf(
		rapid.SampledFrom([]int64{1, 2, 99, 100, 150, 200, 1 << 31, 1 << 32, 1 << 53, 1 << 62, math.MaxInt64}),
		rapid.Int64Range(1, 1000), rapid.Int64Range(1, math.MaxInt64))
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.SampledFrom(quota.Resources()).Draw(t, "resource")
		n, percent, extra := edges.Draw(t, "limit"), edges.Draw(t, "percent"), edges.Draw(t, "extra")
		var r quota.Root
		r.Limits[x] = quota.Hard(n)
		r.Used[x] = math.MaxInt64
		rule := quota.Rule{Percent: percent}
		rule.Extra[x] = extra
		var need quota.Amounts
		need[x] = 1
		want := new(big.Int).Mul(big.NewInt(n), big.NewInt(percent))
		want.Mul(want, big.NewInt(x.Unit())).Quo(want, big.NewInt(100)).Add(want, big.NewInt(extra))
		if most := big.NewInt(math.MaxInt64); want.Cmp(most) > 0 {
			want = most
		}
		var over *quota.OverError
		if !errors.As(r.Fits(need, quota.Terms{Rule: rule}), &over) || big.NewInt(over.Limit).Cmp(want) != 0 {
			t.Fatalf("%+v, want a limit of %d", over, want)
		}
		if over.Usage != math.MaxInt64 || over.Asked != 1 || over.Resource != x {
			t.Fatalf("%+v", over)
		}
	})
}

// TestShares: a credit counts in the root that shrinks, and what is ignored is
// charged nowhere (invariants 51 to 53).
func TestShares(t *testing.T) {
	mine, shared := rootOf(quota.Limit{}, quota.Hard(1)), rootOf(quota.Limit{}, quota.Hard(1))
	mine.Name, shared.Name = "", "shared"
	mine.Used, shared.Used = quota.Of(1, 1), quota.Of(1, 1)
	m := quota.Of(1, 1)
	private := []quota.Share{{Root: mine}}
	both := []quota.Share{{Root: mine}, {Root: shared}}
	ignored := []quota.Share{{Root: mine, Rule: quota.Rule{Ignore: true}}}
	for _, tt := range []struct {
		name     string
		from, to []quota.Share
		over     string // "-": it fits
	}{
		{"inside a root", private, private, "-"},
		{"out of a root", both, private, "-"},
		{"inside two roots", both, both, "-"},
		{"into a second root that is full", private, both, "shared"},
		{"out of a folder that does not count", ignored, private, ""},
		{"into a folder that does not count", private, ignored, "-"},
		{"between folders that do not count", ignored, ignored, "-"},
	} {
		_, _, err := quota.ReserveAll(quota.Credit(tt.to, tt.from, m), m, quota.Terms{Credit: quota.Of(9, 9)})
		var over *quota.OverError
		if got := errors.As(err, &over); got != (tt.over != "-") || got && over.Root != tt.over {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if tt := quota.Charged(append(ignored, both[1])); len(tt) != 1 || tt[0] != shared {
		t.Errorf("charged: %+v", tt)
	}
	if quota.Charged(ignored) != nil {
		t.Error("an ignored folder is charged")
	}
	for _, s := range both {
		if s.Credit != (quota.Amounts{}) {
			t.Error("Credit changed its argument")
		}
	}
}

// TestPolicy: a policy without a rule has every folder.
func TestPolicy(t *testing.T) {
	if rule, belongs := (quota.Policy{}).Of("x"); !belongs || rule != (quota.Rule{}) {
		t.Error(rule, belongs)
	}
	p := quota.Policy{Rule: func(folder string) (quota.Rule, bool) { return quota.Rule{Percent: 10}, folder == "x" }}
	if rule, belongs := p.Of("x"); !belongs || rule.Percent != 10 {
		t.Error(rule, belongs)
	}
	if _, belongs := p.Of("y"); belongs {
		t.Error("y belongs")
	}
}

// TestHold: invariant 50. What was not refused is counted to the octet, whatever
// else was asked for meanwhile.
func TestHold(t *testing.T) {
	root, hold, err := quota.Root{}.Reserve(quota.Of(100, 1), quota.Terms{})
	if err != nil {
		t.Fatal(err)
	}
	next, none, err := root.Reserve(quota.Of(math.MaxInt64, 1), quota.Terms{})
	if !errors.Is(err, quota.ErrOver) || next != root || none != (quota.Hold{}) {
		t.Errorf("%+v, %+v, %v", next, none, err)
	}
	if next = root.Commit(hold); next.Used != quota.Of(100, 1) || next.Reserved != (quota.Amounts{}) {
		t.Errorf("%+v", next)
	}
	_, hold, err = quota.Root{}.Reserve(quota.Of(-5, 1), quota.Terms{})
	if err != nil || hold.Amounts() != quota.Of(0, 1) || quota.HoldOf(quota.Of(-5, 1)) != hold {
		t.Errorf("%v, %v", hold, err)
	}
}

func TestCrossed(t *testing.T) {
	var limits quota.Limits
	limits[quota.Storage] = quota.Hard(10)
	ths := []quota.Threshold{
		{Resource: quota.Storage, Percent: 95},
		{Resource: quota.Storage, Percent: 80},
		{Resource: quota.Message, At: 5},
		{Resource: quota.Message, Percent: 50}, // no limit: never
		{Resource: quota.Storage, Percent: 80, Under: true},
	}
	for _, tt := range []struct {
		before, after quota.Amounts
		want          int
	}{
		{quota.Of(0, 0), quota.Of(8191, 4), -1},
		{quota.Of(8191, 0), quota.Of(8192, 0), 1},
		{quota.Of(0, 0), quota.Of(10240, 9), 0},
		{quota.Of(9000, 0), quota.Of(9100, 0), -1},
		{quota.Of(9000, 4), quota.Of(9100, 5), 2},
		{quota.Of(9000, 4), quota.Of(8191, 4), 4},
		{quota.Of(8192, 4), quota.Of(8191, 4), 4},
		{quota.Of(8191, 4), quota.Of(8190, 4), -1},
	} {
		got, ok := quota.Crossed(ths, limits, tt.before, tt.after)
		if ok != (tt.want >= 0) || ok && got != ths[tt.want] {
			t.Errorf("%v to %v: %v, %v", tt.before, tt.after, got, ok)
		}
	}
}

// TestCrossedEdges: a threshold that saturates is not lower than it was.
func TestCrossedEdges(t *testing.T) {
	var limits quota.Limits
	limits[quota.Storage] = quota.Hard(1 << 60) // 2^70 octets
	half := []quota.Threshold{{Resource: quota.Storage, Percent: 50}}
	if got, ok := quota.Crossed(half, limits, quota.Of(1<<62-1, 0), quota.Of(1<<62, 0)); ok {
		t.Errorf("crossed %v", got)
	}
	limits[quota.Message] = quota.Limit{Hard: 5} // which is none
	for _, th := range []quota.Threshold{{}, {Resource: quota.Message, Percent: 100}, {Resource: 99, At: 1}, {Resource: quota.Storage, Percent: -1}, {Resource: quota.Storage}} {
		if _, ok := quota.Crossed([]quota.Threshold{th}, limits, quota.Of(0, 0), quota.Of(math.MaxInt64, math.MaxInt64)); ok {
			t.Errorf("crossed %v", th)
		}
	}
}

// TestRecount: invariant 53. Whatever happens while folders are counted, the
// end is what there is at the end.
func TestRecount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"a", "b", "c"}
		has := map[string]quota.Amounts{}
		for _, f := range names {
			has[f] = quota.Of(rapid.Int64Range(0, 100).Draw(t, "octets of "+f), rapid.Int64Range(0, 3).Draw(t, "messages of "+f))
		}
		var c quota.Recount
		next := 0
		t.Repeat(map[string]func(*rapid.T){
			"grow": func(t *rapid.T) {
				f, n := rapid.SampledFrom(names).Draw(t, "folder"), quota.Of(rapid.Int64Range(0, 100).Draw(t, "octets"), 1)
				has[f] = has[f].Plus(n)
				c.Change(f, n, quota.Amounts{})
			},
			"shrink": func(t *rapid.T) {
				f := rapid.SampledFrom(names).Draw(t, "folder")
				n := quota.Of(has[f][quota.Storage]/2, has[f][quota.Message]/2)
				has[f] = has[f].Minus(n)
				c.Change(f, quota.Amounts{}, n)
			},
			"drop": func(t *rapid.T) {
				f := rapid.SampledFrom(names).Draw(t, "folder")
				c.Drop(f, has[f])
				has[f] = quota.Amounts{}
			},
			"count": func(t *rapid.T) {
				if next < len(names) {
					c.Count(names[next], has[names[next]])
					next++
				}
			},
		})
		for ; next < len(names); next++ {
			c.Count(names[next], has[names[next]])
		}
		var want quota.Amounts
		for _, n := range has {
			want = want.Plus(n)
		}
		if got := c.Finish(quota.Root{}).Used; got != want {
			t.Fatalf("counted %v, there is %v", got, want)
		}
	})
}

func TestLines(t *testing.T) {
	r := rootOf(quota.Hard(10), quota.Soft(3))
	r.Used = quota.Of(1025, 4)
	want := []quota.Line{{Resource: quota.Storage, Usage: 2, Limit: 10}, {Resource: quota.Message, Usage: 4, Limit: 3}}
	if d := cmp.Diff(want, r.Lines()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got := r.OverSoft(); !slices.Equal(got, []quota.Resource{quota.Message}) {
		t.Errorf("over soft limits: %v", got)
	}
	below := rootOf(quota.Limit{Hard: -3, HasHard: true}, quota.Limit{Soft: -3, HasSoft: true})
	for _, l := range below.Lines() {
		if l.Limit != 0 {
			t.Errorf("a negative limit is told as %d", l.Limit)
		}
	}
	full := rootOf(quota.Soft(2), quota.Limit{})
	if full.Used = quota.Of(2048, 0); full.OverSoft() != nil {
		t.Error("what is at a soft limit is over it")
	}
	if full.Used = quota.Of(2049, 0); len(full.OverSoft()) != 1 {
		t.Error("an octet over a soft limit is not")
	}
	if len(rootOf(quota.Limit{}, quota.Limit{}).Lines()) != 0 {
		t.Error("a root without limits has lines")
	}
}

// The life of an append: reserve, write, commit.
func Example() {
	root := quota.Root{Name: "ada"}
	root.Limits[quota.Storage] = quota.Hard(1) // 1024 octets

	root, hold, err := root.Reserve(quota.Of(1000, 1), quota.Terms{})
	if err != nil {
		fmt.Println(err)
		return
	}
	// … the message is written …
	root = root.Commit(hold)
	for _, l := range root.Lines() {
		fmt.Println(l.Resource, l.Usage, "of", l.Limit)
	}
	_, _, err = root.Reserve(quota.Of(100, 1), quota.Terms{})
	fmt.Println(errors.Is(err, quota.ErrOver))
	// Output:
	// STORAGE 1 of 1
	// true
}

// A move inside a root fits at the limit: what it removes makes room.
func ExampleRoot_Reserve_move() {
	root := quota.Root{Used: quota.Of(1024, 1)}
	root.Limits[quota.Storage] = quota.Hard(1)
	message := quota.Of(1024, 1)
	next, hold, err := root.Reserve(message, quota.Terms{Credit: message})
	if err != nil {
		fmt.Println(err)
		return
	}
	next = next.Discharge(message).Commit(hold)
	fmt.Println(next == root)
	// Output: true
}

// A folder in two roots grows in both or in neither. A message that moves there
// from a folder of one of them is new to the other.
func ExampleReserveAll() {
	ada, team := quota.Root{Name: "ada", Used: quota.Of(1024, 1)}, quota.Root{Name: "team"}
	ada.Limits[quota.Storage], team.Limits[quota.Storage] = quota.Hard(1), quota.Hard(0)
	message := quota.Of(1024, 1)
	inbox := []quota.Share{{Root: ada}}
	shared := []quota.Share{{Root: ada}, {Root: team}}

	_, _, err := quota.ReserveAll(quota.Credit(shared, inbox, message), message, quota.Terms{})
	var over *quota.OverError
	if errors.As(err, &over) {
		fmt.Println(over.Root, over.Resource)
	}
	// Output: team STORAGE
}

// A warning goes out when usage crosses a threshold, and not before or after.
func ExampleCrossed() {
	var limits quota.Limits
	limits[quota.Storage] = quota.Hard(100)
	ninety := []quota.Threshold{{Resource: quota.Storage, Percent: 90}}
	before := quota.Of(80<<10, 0)
	for _, kib := range []int64{85, 91, 95} {
		after := quota.Of(kib<<10, 0)
		_, crossed := quota.Crossed(ninety, limits, before, after)
		fmt.Println(kib, crossed)
		before = after
	}
	// Output:
	// 85 false
	// 91 true
	// 95 false
}
