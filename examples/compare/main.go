package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// A row compares two sides at the same work.
type row struct {
	name string
	// unit is what one operation is: "command", "number", "piece".
	unit string
	// ours is this library; theirs is the library named by library. A row with
	// ours alone has an absolute target.
	ours, theirs side
	library      string
	// The targets, each as the table of the README has it: ours at least so many
	// times as good, at most so much of what is measured, at most so many
	// allocations. Zero is none, and allocations count with allocsMost set.
	times      float64
	most       float64
	allocs     float64
	allocsMost bool
	// n, when not 0, is the operations of each run; otherwise as many are done as
	// fill -time.
	n int
	// measure is what the sides measure: "ns" when empty.
	measure string
}

// A side makes a library ready for the work of a row.
type side func() (*work, error)

// A work is a library made ready.
type work struct {
	// run does n operations, and a few more where they come in batches: it
	// returns how many. All of what they are given is valid: any other outcome
	// is an error.
	run func(n int) (int, error)
	// value, when not nil, is what is measured in place of time, per operation;
	// run is called before it.
	value func() (float64, error)
	// processor, when not nil, returns the processor time that the work has used: it
	// is done in another process.
	processor func() (time.Duration, error)
	// understood returns what the last run made of its input, in a form that both
	// sides of a row share; the test compares them. It is nil where nothing is
	// understood.
	understood func() string
	// close ends the work; it may be nil.
	close func()
}

func (w *work) end() {
	if w.close != nil {
		w.close()
	}
}

// table lists the rows. Each topic has a file, which appends its own.
func table() []row {
	return slices.Concat(
		commandRows(),
		fetchRows(),
		listRows(),
		searchRows(),
		pop3Rows(),
		serverRows(),
		sessionRows(),
	)
}

func main() {
	log := func(err error) {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
	if is, err := serving(); is {
		if err != nil {
			log(err)
		}
		return
	}
	run := flag.String("run", "", "measure only the rows whose name matches this `regexp`")
	rounds := flag.Int("rounds", 9, "measure each side of a row so often")
	each := flag.Duration("time", 200*time.Millisecond, "measure for about this long in each round")
	cpu := flag.Bool("cpu", false, "measure processor time, of all goroutines together, in place of the time that passes")
	heap := flag.Int("heap", 64, "keep so many `MiB` while measuring, as a program does that has mail to show; 0 makes the garbage collector of an empty one begin anew every 4 MiB")
	list := flag.Bool("list", false, "list the rows and measure nothing")
	flag.Parse()
	match, err := regexp.Compile(*run)
	if err != nil {
		log(err)
	}
	if flag.NArg() > 0 || *rounds < 1 || *each <= 0 || *heap < 0 || *heap > 1<<10 {
		log(errors.New("see compare -help"))
	}
	rows := slices.DeleteFunc(table(), func(r row) bool { return !match.MatchString(r.name) })
	if *list {
		for _, r := range rows {
			fmt.Println(r.name)
		}
		return
	}
	if *cpu {
		measured = "processor time"
		clock = func(w *work) (time.Duration, error) {
			if w.processor != nil {
				return w.processor()
			}
			return processorTime()
		}
	}
	kept := make([]byte, *heap<<20)
	defer runtime.KeepAlive(kept)
	fmt.Printf("%s, %s %s/%s, %d processors, %d rounds of %v, %s, a heap of %d MiB\n%s\n", time.Now().UTC().Format("2006-01-02 15:04 MST"),
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), *rounds, *each, measured, *heap, versions())
	var results []result
	for _, r := range rows {
		res, err := compare(r, *rounds, *each)
		if err != nil {
			log(fmt.Errorf("%s: %w", r.name, err))
		}
		results = append(results, res)
	}
	write(os.Stdout, results)
}

// clock is what is measured with, and measured its name.
var (
	begin    = time.Now()
	clock    = func(*work) (time.Duration, error) { return time.Since(begin), nil }
	measured = "time"
)

// versions says which modules are compared.
func versions() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	var names []string
	for _, m := range info.Deps {
		if strings.HasPrefix(m.Path, "github.com/emersion/go-imap") {
			names = append(names, m.Path+" "+m.Version)
		}
	}
	return strings.Join(names, ", ")
}

// A sample is what one round measured of one side, per operation.
type sample struct{ value, allocs float64 }

// A result is what came out of a row.
type result struct {
	row          row
	ours, theirs sample
	ratio        float64
}

// compare measures a row.
func compare(r row, rounds int, each time.Duration) (res result, err error) {
	res.row = r
	ours, err := r.ours()
	if err != nil {
		return res, err
	}
	defer ours.end()
	oursN, err := operations(r, ours, each)
	if err != nil {
		return res, err
	}
	var theirs *work
	theirsN := 0
	if r.theirs != nil {
		if theirs, err = r.theirs(); err != nil {
			return res, fmt.Errorf("%s: %w", r.library, err)
		}
		defer theirs.end()
		if theirsN, err = operations(r, theirs, each); err != nil {
			return res, fmt.Errorf("%s: %w", r.library, err)
		}
	}
	var a, b []sample
	var ratios []float64
	for range rounds {
		s, err := measure(ours, oursN)
		if err != nil {
			return res, err
		}
		a = append(a, s)
		if theirs == nil {
			continue
		}
		t, err := measure(theirs, theirsN)
		if err != nil {
			return res, fmt.Errorf("%s: %w", r.library, err)
		}
		b = append(b, t)
		ratios = append(ratios, t.value/s.value)
	}
	res.ours, res.theirs, res.ratio = medians(a), medians(b), median(ratios)
	return res, nil
}

// operations finds how many operations take about as long as each.
func operations(r row, w *work, each time.Duration) (int, error) {
	if r.n > 0 {
		_, err := w.run(r.n)
		return r.n, err
	}
	for n := 1; ; {
		start := time.Now()
		done, err := w.run(n)
		if err != nil {
			return 0, err
		}
		took := max(time.Since(start), time.Nanosecond)
		if took >= each/4 {
			return max(1, int(float64(done)*float64(each)/float64(took))), nil
		}
		n = max(n*2, done)
	}
}

// measure does n operations.
func measure(w *work, n int) (s sample, err error) {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start, err := clock(w)
	if err != nil {
		return s, err
	}
	done, err := w.run(n)
	if err != nil {
		return s, err
	}
	end, err := clock(w)
	if err != nil {
		return s, err
	}
	runtime.ReadMemStats(&after)
	s.value = float64((end - start).Nanoseconds()) / float64(done)
	s.allocs = float64(after.Mallocs-before.Mallocs) / float64(done)
	if w.value != nil {
		s.value, err = w.value()
	}
	return s, err
}

func medians(s []sample) sample {
	var values, allocs []float64
	for _, x := range s {
		values, allocs = append(values, x.value), append(allocs, x.allocs)
	}
	return sample{median(values), median(allocs)}
}

// median returns the middle of v, 0 when there is none.
func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// write prints the table.
func write(w io.Writer, results []result) {
	t := tabwriter.NewWriter(w, 0, 8, 1, ' ', 0)
	fmt.Fprintln(t, "| work \t| ours \t| allocs \t| theirs \t| allocs \t| ratio \t| target \t| \t|")
	fmt.Fprintln(t, "|---\t|---\t|---\t|---\t|---\t|---\t|---\t|---\t|")
	for _, r := range results {
		name := r.row.name
		if r.row.library != "" {
			name += ", against " + r.row.library
		}
		theirs, allocs, ratio := "", "", ""
		if r.row.theirs != nil {
			theirs, allocs = r.row.quantity(r.theirs.value), number(r.theirs.allocs)
			ratio = fmt.Sprintf("%.1f ×", r.ratio)
		}
		fmt.Fprintf(t, "| %s \t| %s \t| %s \t| %s \t| %s \t| %s \t| %s \t| %s \t|\n", name,
			r.row.quantity(r.ours.value), number(r.ours.allocs), theirs, allocs, ratio, r.row.target(), r.verdict())
	}
	t.Flush()
}

// quantity writes what was measured: nanoseconds, or what the row says.
func (r row) quantity(v float64) string {
	measure := r.measure
	if measure == "" {
		measure = "ns"
	}
	if r.unit == "" {
		return number(v) + " " + measure
	}
	return number(v) + " " + measure + "/" + r.unit
}

// number writes three digits that count, and all of those before the point.
func number(v float64) string {
	switch {
	case v < 0.005:
		return "0"
	case v < 1:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0")
	}
	return fmt.Sprintf("%.0f", v)
}

// target says what the row has to reach.
func (r row) target() string {
	var t []string
	if r.times > 0 {
		t = append(t, fmt.Sprintf("≥ %g ×", r.times))
	}
	if r.most > 0 {
		t = append(t, "≤ "+r.quantity(r.most))
	}
	if r.allocsMost {
		t = append(t, fmt.Sprintf("≤ %g allocs", r.allocs))
	}
	return strings.Join(t, ", ")
}

// verdict says whether the row has reached it.
func (r result) verdict() string {
	if r.row.target() == "" {
		return ""
	}
	// The tables of the runtime and of the clock allocate now and then.
	const noise = 0.05
	if r.ratio < r.row.times || r.row.most > 0 && r.ours.value > r.row.most || r.row.allocsMost && r.ours.allocs > r.row.allocs+noise {
		return "not met"
	}
	return "met"
}
