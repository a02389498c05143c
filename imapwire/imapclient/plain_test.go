package imapclient_test

import (
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// A plain FETCH response, of which many come, is held to the state and to what came
// before it as the first one is (invariant 26).
func TestPlainFetch(t *testing.T) {
	const plain = "* 7 FETCH (UID 42 FLAGS (\\Seen))\r\n"
	for _, reuse := range []bool{false, true} {
		c, err := imapclient.New(start, imapclient.Options{Reuse: reuse, Tolerate: imapwire.ToleranceSet(imapwire.TolerateSplitLine)})
		if err != nil {
			t.Fatal(err)
		}
		kinds := func(in string) (list []string) {
			if err := c.Feed(start, []byte(in)); err != nil {
				t.Fatal(err)
			}
			for ev := c.Next(); ev != nil; ev = c.Next() {
				list = append(list, fmt.Sprintf("%T", ev)[len("*imapclient."):])
			}
			return list
		}
		step := func(in string, want ...string) {
			t.Helper()
			if got := kinds(in); !slices.Equal(got, want) {
				t.Errorf("reuse %v, %q: %v, want %v", reuse, in, got, want)
			}
		}
		step("* PREAUTH ready\r\n", "Greeting")
		step(plain+plain, "Malformed", "Malformed")
		if _, err := c.Send(&imapwire.Select{Mailbox: "INBOX"}); err != nil {
			t.Fatal(err)
		}
		if err := c.Flush(start, io.Discard); err != nil {
			t.Fatal(err)
		}
		step("A1 OK [READ-WRITE] selected\r\n", "Done")
		step(plain+plain, "FetchEnd", "FetchEnd")
		step("*\r\n"+plain+plain, "Malformed", "FetchEnd", "FetchEnd")
		if s := c.Stats(); s.Bad != 3 || s.Commands != 6 {
			t.Errorf("%d malformed, %d others", s.Bad, s.Commands)
		}
	}
}
