package imapserve_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// answer sends a command and returns the ESEARCH of its answer, if there is one.
func (c *client) answer(command string) (found *imapwire.ESearchData, tagged string) {
	untagged, tagged := c.do(command)
	for line := range strings.SplitAfterSeq(untagged, "\r\n") {
		if line == "" {
			continue
		}
		r, err := imapwire.ParseResponse([]byte(line), imapwire.ParseOptions{})
		if err != nil {
			c.t.Fatalf("%s: %q: %v", command, line, err)
		}
		if e, ok := r.(*imapwire.ESearchData); ok {
			if found != nil {
				c.t.Fatalf("%s: two answers: %s", command, untagged)
			}
			found = e
		}
	}
	return found, tagged
}

func numbers(ranges []imap.Range) (out []uint32) {
	for _, r := range ranges {
		for n := r.First; n <= r.Last; n++ {
			out = append(out, n)
		}
	}
	return out
}

// TestSearchResults: invariants 56 and 57. The result of a search is the same by
// number and by UID, and MIN, MAX, COUNT and ALL fit together. "$" is what the
// options define (RFC 5182 §2.4), loses what is expunged and told, is emptied by
// SELECT and by a SAVE that is NO, and is changed by nothing else.
func TestSearchResults(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := &fixture{store: memstore.New(memstore.Options{})}
		if err := f.store.AddUser("u", "p"); err != nil {
			t.Fatal(err)
		}
		var err error
		if f.srv, err = imapserve.NewServer(f.store, imapserve.Options{Auth: f.store, PlaintextAuth: engine.PlaintextLoopback}); err != nil {
			t.Fatal(err)
		}
		defer f.srv.Close()
		connect := func() *client {
			sess, err := f.srv.Session(start, imapserve.Info{Security: engine.Security{Loopback: true}})
			if err != nil {
				t.Fatal(err)
			}
			c := &client{t: t, sess: sess}
			sess.OnChange(func() {})
			c.drain()
			c.ok("LOGIN u p")
			return c
		}
		c, other := connect(), connect()
		defer c.sess.Close()
		defer other.sess.Close()
		for i := range rapid.IntRange(0, 6).Draw(t, "messages") {
			c.append("INBOX", fmt.Sprint("m", i))
		}
		c.ok("SELECT INBOX")
		other.ok("SELECT INBOX")
		flag := rapid.SampledFrom([]string{`\Seen`, `\Flagged`, "k"})
		key := rapid.SampledFrom([]string{"ALL", "SEEN", "FLAGGED", "NOT KEYWORD k", "OR SEEN KEYWORD k", "NOT ALL", "$", "NOT $", "SEEN $"})
		uids := func() []uint32 { // in the client's view
			e, _ := c.answer("UID SEARCH RETURN (ALL) ALL")
			return numbers(e.All)
		}
		var saved []uint32 // UIDs
		for range rapid.IntRange(1, 15).Draw(t, "steps") {
			switch rapid.IntRange(0, 7).Draw(t, "step") {
			case 0:
				c.do(fmt.Sprintf("STORE %d +FLAGS.SILENT (%s)", rapid.IntRange(1, 6).Draw(t, "n"), flag.Draw(t, "flag")))
			case 1:
				other.do(fmt.Sprintf("UID STORE %d +FLAGS.SILENT (\\Deleted)", rapid.IntRange(1, 6).Draw(t, "uid")))
				other.do("EXPUNGE")
			case 2:
				c.do("NOOP")
			case 3:
				c.do(rapid.SampledFrom([]string{"SEARCH RETURN (SAVE WRONG) ALL", "SEARCH ALL", "SEARCH RETURN () SEEN", "SEARCH RETURN (MIN) ALL", "FETCH $ UID", "SEARCH RETURN (SAVE) WRONG"}).Draw(t, "other"))
			case 4:
				c.ok("SELECT INBOX")
				saved = nil
			default:
				// What is found, by number and by UID: neither tells an EXPUNGE
				// of the numbers before it.
				var options []string
				for _, o := range []string{"MIN", "MAX", "COUNT", "ALL"} {
					if rapid.Bool().Draw(t, o) {
						options = append(options, o)
					}
				}
				save := rapid.Bool().Draw(t, "save")
				k := key.Draw(t, "key")
				byNumber, _ := c.answer("SEARCH RETURN (ALL) " + k)
				all := uids()
				want, view := numbers(byNumber.All), all
				byUID, _ := c.answer("UID SEARCH RETURN (ALL) " + k)
				if len(uids()) == len(view) && len(want) == len(numbers(byUID.All)) {
					for i, n := range want {
						if int(n) <= len(view) && view[n-1] != numbers(byUID.All)[i] {
							t.Fatalf("%s: numbers %v of %v, UIDs %v", k, want, view, numbers(byUID.All))
						}
					}
				}
				if save {
					options = append(options, "SAVE")
				}
				e, tagged := c.answer("UID SEARCH RETURN (" + strings.Join(options, " ") + ") " + k)
				if !strings.HasPrefix(tagged, "OK") {
					t.Fatalf("%s: %s", k, tagged)
				}
				found := numbers(byUID.All)
				has := func(o string) bool { return slices.Contains(options, o) }
				if (e == nil) != (len(options) == 1 && save) {
					t.Fatalf("%v: answer %+v", options, e)
				}
				if e != nil {
					check := fmt.Sprint(e.HasMin, e.Min, e.HasMax, e.Max, e.HasCount, e.Count, numbers(e.All))
					w := &imapwire.ESearchData{HasCount: has("COUNT")}
					if w.HasCount {
						w.Count = uint32(len(found))
					}
					if len(found) > 0 {
						if has("MIN") {
							w.HasMin, w.Min = true, found[0]
						}
						if has("MAX") {
							w.HasMax, w.Max = true, found[len(found)-1]
						}
					}
					var list []uint32
					if has("ALL") || len(options) == 0 {
						list = found
					}
					if got := fmt.Sprint(w.HasMin, w.Min, w.HasMax, w.Max, w.HasCount, w.Count, list); got != check {
						t.Fatalf("%v of %v: %s, want %s", options, found, check, got)
					}
				}
				if save {
					saved = found
					if len(found) > 0 && !has("ALL") && !has("COUNT") && (has("MIN") || has("MAX")) {
						saved = nil
						if has("MIN") {
							saved = append(saved, found[0])
						}
						if has("MAX") && (!has("MIN") || len(found) > 1) {
							saved = append(saved, found[len(found)-1])
						}
					}
					if rapid.SampledFrom([]bool{false, false, true}).Draw(t, "refused") {
						if _, tagged := c.do("SEARCH RETURN (SAVE) CHARSET X-NONE ALL"); !strings.HasPrefix(tagged, "NO") {
							t.Fatal(tagged)
						}
						saved = nil
					}
				}
			}
			view := uids()
			saved = slices.DeleteFunc(slices.Clone(saved), func(u uint32) bool { return !slices.Contains(view, u) })
			e, tagged := c.answer("UID SEARCH RETURN (ALL) $")
			if got := numbers(e.All); !strings.HasPrefix(tagged, "OK") || !slices.Equal(got, saved) {
				t.Fatalf("$ is %v, want %v: %s", got, saved, tagged)
			}
		}
	})
}

// TestSelects: invariant 19. SELECT and EXAMINE tell all that has to be told, with
// CLOSED where a mailbox was open (RFC 9051 §6.3.2); after a failure none is
// selected; and whatever is done behind EXAMINE, nothing is changed.
func TestSelects(t *testing.T) {
	f := newFixture(t, memstore.Options{})
	setup := f.login(t)
	setup.ok("CREATE box")
	for _, box := range []string{"INBOX", "box"} {
		// One that an EXPUNGE would take, and two that nobody has seen.
		setup.append(box, "0")
		setup.ok("SELECT " + box)
		setup.ok(`STORE 1 +FLAGS (\Deleted)`)
		setup.ok("UNSELECT")
		setup.append(box, "1")
		setup.append(box, "2")
	}
	dump := func() string {
		d := f.login(t)
		defer d.sess.Close()
		return d.ok("STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY UNSEEN RECENT)") + d.ok("STATUS box (MESSAGES UIDNEXT UIDVALIDITY UNSEEN RECENT)")
	}
	for _, rev2 := range []bool{false, true} {
		c := f.login(t)
		if rev2 {
			c.ok("ENABLE IMAP4rev2")
		}
		before := dump()
		open := false
		for i, command := range []string{"EXAMINE INBOX", "EXAMINE box", "EXAMINE none", "EXAMINE box", "EXAMINE INBOX"} {
			untagged, tagged := c.do(command)
			if rev2 && open != strings.Contains(untagged, "* OK [CLOSED]") {
				t.Errorf("rev2 %v: %s tells %s", rev2, command, untagged)
			}
			if open = !strings.HasSuffix(command, "none"); !open {
				if !strings.HasPrefix(tagged, "NO [NONEXISTENT]") {
					t.Errorf("%s: %s", command, tagged)
				}
				if _, tagged := c.do("FETCH 1 UID"); !strings.HasPrefix(tagged, "BAD") {
					t.Errorf("behind %s: %s", command, tagged)
				}
				continue
			}
			for _, want := range []string{"* FLAGS (", "* 3 EXISTS", "* OK [UIDVALIDITY ", "* OK [UIDNEXT ", "* OK [PERMANENTFLAGS ()]"} {
				if strings.Count(untagged, want) != 1 {
					t.Errorf("%s: %q is not in\n%s", command, want, untagged)
				}
			}
			if recent := strings.Contains(untagged, "RECENT"); recent == rev2 {
				t.Errorf("rev2 %v: %s tells %s", rev2, command, untagged)
			}
			for _, command := range []string{
				"FETCH 1 BODY[]", "FETCH 1:* BODY[TEXT]", `STORE 1 +FLAGS \Seen`, "EXPUNGE", "MOVE 1 box", "UID EXPUNGE 1:*", "SEARCH RETURN (SAVE) ALL", "CLOSE",
			} {
				c.do(command)
			}
			if i%2 == 0 {
				open = false
			} else {
				c.ok("EXAMINE INBOX")
			}
		}
		if after := dump(); after != before {
			t.Errorf("EXAMINE changed\n%sto\n%s", before, after)
		}
	}
}
