package sim

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
)

var (
	commands = flag.Int("commands", 0, "run worlds until there were so many commands, in place of the usual ones")
	seed     = flag.Uint64("seed", 0, "the first seed, or the one to replay")
	steps    = flag.Int("steps", 0, "up to which step to replay; 0 is all")
	without  = flag.String("without", "", "the numbers of actors who take no part in a replay, with commas")
	lines    = flag.Int("lines", 80, "how many lines of transcripts a failure shows")
)

// How many worlds there are.
const (
	usual = 160
	short = 25
)

// TestSeeds: invariants 12, 14, 15, 19, 21, 29, 33 to 37, 39 to 51, 53, 54 and 56. Whatever
// happens in a world, the rules hold.
func TestSeeds(t *testing.T) {
	enough := func(worlds, done int) bool {
		switch {
		case *commands > 0:
			return done >= *commands
		case testing.Short():
			return worlds >= short
		}
		return worlds >= usual
	}
	var mu sync.Mutex
	var sum Stats
	next, failed := *seed, (*Failure)(nil)
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Add(1)
		go func() {
			defer all.Done()
			for {
				mu.Lock()
				if failed != nil || enough(int(next-*seed), sum.Total()) {
					mu.Unlock()
					return
				}
				s := next
				next++
				mu.Unlock()
				r := Run(Options{Seed: s})
				mu.Lock()
				sum.Add(r.Stats)
				if r.Failure != nil && (failed == nil || s < failed.Seed) {
					failed = r.Failure
				}
				mu.Unlock()
			}
		}()
	}
	all.Wait()
	t.Logf("\n%s", sum.String())
	if failed != nil {
		t.Fatal(Explain(failed, *lines))
	}
}

// TestReplay runs the world of -seed up to -steps.
func TestReplay(t *testing.T) {
	if *steps == 0 && *without == "" {
		t.Skip("for a seed that has failed: -seed, -steps, -without")
	}
	opt := Options{Seed: *seed, Steps: *steps, Transcript: *lines}
	for s := range strings.SplitSeq(*without, ",") {
		if n, err := strconv.Atoi(s); err == nil {
			opt.Without = append(opt.Without, n)
		}
	}
	if f := Run(opt).Failure; f != nil {
		t.Fatal(f)
	}
}

// TestDeterministic: two runs of a seed are equal in every octet, with and without
// a transcript, and in another process.
func TestDeterministic(t *testing.T) {
	if *seed != 0 {
		fmt.Printf("hash %x\n", Run(Options{Seed: *seed}).Hash)
		return
	}
	for s := range uint64(10) {
		a, b := Run(Options{Seed: s, Steps: 1500}), Run(Options{Seed: s, Steps: 1500, Transcript: 50})
		if a.Hash != b.Hash || a.Stats.Octets != b.Stats.Octets || a.Stats.Total() != b.Stats.Total() {
			t.Errorf("seed %d: hashes %x and %x, %d and %d octets, %d and %d commands", s, a.Hash, b.Hash, a.Stats.Octets, b.Stats.Octets, a.Stats.Total(), b.Stats.Total())
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(self, "-test.run=^TestDeterministic$", "-seed=7").Output()
	if want := fmt.Sprintf("hash %x\n", Run(Options{Seed: 7}).Hash); err != nil || !strings.HasPrefix(string(out), want) {
		t.Errorf("another process has %q (%v), this one %q", out, err, want)
	}
}
