package smallscope

import (
	"flag"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

// usual is how deep the tests go when nobody asks for more.
const usual = 4

var (
	depth  = flag.Int("depth", usual, "run every step from every state that fewer than this many steps lead to")
	every  = flag.Int("every", 3, "run every sequence of up to this many steps")
	replay = flag.String("replay", "", "run one sequence, as a failure names it, and print its transcript")
)

var modes = []mode{{}, {rev2: true}, {rev2: true, qresync: true}, {qresync: true}, {rev2: true, pop3: true}, {rev2: true, mailboxes: true}}

// A world is garbage after some tens of microseconds: collecting it seldom is
// quicker.
func TestMain(m *testing.M) {
	debug.SetGCPercent(800)
	m.Run()
}

// steps cuts a number of steps for who is in a hurry.
func steps(n int) int {
	if testing.Short() {
		return n - 1
	}
	return n
}

// explore runs a test in every mode, each on the model of its fresh world.
func explore(t *testing.T, modes []mode, alphabet, last []letter, run func(e *explorer, root *model) error) {
	for _, mode := range modes {
		t.Run(mode.String(), func(t *testing.T) {
			t.Parallel()
			w, root, err := newWorld(mode)
			if err != nil {
				t.Fatal(err)
			}
			w.close()
			e := &explorer{mode: mode, alphabet: alphabet, last: last}
			if err := run(e, root); err != nil {
				t.Fatal(err)
			}
			t.Logf("%d sequences, %d exchanges, new states by length %v", e.sequences, e.exchanges, e.found)
		})
	}
}

// TestEverySequence: invariants 12, 14, 15, 39, 40, 42, 43, 44, 45 and 48 over
// every sequence of few steps, of the other alphabets of one less.
func TestEverySequence(t *testing.T) {
	for i, alphabet := range [][]letter{alphabet, resync, alphabet, mailboxes} {
		length := steps(*every)
		if i > 0 {
			length--
		}
		explore(t, [][]mode{modes[:3], modes[2:4], modes[4:5], modes[5:]}[i], alphabet, nil, func(e *explorer, root *model) error {
			return e.all(root, length)
		})
	}
}

// TestEveryState: the same over every step from every state that can be reached.
func TestEveryState(t *testing.T) {
	explore(t, modes[:3], alphabet, nil, func(e *explorer, root *model) error {
		if !e.mode.rev2 && *depth == usual {
			// \Recent, which IMAP4rev1 has besides, shows early.
			return e.states(root, steps(*depth)-1)
		}
		return e.states(root, steps(*depth))
	})
}

// TestPipelined: the same with a last step of two commands in one read. The
// numbers of the second mean what they did before the first was answered, as far
// as the first may tell no EXPUNGE of others.
func TestPipelined(t *testing.T) {
	last := pairs(alphabet)
	explore(t, modes[1:3], alphabet, last, func(e *explorer, root *model) error { return e.states(root, steps(*depth)-1) })
}

// TestResync: invariants 45, 46, 47 and 57 over every step with modseqs from every
// state that such steps lead to.
func TestResync(t *testing.T) {
	explore(t, modes[2:4], resync, nil, func(e *explorer, root *model) error { return e.states(root, steps(*depth)) })
}

// TestMaildrop: invariants 33, 34, 35 and 36 with one session of IMAP and one of POP3
// on the folder.
func TestMaildrop(t *testing.T) {
	explore(t, modes[4:5], alphabet, nil, func(e *explorer, root *model) error { return e.states(root, steps(*depth)) })
}

// TestMailboxes: invariants 12, 19, 41 and 42 with two sessions that make, delete,
// rename and select mailboxes.
func TestMailboxes(t *testing.T) {
	explore(t, modes[5:], mailboxes, nil, func(e *explorer, root *model) error { return e.states(root, steps(*depth)) })
}

// TestReplay runs the sequence of the flag -replay.
func TestReplay(t *testing.T) {
	if *replay == "" {
		t.Skip("no -replay")
	}
	name, words, _ := strings.Cut(*replay, ":")
	for _, mode := range modes {
		if mode.String() != name {
			continue
		}
		_, root, err := newWorld(mode)
		if err != nil {
			t.Fatal(err)
		}
		e := &explorer{mode: mode}
		for _, word := range strings.Fields(words) {
			s, ok := e.step(word)
			if !ok {
				t.Fatalf("there is no step %s", word)
			}
			e.push(root, s)
			root = e.path[len(e.path)-1].model
		}
		if err := e.run(); err != nil {
			t.Fatal(err)
		}
		t.Log(e.transcript())
		return
	}
	t.Fatalf("there is no mode %s", name)
}

// step returns the step of a name.
func (e *explorer) step(word string) (step, bool) {
	who, what, _ := strings.Cut(word, ".")
	alphabet := slices.Concat(alphabet, resync, pairs(alphabet))
	if e.mode.mailboxes {
		alphabet = mailboxes
	}
	session := 0
	if who != e.mode.name(0) {
		session = 1
		if e.mode.pop3 {
			alphabet = maildrop
		}
	}
	i := slices.IndexFunc(alphabet, func(l letter) bool { return l.name == what })
	if i < 0 || who != e.mode.name(session) {
		return step{}, false
	}
	return step{session, &alphabet[i]}, true
}
