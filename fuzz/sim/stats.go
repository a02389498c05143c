package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Stats is what happened in one world or many.
type Stats struct {
	// Worlds that came to their end.
	Worlds int
	// Commands by protocol and verb, Outcomes by protocol and condition: "without"
	// are those that the end of their conversation left without an answer.
	Commands, Outcomes map[string]int
	// Octets that went over connections, both ways.
	Octets int64
	// Checks compare the ledger with a folder, a list of folders or a root of the
	// store, Answers what a server said with what the ledger says.
	Checks, Answers, Checkpoints int
	// Connections, and those of them that were lost on purpose.
	Connections, Disconnects int
	// Effects are changes of the store, Failures calls that failed on purpose.
	Effects, Failures int
	// Deliveries from outside, Bells that rang, Timeouts at either end.
	Deliveries, Bells, Timeouts int
	// MaxRetained and MaxQueued are the most octets of input and of output that the
	// engine of a session held.
	MaxRetained, MaxQueued int64
}

// Total returns how many commands there were.
func (s *Stats) Total() (n int) {
	for _, k := range s.Commands {
		n += k
	}
	return n
}

func (s *Stats) count(protocol, verb string) {
	if s.Commands == nil {
		s.Commands, s.Outcomes = map[string]int{}, map[string]int{}
	}
	s.Commands[protocol+" "+verb]++
}

func (s *Stats) outcome(protocol, condition string) { s.Outcomes[protocol+" "+condition]++ }

// Add adds what happened elsewhere.
func (s *Stats) Add(t Stats) {
	if s.Commands == nil {
		s.Commands, s.Outcomes = map[string]int{}, map[string]int{}
	}
	for k, n := range t.Commands {
		s.Commands[k] += n
	}
	for k, n := range t.Outcomes {
		s.Outcomes[k] += n
	}
	s.Worlds += t.Worlds
	s.Octets += t.Octets
	s.Checks += t.Checks
	s.Answers += t.Answers
	s.Checkpoints += t.Checkpoints
	s.Connections += t.Connections
	s.Disconnects += t.Disconnects
	s.Failures += t.Failures
	s.Effects += t.Effects
	s.Deliveries += t.Deliveries
	s.Bells += t.Bells
	s.Timeouts += t.Timeouts
	s.MaxRetained = max(s.MaxRetained, t.MaxRetained)
	s.MaxQueued = max(s.MaxQueued, t.MaxQueued)
}

// String returns a summary of several lines.
func (s *Stats) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d worlds, %d commands, %d octets, %d connections, %d cut, %d deliveries\n", s.Worlds, s.Total(), s.Octets, s.Connections, s.Disconnects, s.Deliveries)
	fmt.Fprintf(&b, "%d effects, %d failures of the store, %d bells, %d time-outs\n", s.Effects, s.Failures, s.Bells, s.Timeouts)
	fmt.Fprintf(&b, "%d checks of the store, %d of answers, %d checkpoints; at most %d octets retained, %d queued\n", s.Checks, s.Answers, s.Checkpoints, s.MaxRetained, s.MaxQueued)
	for _, m := range []map[string]int{s.Outcomes, s.Commands} {
		line := 0
		for _, k := range slices.Sorted(maps.Keys(m)) {
			word := fmt.Sprintf("%s %d", k, m[k])
			if line += len(word) + 2; line > 140 {
				b.WriteString("\n")
				line = len(word)
			}
			b.WriteString(word + "  ")
		}
		b.WriteString("\n")
	}
	return b.String()
}
