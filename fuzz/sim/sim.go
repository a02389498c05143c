package sim

import (
	"fmt"
	"slices"
	"strings"
)

// Options say what to run.
type Options struct {
	// Seed decides everything.
	Seed uint64
	// Steps is how many there are; the default is 4,000.
	Steps int
	// Without names actors who take no part, by their numbers.
	Without []int
	// Transcript is how many lines a Failure has at most; 0 is none, and costs
	// nothing.
	Transcript int
}

// A Report is what a run has shown.
type Report struct {
	Stats Stats
	// Hash is of all octets that went over all connections, and of all that was
	// decided: equal runs have equal ones.
	Hash uint64
	// Failure is nil when all rules held.
	Failure *Failure
}

// A Failure is a rule that did not hold.
type Failure struct {
	Seed    uint64
	Step    int
	Without []int
	// Rule is the number of the invariant, or a word for what has none.
	Rule, Text string
	// Actor is whose conversation it was, -1 for nobody's.
	Actor int
	// Lines are the end of the transcripts of its user, without secrets.
	Lines []string
}

// Error tells everything, and how to see it again.
func (f *Failure) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d, step %d, actor %d: rule %s: %s\n", f.Seed, f.Step, f.Actor, f.Rule, f.Text)
	for _, l := range f.Lines {
		b.WriteString(l + "\n")
	}
	fmt.Fprintf(&b, "replay: go test ./fuzz/sim -run TestReplay -seed %d -steps %d", f.Seed, f.Step)
	if len(f.Without) > 0 {
		fmt.Fprintf(&b, " -without %s", strings.Trim(strings.ReplaceAll(fmt.Sprint(f.Without), " ", ","), "[]"))
	}
	return b.String()
}

const defaultSteps = 4000

// Run runs one world. Equal options give equal reports, in every process.
func Run(opt Options) Report {
	if opt.Steps <= 0 {
		opt.Steps = defaultSteps
	}
	w := newWorld(opt)
	f := w.run()
	return Report{Stats: w.stats, Hash: w.hash, Failure: f}
}

// Explain runs a world that has failed again, without actors whose absence leaves
// the same rule broken, and with the last lines of transcripts.
func Explain(f *Failure, lines int) *Failure {
	for id := range maxActors {
		if id == f.Actor {
			continue
		}
		opt := Options{Seed: f.Seed, Steps: f.Step, Without: append(slices.Clone(f.Without), id)}
		if less := Run(opt).Failure; less != nil && less.Rule == f.Rule {
			f = less
		}
	}
	again := Run(Options{Seed: f.Seed, Steps: f.Step, Without: f.Without, Transcript: lines}).Failure
	if again == nil {
		f.Text += "\nand it did not happen again: the run is not deterministic"
		return f
	}
	return again
}
