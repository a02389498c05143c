package main

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A bug is one that can be planted.
type bug struct {
	at         string // where it is listed
	invariant  int
	text       string
	file       string // below the root of the module
	pkg, test  string // what notices it
	old, fresh string // whole lines
}

// function returns the name of the test without its part.
func (b bug) function() string {
	name, _, _ := strings.Cut(b.test, "/")
	return name
}

// readBugs reads the lists in fuzz/planted/bugs.
func readBugs(root fs.FS) ([]bug, error) {
	files, err := fs.Glob(root, "fuzz/planted/bugs/*.txt")
	if err != nil {
		return nil, err
	}
	var all []bug
	for _, file := range files {
		list, err := fs.ReadFile(root, file)
		if err != nil {
			return nil, err
		}
		bugs, err := parseBugs(path.Base(file), string(list))
		if err != nil {
			return nil, err
		}
		all = append(all, bugs...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no bugs are listed")
	}
	return all, nil
}

// parseBugs reads one list.
func parseBugs(file, list string) ([]bug, error) {
	var bugs []bug
	var b *bug // the one that is being read
	n := 0
	for line := range strings.Lines(list + "\n") {
		n++
		line = strings.TrimSuffix(line, "\n")
		bad := func(what string) error { return fmt.Errorf("%s:%d: expected %s, got %q", file, n, what, line) }
		word, rest, _ := strings.Cut(line, " ")
		switch {
		case line == "":
			if b != nil {
				if b.old == b.fresh || b.test == "" || b.file == "" {
					return nil, bad("in, by and a change of " + b.text)
				}
				bugs, b = append(bugs, *b), nil
			}
		case line[0] == '#' && b == nil:
		case b == nil:
			number, text, _ := strings.Cut(rest, " ")
			invariant, err := strconv.Atoi(number)
			if word != "bug" || err != nil || text == "" {
				return nil, bad("bug, an invariant and what is wrong")
			}
			b = &bug{at: fmt.Sprintf("%s:%d", file, n), invariant: invariant, text: text}
		case word == "in" && b.file == "":
			b.file = rest
		case word == "by" && b.test == "":
			f := strings.Fields(rest)
			if len(f) != 2 {
				return nil, bad("a package and a test")
			}
			b.pkg, b.test = f[0], f[1]
		case line[0] == ' ':
			b.old += line[1:] + "\n"
			b.fresh += line[1:] + "\n"
		case line[0] == '-':
			b.old += line[1:] + "\n"
		case line[0] == '+':
			b.fresh += line[1:] + "\n"
		default:
			return nil, bad("in, by or a line of the change")
		}
	}
	return bugs, nil
}

// plant returns the source of b's file with the bug in it.
func (b bug) plant(root fs.FS) (string, error) {
	src, err := fs.ReadFile(root, b.file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", b.at, err)
	}
	text := "\n" + string(src)
	if n := strings.Count(text, "\n"+b.old); n != 1 {
		return "", fmt.Errorf("%s: %s has the old text %d times, not once", b.at, b.file, n)
	}
	return strings.Replace(text, "\n"+b.old, "\n"+b.fresh, 1)[1:], nil
}

// readInvariants reads fuzz/invariants.txt: the tests of each invariant that has a
// feature, as package and name. What is wrong with the table is for package fuzz to
// say.
func readInvariants(root fs.FS) (map[int][]string, error) {
	table, err := fs.ReadFile(root, "fuzz/invariants.txt")
	if err != nil {
		return nil, err
	}
	tests := map[int][]string{}
	number := 0
	for line := range strings.Lines(string(table)) {
		first, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.Atoi(first); err == nil {
			number = n
		}
		if pkg, ok := strings.CutSuffix(first, ":"); ok && pkg != "none" && pkg != "lacks" {
			for name := range strings.FieldsSeq(rest) {
				tests[number] = append(tests[number], pkg+" "+name)
			}
		}
	}
	return tests, nil
}

// unplanted returns the invariants with tests and without a bug.
func unplanted(bugs []bug, tests map[int][]string) []int {
	var none []int
	for n := range tests {
		if !slices.ContainsFunc(bugs, func(b bug) bool { return b.invariant == n }) {
			none = append(none, n)
		}
	}
	slices.Sort(none)
	return none
}
