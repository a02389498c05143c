package fuzz

import (
	"fmt"
	"go/ast"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// invariants is how many there are.
const invariants = 60

// named finds the numbers in "invariant 14", "invariants 12, 14 and 15" and
// "Invariants 4 to 7".
var named = regexp.MustCompile(`(?i)\binvariants?((?: and| to|,| \d+)+)`)

// numbersNamed returns the invariants that a comment names.
func numbersNamed(comment string) []int {
	var nums []int
	for _, m := range named.FindAllStringSubmatch(strings.Join(strings.Fields(comment), " "), -1) {
		span := false
		for _, word := range strings.Fields(strings.ReplaceAll(m[1], ",", " ")) {
			n, err := strconv.Atoi(word)
			switch {
			case err != nil:
				span = word == "to"
				continue
			case span && len(nums) > 0:
				for k := nums[len(nums)-1] + 1; k < n; k++ {
					nums = append(nums, k)
				}
			}
			nums = append(nums, n)
			span = false
		}
	}
	return nums
}

// functions returns the functions of each directory that may test something, and
// the invariants that their comments name.
func (m module) functions() map[string]map[string][]int {
	found := map[string]map[string][]int{}
	for _, f := range m.files {
		dir := path.Dir(f.path)
		for _, d := range f.syntax.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || !f.test && !strings.HasPrefix(fn.Name.Name, "test") {
				continue
			}
			if found[dir] == nil {
				found[dir] = map[string][]int{}
			}
			found[dir][fn.Name.Name] = numbersNamed(fn.Doc.Text())
		}
	}
	return found
}

// checkInvariants reports what the table in fuzz/invariants.txt says and the source
// does not, and the invariants that it lacks.
func checkInvariants(fsys fs.FS, m module) []string {
	const file = "fuzz/invariants.txt"
	table, err := fs.ReadFile(fsys, file)
	if err != nil {
		return []string{err.Error()}
	}
	functions := m.functions()
	var bad []string
	held := map[int]bool{} // numbers of the table → whether something is said of them
	number, at := 0, 0
	for line := range strings.Lines(string(table)) {
		at++
		report := func(format string, args ...any) {
			bad = append(bad, fmt.Sprintf("%s:%d: %s", file, at, fmt.Sprintf(format, args...)))
		}
		line = strings.TrimRight(line, "\n")
		first, text, _ := strings.Cut(line, " ")
		switch {
		case line == "" || line[0] == '#':
			continue
		case line[0] != '\t':
			n, err := strconv.Atoi(first)
			if err != nil || n <= number || n > invariants || text == "" {
				report("expected the next invariant, got %q", line)
				continue
			}
			number = n
			held[n] = false
			continue
		case number == 0:
			report("no invariant before %q", line)
			continue
		}
		pkg, text, ok := strings.Cut(line[1:], ": ")
		names := strings.Fields(text)
		if !ok || len(names) == 0 {
			report("expected a package and tests, got %q", line)
			continue
		}
		switch pkg {
		case "none":
			held[number] = true
			continue
		case "lacks":
			continue
		}
		for _, name := range names {
			switch nums, ok := functions[pkg][name]; {
			case !testName.MatchString(name) && !strings.HasPrefix(name, "test"):
				report("%s is not the name of a test", name)
			case !ok:
				report("%s has no %s", pkg, name)
			case !slices.Contains(nums, number):
				report("the comment of %s in %s does not name invariant %d", name, pkg, number)
			default:
				held[number] = true
			}
		}
	}
	for n := 1; n <= invariants; n++ {
		if ok, in := held[n]; !in {
			bad = append(bad, fmt.Sprintf("%s: no invariant %d", file, n))
		} else if !ok {
			bad = append(bad, fmt.Sprintf("%s: no test of invariant %d", file, n))
		}
	}
	return bad
}

// Every invariant has a test that names it, or the feature is missing.
func TestInvariants(t *testing.T) {
	for _, text := range checkInvariants(moduleRoot(), loadModule(t, moduleRoot())) {
		t.Error(text)
	}
}

// The numbers that a comment names are found, and no others.
func TestNumbersNamed(t *testing.T) {
	for _, tt := range []struct {
		comment string
		want    []int
	}{
		{"TestX: invariant 14. An EXPUNGE of 3 messages.", []int{14}},
		{"Invariant 8 for the grammar: steps grow.", []int{8}},
		{"TestX: invariants 12, 14, 15, 39 and 43. Two to four sessions", []int{12, 14, 15, 39, 43}},
		{"TestX: invariants 39 to 41, 44 and 48 to 50.", []int{39, 40, 41, 44, 48, 49, 50}},
		{"wherever it was cut (invariants 1 and\n7), and 9 more", []int{1, 7}},
		{"TestX: invariant 32, threat I10, and invariant 3", []int{32, 3}},
		{"Nothing invariant: 5 of them, threat 7", nil},
	} {
		if got := numbersNamed(tt.comment); !slices.Equal(got, tt.want) {
			t.Errorf("%q: got %v, want %v", tt.comment, got, tt.want)
		}
	}
}

// Each false line of the table is found.
func TestInvariantsViolations(t *testing.T) {
	const head = "# Text.\n1 One.\n\tquota: TestOne TestTwo\n\tlacks: QUOTA\n2 Two.\n\tquota: testKit\n"
	rest := ""
	for n := 3; n <= invariants; n++ {
		rest += fmt.Sprintf("%d Another.\n\tnone: its feature\n", n)
	}
	for _, tt := range []struct {
		name, table string
		want        []string
	}{
		{"all there", head + rest, nil},
		{"a number missing", strings.Replace(head+rest, "3 Another.\n\tnone: its feature\n", "", 1), []string{"fuzz/invariants.txt: no invariant 3"}},
		{"a number twice", head + "2 Two.\n" + rest, []string{`fuzz/invariants.txt:7: expected the next invariant, got "2 Two."`}},
		{"a number too many", head + rest + "61 More.\n", []string{`fuzz/invariants.txt:123: expected the next invariant, got "61 More."`}},
		{"no test", head + strings.Replace(rest, "\tnone: its feature\n", "\tlacks: a part\n", 1), []string{"fuzz/invariants.txt: no test of invariant 3"}},
		{"no such test", head + "\tquota: TestThree\n" + rest, []string{"fuzz/invariants.txt:7: quota has no TestThree"}},
		{"no such package", head + "\tmailbox: TestOne\n" + rest, []string{"fuzz/invariants.txt:7: mailbox has no TestOne"}},
		{"another number", head + "\tquota: TestOne\n" + rest, []string{"fuzz/invariants.txt:7: the comment of TestOne in quota does not name invariant 2"}},
		{"not a test", head + "\tquota: Helper\n" + rest, []string{"fuzz/invariants.txt:7: Helper is not the name of a test"}},
		{"not a list", head + "\tquota\n" + rest, []string{`fuzz/invariants.txt:7: expected a package and tests, got "\tquota"`}},
		{"nothing before", "\tquota: TestOne\n" + head + rest, []string{`fuzz/invariants.txt:1: no invariant before "\tquota: TestOne"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := fstest.MapFS{
				"go.mod":              {Data: []byte("module m.example/x\n")},
				"fuzz/invariants.txt": {Data: []byte(tt.table)},
				"quota/kit.go":        {Data: []byte("package quota\n// testKit: invariants 2 and 3.\nfunc testKit() {}\n// Other: invariant 2.\nfunc Other() {}\n")},
				"quota/a_test.go":     {Data: []byte("package quota\n// TestOne: invariant 1.\nfunc TestOne() {}\n// TestTwo: invariants 0 to 1. Text.\nfunc TestTwo() {}\n// Helper: invariant 2.\nfunc Helper() {}\n")},
			}
			if got := checkInvariants(fsys, loadModule(t, fsys)); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
