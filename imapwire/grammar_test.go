package imapwire

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A ruleTable is one rule of the formal syntax with its known answers.
type ruleTable struct {
	rule string
	// wire is a frame without its last CRLF; %s is the place of the rule.
	wire     string
	response bool
	utf8     bool // ENABLE IMAP4rev2 is in force
	rows     []ruleRow
	// bad stands in the place of the rule and is refused, or makes something
	// unknown of the whole.
	bad []string
}

// A ruleRow is one form of a rule: its text, what the whole frame means, and
// the text that the encoder writes when that differs.
type ruleRow struct {
	in    string
	value any // a Command or a Response
	canon string
}

// A known is a form of a rule with the value of the rule alone.
type known[T any] struct {
	in, canon string
	v         T
}

// k is one known answer; canon, if given, is how the encoder writes it.
func k[T any](in string, v T, canon ...string) known[T] {
	return known[T]{in, strings.Join(canon, ""), v}
}

// command makes the table of a rule that stands at %s in a command. of makes
// the command of a value of the rule.
func command[T any](rule, wire string, of func(T) Command, rows ...known[T]) ruleTable {
	t := ruleTable{rule: rule, wire: "A1 " + wire}
	for _, r := range rows {
		t.rows = append(t.rows, ruleRow{r.in, of(r.v), r.canon})
	}
	return t
}

// response makes the table of a rule that stands at %s in a response.
func response[T any](rule, wire string, of func(T) Response, rows ...known[T]) ruleTable {
	t := ruleTable{rule: rule, wire: wire, response: true}
	for _, r := range rows {
		t.rows = append(t.rows, ruleRow{r.in, of(r.v), r.canon})
	}
	return t
}

// rowsOf makes the table of a rule from rows of whole commands: those that
// start with one of the verbs, or all.
func rowsOf(rule string, rows []commandRow, rejects []rejectRow, verbs ...string) ruleTable {
	t := ruleTable{rule: rule, wire: "A1 %s"}
	is := func(in string) bool {
		return len(verbs) == 0 || slices.ContainsFunc(verbs, func(v string) bool {
			return len(in) >= len(v) && strings.EqualFold(in[:len(v)], v)
		})
	}
	for _, r := range rows {
		if is(r.in) {
			t.rows = append(t.rows, ruleRow{r.in, r.want, r.canon})
		}
	}
	for _, r := range rejects {
		if is(r.in) {
			t.bad = append(t.bad, r.in)
		}
	}
	return t
}

// characters makes the table of a rule that is one octet: every octet is either
// taken as it is or refused.
func characters(rule, wire string, of func(string) Command, is func(byte) bool) ruleTable {
	t := ruleTable{rule: rule, wire: "A1 " + wire}
	for i := range 256 {
		s := string([]byte{byte(i)})
		if is(byte(i)) {
			t.rows = append(t.rows, ruleRow{in: s, value: of(s)})
		} else {
			t.bad = append(t.bad, s)
		}
	}
	return t
}

// but adds what is refused.
func (t ruleTable) but(bad ...string) ruleTable {
	t.bad = append(t.bad, bad...)
	return t
}

// rev2 makes a table one of what holds behind ENABLE IMAP4rev2.
func (t ruleTable) rev2() ruleTable {
	t.utf8 = true
	return t
}

// ruleTables are the tables of all topics under the names that the list in
// testdata/grammar.txt gives them.
var ruleTables = map[string][]ruleTable{
	"characterRules":     characterRules,
	"stringRules":        stringRules,
	"literalRules":       literalRules,
	"numberRules":        numberRules,
	"dateRules":          dateRules,
	"flagRules":          flagRules,
	"sequenceSetRules":   sequenceSetRules,
	"commandRules":       commandRules,
	"listRules":          listRules,
	"fetchRules":         fetchRules,
	"searchRules":        searchRules,
	"extensionRules":     extensionRules,
	"responseRules":      responseRules,
	"conditionRules":     conditionRules,
	"respcodeRules":      respcodeRules,
	"listdataRules":      listdataRules,
	"namespaceRules":     namespaceRules,
	"searchdataRules":    searchdataRules,
	"statusRules":        statusRules,
	"quotaRules":         quotaRules,
	"fetchdataRules":     fetchdataRules,
	"envelopeRules":      envelopeRules,
	"bodystructureRules": bodystructureRules,
}

func (t ruleTable) frame(in string) []byte {
	return []byte(strings.Replace(t.wire, "%s", in, 1) + "\r\n")
}

func (t ruleTable) parse(frame []byte) (any, error) {
	v, _, err := t.parseAs(frame, false)
	return v, err
}

// parseAs reads a frame, strictly or not, and returns what was tolerated in it.
func (t ruleTable) parseAs(frame []byte, strict bool) (any, []Diagnostic, error) {
	p := Parser{ParseOptions: ParseOptions{UTF8: t.utf8, Strict: strict}}
	if t.response {
		v, err := p.Response(frame)
		return v, p.Diagnostics, err
	}
	_, cmd, err := p.Command(frame)
	return cmd, p.Diagnostics, err
}

func (t ruleTable) encode(v any) ([]byte, error) {
	if t.response {
		return AppendResponse(nil, v.(Response), ResponseOptions{UTF8: t.utf8})
	}
	b, _, err := AppendCommand(nil, "A1", v.(Command), CommandOptions{UTF8: t.utf8})
	return b, err
}

// TestRules: invariants 2 and 3 on known answers, for every rule of RFC 3501 §9
// and RFC 9051 §9: octets to value, value to octets, the written form to the
// same value; and what is not of the rule is refused. In responses it may be
// tolerated, with a diagnostic, and is refused in strict mode, in which whatever
// has no diagnostic means the same.
func TestRules(t *testing.T) {
	for name, tables := range ruleTables {
		for _, table := range tables {
			for _, row := range table.rows {
				frame := table.frame(row.in)
				comparable := func(v any) any {
					if c, isCommand := v.(Command); isCommand {
						return comparable1(t, c)
					}
					return v
				}
				got, err := table.parse(frame)
				if err != nil {
					t.Errorf("%s, %s: %q: %v", name, table.rule, frame, err)
					continue
				}
				if d := cmp.Diff(comparable(row.value), comparable(got)); d != "" {
					t.Errorf("%s, %s: %q (-want +got):\n%s", name, table.rule, frame, d)
					continue
				}
				if _, notes, _ := table.parseAs(frame, false); len(notes) == 0 {
					strict, _, err := table.parseAs(frame, true)
					if d := cmp.Diff(comparable(row.value), comparable(strict)); err != nil || d != "" {
						t.Errorf("%s, %s: strictly, %q: %v (-want +got):\n%s", name, table.rule, frame, err, d)
					}
				}
				want := frame
				if row.canon != "" {
					want = table.frame(row.canon)
				}
				b, err := table.encode(row.value)
				if err != nil || string(b) != string(want) {
					t.Errorf("%s, %s: %q is written\n got %q, %v\nwant %q", name, table.rule, frame, b, err, want)
					continue
				}
				comparable(row.value) // the contents of an APPEND were read
				again, err := table.parse(b)
				if err != nil {
					t.Errorf("%s, %s: %q: %v", name, table.rule, b, err)
					continue
				}
				if d := cmp.Diff(comparable(row.value), comparable(again)); d != "" {
					t.Errorf("%s, %s: %q (-want +got):\n%s", name, table.rule, b, d)
				}
			}
			for _, in := range table.bad {
				for _, strict := range []bool{false, true} {
					v, notes, err := table.parseAs(table.frame(in), strict)
					switch v.(type) {
					case *UnknownCommand, *UnknownData:
						continue // another command or response, of which nothing is known
					}
					if err == nil && len(notes) == 0 {
						t.Errorf("%s, %s: %q is taken for %#v, strictly: %v", name, table.rule, table.frame(in), v, strict)
					}
				}
			}
		}
	}
}

// A listedRule is a line of testdata/grammar.txt.
type listedRule struct {
	words []string // what the rule is spelt with; behind "!", what it excludes
	tests []string // tables and test functions
	note  string
}

// readGrammar reads testdata/grammar.txt: the rules of each RFC, and what is
// said of each rule.
func readGrammar(t *testing.T) (rfcs map[string][]string, rules map[string]listedRule) {
	b, err := os.ReadFile(filepath.Join("testdata", "grammar.txt"))
	if err != nil {
		t.Fatal(err)
	}
	rfcs, rules = map[string][]string{}, map[string]listedRule{}
	for n, line := range strings.Split(string(b), "\n") {
		switch {
		case line == "" || line[0] == '#':
		case strings.HasPrefix(line, "RFC "):
			rfc, names, _ := strings.Cut(line, ": ")
			rfcs[rfc] = append(rfcs[rfc], strings.Fields(names)...)
		default:
			f := strings.Split(line, " | ")
			if len(f) != 3 && len(f) != 4 {
				t.Fatalf("line %d: %q", n+1, line)
			}
			if _, twice := rules[f[0]]; twice {
				t.Errorf("line %d: %s twice", n+1, f[0])
			}
			r := listedRule{words: strings.Fields(f[1]), tests: strings.Fields(f[2])}
			if len(f) == 4 {
				r.note = f[3]
			}
			rules[f[0]] = r
		}
	}
	return rfcs, rules
}

// testFunctions are the names of the tests of this directory.
func testFunctions(t *testing.T) map[string]bool {
	files, err := filepath.Glob("*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	names := map[string]bool{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, isFunc := d.(*ast.FuncDecl); isFunc && f.Recv == nil {
				names[f.Name.Name] = true
			}
		}
	}
	return names
}

// TestGrammarList: testdata/grammar.txt names every rule of both formal
// syntaxes, each with tests that exist and have rows, and every word with which
// the rule is spelt stands in one of these rows.
func TestGrammarList(t *testing.T) {
	rfcs, rules := readGrammar(t)
	tests := testFunctions(t)
	named := map[string]bool{}
	for rfc, count := range map[string]int{"RFC 3501": 148, "RFC 9051": 232, "RFC 9208": 18} {
		if len(rfcs[rfc]) != count {
			t.Errorf("%s §9 has %d rules, %d are listed", rfc, count, len(rfcs[rfc]))
		}
		slices.Sort(rfcs[rfc])
		for i, rule := range rfcs[rfc] {
			named[rule] = true
			if i > 0 && rfcs[rfc][i-1] == rule {
				t.Errorf("%s: %s twice", rfc, rule)
			}
			if _, has := rules[rule]; !has {
				t.Errorf("%s: %s has no tests", rfc, rule)
			}
		}
	}
	for rule, r := range rules {
		if !named[rule] {
			t.Errorf("%s is a rule of neither RFC", rule)
		}
		if len(r.tests) == 0 || r.tests[0] == "-" && r.note == "" {
			t.Errorf("%s has no test and no reason", rule)
		}
		var texts, refused strings.Builder
		for _, name := range r.tests {
			if name == "-" {
				continue
			}
			tables, isTable := ruleTables[name]
			if !isTable && !tests[name] {
				t.Errorf("%s: there is no table or test %s", rule, name)
			}
			rows := 0
			for _, table := range tables {
				if table.rule != rule {
					continue
				}
				rows += len(table.rows)
				for _, row := range table.rows {
					fmt.Fprintln(&texts, row.in)
				}
				for _, in := range table.bad {
					fmt.Fprintln(&refused, in)
				}
			}
			if isTable && rows == 0 {
				t.Errorf("%s: %s has no row of it", rule, name)
			}
		}
		for _, word := range r.words {
			in := &texts
			if w, not := strings.CutPrefix(word, "!"); not && w != "" {
				word, in = w, &refused
			}
			if !strings.Contains(upper(in.String()), upper(word)) {
				t.Errorf("%s: no row with %s", rule, word)
			}
		}
	}
	for name, tables := range ruleTables {
		for _, table := range tables {
			if !slices.Contains(rules[table.rule].tests, name) {
				t.Errorf("%s has rows of %s, which the list does not say", name, table.rule)
			}
		}
	}
}
