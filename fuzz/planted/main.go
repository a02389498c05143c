package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// patience is how long a test may take.
const patience = "180s"

func main() {
	atOnce := flag.Int("p", 2, "so many bugs at once")
	only := flag.String("run", "", "only the bugs whose text, file, test or invariant matches")
	verbose := flag.Bool("v", false, "print what the tests say")
	flag.Parse()
	if err := run(max(1, *atOnce), *only, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "planted:", err)
		os.Exit(1)
	}
}

// run plants the bugs that match a pattern.
func run(atOnce int, only string, verbose bool) error {
	begun := time.Now()
	pattern, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	bugs, err := readBugs(os.DirFS(root))
	if err != nil {
		return err
	}
	tests, err := readInvariants(os.DirFS(root))
	if err != nil {
		return err
	}
	missing := unplanted(bugs, tests)
	bugs = slices.DeleteFunc(bugs, func(b bug) bool {
		return !pattern.MatchString(fmt.Sprintf("invariant %d %s %s %s %s %s", b.invariant, b.text, b.file, b.pkg, b.test, b.at))
	})
	if len(bugs) == 0 {
		return errors.New("no bug matches")
	}
	r := runner{root: root, atOnce: atOnce, verbose: verbose}
	if r.dir, err = os.MkdirTemp("", "planted"); err != nil {
		return err
	}
	defer os.RemoveAll(r.dir)
	if err := r.withoutBugs(bugs); err != nil {
		return err
	}
	fmt.Printf("%.1f s: the tests pass without bugs\n", time.Since(begun).Seconds())

	inTurn(atOnce, len(bugs), func(i int) { r.try(i, bugs[i]) })
	held := map[int]bool{}
	for _, b := range r.killed {
		held[b.invariant] = true
	}
	fmt.Printf("%d of %d planted bugs killed, of %d invariants out of %d, in %.0f s\n",
		len(r.killed), len(bugs), len(held), len(tests), time.Since(begun).Seconds())
	switch {
	case len(r.killed) < len(bugs):
		return fmt.Errorf("%d bugs were not found", len(bugs)-len(r.killed))
	case len(missing) > 0:
		return fmt.Errorf("no bug is listed for the invariants %v", missing)
	}
	return nil
}

// inTurn calls do with 0 to n-1, so many at once.
func inTurn(atOnce, n int, do func(i int)) {
	var wait sync.WaitGroup
	turns := make(chan struct{}, atOnce)
	for i := range n {
		turns <- struct{}{}
		wait.Go(func() {
			do(i)
			<-turns
		})
	}
	wait.Wait()
}

// moduleRoot is the directory of the go.mod at or above the working directory.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("there is no go.mod here or above")
		}
		dir = filepath.Dir(dir)
	}
}

// A runner runs tests with bugs in the code.
type runner struct {
	root, dir string
	atOnce    int
	verbose   bool
	pkgs      map[string]*tested

	mu     sync.Mutex
	killed []bug
}

// A tested package is one whose tests notice bugs.
type tested struct {
	names []string // of the tests
	files []testFile
	rapid bool // they take the flags of rapid
}

// goTool runs the go command in the root, and returns what it printed.
func (r *runner) goTool(args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = r.root
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// test runs the tests of a package that match a pattern. Draws of rapid are the same
// each time, as many as without -short, which divides them by five, and are neither
// made smaller nor kept.
func (r *runner) test(pkg, pattern string, flags ...string) (string, error) {
	args := append([]string{"test", "-short", "-vet=off", "-ldflags=-s -w", "-timeout", patience, "-run", pattern}, flags...)
	args = append(args, "./"+pkg)
	if r.pkgs[pkg].rapid {
		args = append(args, "-rapid.seed=1", "-rapid.checks=500", "-rapid.nofailfile", "-rapid.shrinktime=1ms")
	}
	return r.goTool(args...)
}

// withoutBugs runs all tests as they are: one that fails anyway finds nothing.
func (r *runner) withoutBugs(bugs []bug) error {
	r.pkgs = map[string]*tested{}
	var pkgs []string
	for _, b := range bugs {
		if r.pkgs[b.pkg] == nil {
			r.pkgs[b.pkg] = &tested{}
			pkgs = append(pkgs, b.pkg)
		}
		if p := r.pkgs[b.pkg]; !slices.Contains(p.names, b.function()) {
			p.names = append(p.names, b.function())
		}
	}
	errs := make([]error, len(pkgs))
	inTurn(r.atOnce, len(pkgs), func(i int) { errs[i] = r.withoutBug(pkgs[i]) })
	return errors.Join(errs...)
}

func (r *runner) withoutBug(pkg string) (err error) {
	p := r.pkgs[pkg]
	if p.files, err = readTestFiles(os.DirFS(r.root), pkg); err != nil {
		return err
	}
	list, err := r.goTool("list", "-test", "-deps", "./"+pkg)
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", pkg, err, list)
	}
	p.rapid = strings.Contains(list, "pgregory.net/rapid\n")
	if out, err := r.test(pkg, "^("+strings.Join(p.names, "|")+")$"); err != nil {
		return fmt.Errorf("without a bug, %s fails:\n%s", pkg, out)
	}
	return nil
}

// try plants one bug and prints what became of it.
func (r *runner) try(i int, b bug) {
	begun := time.Now()
	verdict, out := r.verdict(i, b)
	r.mu.Lock()
	defer r.mu.Unlock()
	if verdict == "killed" {
		r.killed = append(r.killed, b)
	}
	fmt.Printf("%-9s %4.1f s  %2d %s\n", verdict, time.Since(begun).Seconds(), b.invariant, b.text)
	if verdict != "killed" {
		fmt.Printf("          %s, in %s, by %s in %s\n", b.at, b.file, b.test, b.pkg)
	}
	if r.verbose || verdict == "BROKEN" {
		fmt.Println(out)
	}
}

// verdict plants a bug and says "killed", "SURVIVED", "TIME-OUT" when the test did
// not end, and "BROKEN" when there was no test.
func (r *runner) verdict(i int, b bug) (verdict, out string) {
	planted, err := b.plant(os.DirFS(r.root))
	if err != nil {
		return "BROKEN", err.Error()
	}
	list, err := r.overlay(i, b, planted)
	if err != nil {
		return "BROKEN", err.Error()
	}
	pattern := "^" + strings.Replace(b.test, "/", "$/^", 1) + "$"
	out, err = r.test(b.pkg, pattern, "-overlay", list)
	switch {
	case err == nil:
		return "SURVIVED", out
	case strings.Contains(out, "panic: test timed out"):
		return "TIME-OUT", out
	case strings.Contains(out, "--- FAIL: "+b.function()):
		return "killed", out
	}
	return "BROKEN", out
}

// overlay writes the list for -overlay of what differs while b is planted: its file,
// and the files of tests that the test does without, which go unread. A file of its
// own brings the flags of rapid where the others that have them are among those.
func (r *runner) overlay(i int, b bug, planted string) (string, error) {
	replace := map[string]string{}
	write := func(path, text string) error {
		name := filepath.Join(r.dir, fmt.Sprintf("%d_%s", i, filepath.Base(path)))
		replace[filepath.Join(r.root, path)] = name
		return os.WriteFile(name, []byte(text), 0o666)
	}
	p := r.pkgs[b.pkg]
	dropped, pkg := unneeded(p.files, b.function())
	for _, path := range dropped {
		replace[filepath.Join(r.root, path)] = ""
	}
	if p.rapid {
		if err := write(b.pkg+"/planted_test.go", "package "+pkg+"\n\nimport _ \"pgregory.net/rapid\"\n"); err != nil {
			return "", err
		}
	}
	if err := write(b.file, planted); err != nil {
		return "", err
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		return "", err
	}
	name := filepath.Join(r.dir, fmt.Sprintf("%d.json", i))
	return name, os.WriteFile(name, list, 0o666)
}
