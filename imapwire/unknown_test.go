package imapwire

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

var unknownRows = []commandRow{
	{in: "XPIG", want: &UnknownCommand{Name: "XPIG"}},
	{in: "xPig", want: &UnknownCommand{Name: "XPIG"}, canon: "XPIG"},
	{in: "X-A ", want: &UnknownCommand{Name: "X-A", Args: " "}},
	{in: "GETMETADATA  in[(\"b)ox\\ {x} \xff\t", want: &UnknownCommand{Name: "GETMETADATA", Args: "  in[(\"b)ox\\ {x} \xff\t"}},
	{in: "X {3}\r\na\r\n (~{2}\r\n\x00\x00)", want: &UnknownCommand{Name: "X", Args: " {3}\r\na\r\n (~{2}\r\n\x00\x00)"}},
	{in: "X {0}\r\n", want: &UnknownCommand{Name: "X", Args: " {0}\r\n"}},
	{in: "uid thread REFERENCES UTF-8 ALL", want: &UnknownCommand{Name: "UID THREAD", Args: " REFERENCES UTF-8 ALL"}, canon: "UID THREAD REFERENCES UTF-8 ALL"},
	{in: "UID NOOP", want: &UnknownCommand{Name: "UID NOOP"}},
	{in: "CAPABILITYCAPABILITYCAPABILITY x", want: &UnknownCommand{Name: "CAPABILITYCAPABILITYCAPABILITY", Args: " x"}},
}

var unknownRejects = []rejectRow{
	{"X(y)", 1},
	{"X{3}\r\nabc", 1},
	{"X a\rb", 3},
	{"X a\nb", 3},
	{"X a\x00b", 3},
	{"X {3}\r\na\x00b", 8},
	{"X {3}", 7},
	{"X {3}\r\nab", 10},
	{"UID X(y)", 5},
}

// The literals of an unknown command stay as they are where the server allows
// their form, and wait otherwise.
func TestUnknownLiterals(t *testing.T) {
	const in = "A1 X {2}\r\nab {0003+}\r\n{5} ~{1+}\r\n\x00\r\n"
	_, cmd, err := ParseCommand([]byte(in), ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for policy, want := range map[LiteralPolicy]string{
		LiteralPlus:  in,
		LiteralMinus: in,
		LiteralSync:  "A1 X {2}\r\nab {3}\r\n{5} ~{1}\r\n\x00\r\n",
	} {
		b, stops, err := AppendCommand(nil, "A1", cmd, CommandOptions{Literals: policy})
		if err != nil || string(b) != want {
			t.Errorf("%d: %q, %v", policy, b, err)
		}
		wantStops := []int{10}
		if policy == LiteralSync {
			wantStops = []int{10, 18, 28}
		}
		if d := cmp.Diff(wantStops, stops); d != "" {
			t.Errorf("%d: %s", policy, d)
		}
	}
}
