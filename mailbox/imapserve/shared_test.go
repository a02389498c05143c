package imapserve_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

var ctx = context.Background()

// A mirror is what a mail program knows of a folder: by number, what it has
// been told. UID 0 is a message of which it only knows that it exists.
type mirror struct {
	uids  []imap.UID
	flags map[imap.UID]string
}

// read takes in the responses of a session. tagged is called for each tagged
// response.
func (m *mirror) read(t fataler, out string, quiet bool, tagged func(tag string)) {
	for line := range strings.SplitAfterSeq(out, "\r\n") {
		if line == "" || strings.HasPrefix(line, "+ ") {
			continue
		}
		r, err := imapwire.ParseResponse([]byte(line), imapwire.ParseOptions{})
		if err != nil {
			t.Fatalf("the response %q is not one: %v", line, err)
		}
		switch r := r.(type) {
		case *imapwire.ExpungeData:
			// Invariants 14 and 15.
			if quiet {
				t.Fatalf("%q during a command that uses numbers", line)
			}
			if r.Seq == 0 || int(r.Seq) > len(m.uids) {
				t.Fatalf("%q with %d messages", line, len(m.uids))
			}
			delete(m.flags, m.uids[r.Seq-1])
			m.uids = slices.Delete(m.uids, int(r.Seq)-1, int(r.Seq))
		case *imapwire.ExistsData:
			if int(r.Count) < len(m.uids) {
				t.Fatalf("%q lowers the count from %d", line, len(m.uids))
			}
			m.uids = append(m.uids, make([]imap.UID, int(r.Count)-len(m.uids))...)
		case *imapwire.FetchData:
			// Invariants 15 and 42.
			if r.Num == 0 || int(r.Num) > len(m.uids) {
				t.Fatalf("%q with %d messages", line, len(m.uids))
			}
			known := &m.uids[r.Num-1]
			if r.Has&imapwire.HasUID != 0 {
				if *known != 0 && *known != r.UID {
					t.Fatalf("%q, and the number was UID %d", line, *known)
				}
				*known = r.UID
			}
			if r.Has&imapwire.HasFlags != 0 && *known != 0 {
				m.flags[*known] = flagText(r.Flags)
			}
		case *imapwire.StatusResponse:
			if r.Tag != "" {
				tagged(r.Tag)
			}
		}
	}
}

func flagText(flags []imap.Flag) string {
	var s []string
	for _, f := range flags {
		if f != imap.FlagRecent {
			s = append(s, f.Fold())
		}
	}
	slices.Sort(s)
	return strings.Join(s, " ")
}

// A player is a session with the mirror of its client.
type player struct {
	*client
	mirror
	idling bool
}

// play sends commands at once and reads the answers.
func (p *player) play(t fataler, commands ...string) {
	var in strings.Builder
	var want, got []string
	quiet := true
	for _, c := range commands {
		p.tag++
		tag := "t" + strconv.Itoa(p.tag)
		want = append(want, tag)
		in.WriteString(tag + " " + c + "\r\n")
		quiet = quiet && usesNumbers.MatchString(c)
	}
	p.read(t, p.send(in.String()), quiet, func(tag string) { got = append(got, tag) })
	// Invariant 12: each command is answered once, in order.
	if !slices.Equal(want, got) {
		t.Fatalf("commands %v, answers %v", want, got)
	}
}

var usesNumbers = regexp.MustCompile(`^(FETCH|STORE|SEARCH)`)

// sync makes the mirror know the UID and flags of every message.
func (p *player) sync(t fataler) {
	if len(p.uids) > 0 {
		p.play(t, "FETCH 1:* (UID FLAGS)")
	}
}

// TestSharedFolder: invariants 12, 14, 15, 39, 42 and 43. Two to four sessions
// work on one folder, pipelining or not, in IDLE or not. A number always means
// the message that its client took it for; and after a NOOP all see the same.
func TestSharedFolder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := newFixture(t, memstore.Options{})
		setup := f.login(t)
		setup.ok("CREATE other")
		for i := range rapid.IntRange(0, 5).Draw(rt, "messages") {
			setup.append("INBOX", fmt.Sprint("s", i))
		}
		// What the model knows: the keywords that were set on each UID.
		marks := make(map[imap.UID]map[string]bool)
		mark := 0
		players := make([]*player, rapid.IntRange(2, 4).Draw(rt, "sessions"))
		for i := range players {
			players[i] = &player{client: f.login(t), mirror: mirror{flags: make(map[imap.UID]string)}}
			players[i].t = rt
			players[i].play(rt, "SELECT INBOX")
			players[i].sync(rt)
		}
		pick := func(t *rapid.T) *player {
			p := rapid.SampledFrom(players).Draw(t, "player")
			if p.idling {
				p.read(t, p.send("DONE\r\n"), false, func(string) {})
				p.idling = false
			}
			return p
		}
		number := func(t *rapid.T, p *player) (int, bool) {
			if len(p.uids) == 0 {
				return 0, false
			}
			return rapid.IntRange(1, len(p.uids)).Draw(t, "number"), true
		}
		// store is a STORE by number; its effect is on the message that the
		// client takes the number for.
		store := func(p *player, n int) string {
			mark++
			k := fmt.Sprint("k", mark)
			if u := p.uids[n-1]; u != 0 {
				if marks[u] == nil {
					marks[u] = make(map[string]bool)
				}
				marks[u][k] = true
			}
			return fmt.Sprintf("STORE %d +FLAGS%s (%s)", n, []string{"", ".SILENT"}[mark%2], k)
		}
		// flagsOf is what the client makes of its own .SILENT.
		silent := func(p *player, n int) {
			if u := p.uids[n-1]; u != 0 && mark%2 == 1 {
				p.flags[u] = strings.TrimSpace(p.flags[u] + fmt.Sprint(" k", mark))
				s := strings.Fields(p.flags[u])
				slices.Sort(s)
				p.flags[u] = strings.Join(s, " ")
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				p := pick(t)
				msg := "Subject: x\r\n\r\n"
				p.play(t, fmt.Sprintf("APPEND INBOX {%d+}\r\n%s", len(msg), msg))
				p.sync(t)
			},
			"store": func(t *rapid.T) {
				p := pick(t)
				if n, ok := number(t, p); ok {
					c := store(p, n)
					p.play(t, c)
					silent(p, n)
				}
			},
			"store right behind": func(t *rapid.T) {
				// Both commands are in one read: the answer to the first must
				// not change what the number of the second means.
				p := pick(t)
				if n, ok := number(t, p); ok {
					first := rapid.SampledFrom([]string{"FETCH 1:* FLAGS", "SEARCH ALL", "FETCH 1 UID", "NOOP", "CHECK"}).Draw(t, "first")
					p.play(t, first, store(p, n))
					silent(p, n)
					p.sync(t)
				}
			},
			"delete": func(t *rapid.T) {
				p := pick(t)
				if n, ok := number(t, p); ok {
					if u := p.uids[n-1]; u != 0 {
						p.play(t, fmt.Sprintf("UID STORE %d +FLAGS (\\Deleted)", u), "EXPUNGE")
					}
				}
			},
			"move": func(t *rapid.T) {
				p := pick(t)
				if n, ok := number(t, p); ok {
					p.play(t, fmt.Sprintf("MOVE %d other", n))
				}
			},
			"copy": func(t *rapid.T) {
				p := pick(t)
				if n, ok := number(t, p); ok {
					p.play(t, fmt.Sprintf("COPY %d INBOX", n))
					p.sync(t)
				}
			},
			"noop":  func(t *rapid.T) { p := pick(t); p.play(t, "NOOP"); p.sync(t) },
			"fetch": func(t *rapid.T) { p := pick(t); p.sync(t) },
			"idle": func(t *rapid.T) {
				p := pick(t)
				p.tag++
				p.read(t, p.send(fmt.Sprintf("t%d IDLE\r\n", p.tag)), false, func(tag string) { t.Fatalf("IDLE ended: %s", tag) })
				p.idling = true
			},
			"": func(t *rapid.T) {
				for _, p := range players {
					if !p.idling {
						continue
					}
					if p.woken {
						p.woken = false
						p.sess.Notify(ctx)
						p.read(t, p.drain(), false, func(string) {})
					}
				}
			},
		})
		// The checkpoint of invariant 43.
		truth := &player{client: f.login(t), mirror: mirror{flags: make(map[imap.UID]string)}}
		truth.t = rt
		truth.play(rt, "SELECT INBOX")
		truth.sync(rt)
		for i, p := range players {
			if p.idling {
				// A session in IDLE has been told everything already.
				if len(p.uids) != len(truth.uids) {
					rt.Fatalf("session %d in IDLE has %d messages, there are %d", i, len(p.uids), len(truth.uids))
				}
				p.read(rt, p.send("DONE\r\n"), false, func(string) {})
			}
			p.play(rt, "NOOP")
			known := slices.Clone(p.uids)
			flags := p.flags
			p.sync(rt)
			if !slices.Equal(p.uids, truth.uids) {
				rt.Fatalf("session %d has %v, there are %v", i, p.uids, truth.uids)
			}
			for j, u := range known {
				if u != 0 && flags[u] != truth.flags[u] {
					rt.Fatalf("session %d: UID %d was told flags %q, has %q", i, u, flags[u], truth.flags[truth.uids[j]])
				}
			}
		}
		for _, u := range truth.uids {
			for k := range marks[u] {
				if !slices.Contains(strings.Fields(truth.flags[u]), k) {
					rt.Fatalf("UID %d lacks %s, which was stored to it by number; it has %q", u, k, truth.flags[u])
				}
			}
		}
		if !slices.IsSorted(truth.uids) {
			rt.Fatalf("UIDs %v do not ascend", truth.uids)
		}
	})
}
