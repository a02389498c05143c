package quota_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/quota"
)

// TestRecountDrop: invariant 49 across a change of root. A folder that left the
// root while it was counted, and came back, is there.
func TestRecountDrop(t *testing.T) {
	had, has := quota.Of(10, 1), quota.Of(30, 3)
	for _, tt := range []struct {
		name  string
		steps func(*quota.Recount)
		want  quota.Amounts
	}{
		{"gone", func(c *quota.Recount) { c.Count("f", had); c.Drop("f", had) }, quota.Amounts{}},
		{"gone before its turn", func(c *quota.Recount) { c.Drop("f", had) }, quota.Amounts{}},
		{"back", func(c *quota.Recount) { c.Count("f", had); c.Drop("f", had); c.Count("f", has) }, has},
		{"back before its turn", func(c *quota.Recount) { c.Drop("f", had); c.Count("f", has); c.Count("f", has) }, has},
		{"emptied, and it grew", func(c *quota.Recount) { c.Drop("f", had); c.Change("f", has, quota.Amounts{}); c.Count("f", has) }, has},
		{"gone twice", func(c *quota.Recount) { c.Count("f", had); c.Drop("f", had); c.Drop("f", had) }, quota.Amounts{}},
		{"others stay when it goes twice", func(c *quota.Recount) {
			c.Count("f", had)
			c.Count("g", has)
			c.Drop("f", had)
			c.Drop("f", had)
		}, has},
	} {
		var c quota.Recount
		tt.steps(&c)
		if got := c.Finish(quota.Root{}).Used; got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestKept: roots, holds and recounts go through a database and are what they
// were, so that another node can go on.
func TestKept(t *testing.T) {
	root := rootOf(quota.Hard(10), quota.Soft(3))
	root.Used = quota.Of(5, 1)
	root, hold, err := root.Reserve(quota.Of(100, 1), quota.Terms{})
	if err != nil {
		t.Fatal(err)
	}
	var c quota.Recount
	c.Count("a", quota.Of(5, 1))

	var root2 quota.Root
	var held quota.Amounts
	var c2 quota.Recount
	for _, p := range []struct{ from, to any }{{root, &root2}, {hold.Amounts(), &held}, {c, &c2}} {
		b, err := json.Marshal(p.from)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, p.to); err != nil {
			t.Fatal(err)
		}
	}
	if root2 != root || quota.HoldOf(held) != hold {
		t.Errorf("got %+v, %v; want %+v, %v", root2, held, root, hold)
	}
	if d := cmp.Diff(c, c2); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	root2 = root2.Commit(quota.HoldOf(held))
	c2.Change("a", held, quota.Amounts{})
	if got := c2.Finish(root2); got != root2 || got.Used != quota.Of(105, 2) || got.Reserved != (quota.Amounts{}) {
		t.Errorf("%+v, recounted %+v", root2, got)
	}
}

// A recount goes from folder to folder while mail comes in, and puts books right
// that had gone wrong.
func ExampleRecount() {
	root := quota.Root{Used: quota.Of(999, 9)} // should be 30 octets in 3 messages
	var c quota.Recount
	c.Count("id-1", quota.Of(10, 1))

	// A message arrives in a folder that was counted, and is told.
	mail := quota.Of(5, 1)
	root, hold, _ := root.Reserve(mail, quota.Terms{})
	root = root.Commit(hold)
	c.Change("id-1", mail, quota.Amounts{})

	// Another goes from a folder that was not: telling it changes nothing.
	gone := quota.Of(10, 1)
	root = root.Discharge(gone)
	c.Change("id-2", quota.Amounts{}, gone)

	c.Count("id-2", quota.Of(10, 1))
	root = c.Finish(root)
	fmt.Println(root.Used[quota.Storage], "octets in", root.Used[quota.Message], "messages")
	// Output: 25 octets in 3 messages
}
