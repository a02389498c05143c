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

// How long a test may take. One that a bug makes hang is given little: the tests
// chosen for that take no second without it.
const (
	patience     = "180s"
	hangPatience = "20s"
)

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
	r := runner{root: root, verbose: verbose}
	if r.dir, err = os.MkdirTemp("", "planted"); err != nil {
		return err
	}
	defer os.RemoveAll(r.dir)
	if err := r.withoutBugs(bugs); err != nil {
		return err
	}
	fmt.Printf("%.1f s: the tests pass without bugs\n", time.Since(begun).Seconds())

	var wait sync.WaitGroup
	turns := make(chan struct{}, atOnce)
	for i := range bugs {
		turns <- struct{}{}
		wait.Go(func() {
			r.try(i, bugs[i])
			<-turns
		})
	}
	wait.Wait()
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
	verbose   bool
	rapid     map[string]bool // packages whose tests take the flags of rapid

	mu     sync.Mutex
	killed []bug
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
func (r *runner) test(pkg, pattern, timeout string, flags ...string) (string, error) {
	args := append([]string{"test", "-short", "-vet=off", "-ldflags=-s -w", "-timeout", timeout, "-run", pattern}, flags...)
	args = append(args, "./"+pkg)
	if r.rapid[pkg] {
		args = append(args, "-rapid.seed=1", "-rapid.checks=500", "-rapid.nofailfile", "-rapid.shrinktime=1ms")
	}
	return r.goTool(args...)
}

// withoutBugs runs all tests as they are: one that fails anyway finds nothing.
func (r *runner) withoutBugs(bugs []bug) error {
	names := map[string][]string{}
	for _, b := range bugs {
		name, _, _ := strings.Cut(b.test, "/")
		if !slices.Contains(names[b.pkg], name) {
			names[b.pkg] = append(names[b.pkg], name)
		}
	}
	r.rapid = map[string]bool{}
	for pkg := range names {
		list, err := r.goTool("list", "-test", "-deps", "./"+pkg)
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", pkg, err, list)
		}
		r.rapid[pkg] = strings.Contains(list, "pgregory.net/rapid\n")
	}
	for pkg, list := range names {
		if out, err := r.test(pkg, "^("+strings.Join(list, "|")+")$", patience); err != nil {
			return fmt.Errorf("without a bug, %s fails:\n%s", pkg, out)
		}
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
	file := filepath.Join(r.dir, fmt.Sprintf("%d_%s", i, filepath.Base(b.file)))
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(r.root, b.file): file}})
	if err != nil {
		return "BROKEN", err.Error()
	}
	list := filepath.Join(r.dir, fmt.Sprintf("%d.json", i))
	if err := errors.Join(os.WriteFile(file, []byte(planted), 0o666), os.WriteFile(list, overlay, 0o666)); err != nil {
		return "BROKEN", err.Error()
	}
	timeout := patience
	if b.hangs {
		timeout = hangPatience
	}
	name, sub, _ := strings.Cut(b.test, "/")
	pattern := "^" + name + "$"
	if sub != "" {
		pattern += "/^" + sub + "$"
	}
	out, err = r.test(b.pkg, pattern, timeout, "-overlay", list)
	ended := !strings.Contains(out, "panic: test timed out")
	switch {
	case err == nil:
		return "SURVIVED", out
	case ended && strings.Contains(out, "--- FAIL: "+name) || !ended && b.hangs:
		return "killed", out
	case !ended:
		return "TIME-OUT", out
	}
	return "BROKEN", out
}
