package main

import (
	"testing"
	"time"
)

// Both sides of every row do its work, and understand the same.
func TestRows(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range table() {
		key := r.name + " " + r.library
		if seen[key] {
			t.Errorf("two rows %q", key)
		}
		seen[key] = true
		t.Run(key, func(t *testing.T) {
			ours := understood(t, r, r.ours)
			if r.theirs == nil {
				return
			}
			if theirs := understood(t, r, r.theirs); ours != theirs {
				t.Errorf("ours understood\n%.2000s\n%s\n%.2000s", ours, r.library, theirs)
			}
		})
	}
}

// understood does the work of a side once.
func understood(t *testing.T, r row, s side) string {
	t.Helper()
	w, err := s()
	if err != nil {
		t.Fatal(err)
	}
	defer w.end()
	if _, err := w.run(1); err != nil {
		t.Fatal(err)
	}
	if w.value != nil {
		if _, err := w.value(); err != nil {
			t.Fatal(err)
		}
	}
	if w.understood == nil {
		return ""
	}
	got := w.understood()
	if got == "" {
		t.Error("nothing was understood")
	}
	return got
}

// A target that is missed by any of its parts is not met.
func TestVerdict(t *testing.T) {
	tests := []struct {
		row         row
		ours, ratio float64
		allocs      float64
		want        string
	}{
		{row{}, 1, 1, 1, ""},
		{row{times: 8}, 1, 8, 9, "met"},
		{row{times: 8}, 1, 7.9, 0, "not met"},
		{row{most: 300}, 300, 0, 0, "met"},
		{row{most: 300}, 301, 0, 0, "not met"},
		{row{times: 8, allocsMost: true}, 1, 9, 0, "met"},
		{row{times: 8, allocsMost: true}, 1, 9, 1, "not met"},
		{row{times: 8, allocsMost: true, allocs: 1}, 1, 9, 1, "met"},
	}
	for _, test := range tests {
		r := result{row: test.row, ours: sample{test.ours, test.allocs}, ratio: test.ratio}
		if got := r.verdict(); got != test.want {
			t.Errorf("%+v: %q, want %q", test, got, test.want)
		}
	}
}

// Medians are of both sides of the middle.
func TestMedian(t *testing.T) {
	for _, test := range []struct {
		in   []float64
		want float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 9}, 3}} {
		if got := median(test.in); got != test.want {
			t.Errorf("%v: %v, want %v", test.in, got, test.want)
		}
	}
}

// A row with a side that fails is an error and no number.
func TestCompare(t *testing.T) {
	count := 0
	s := func() (*work, error) {
		return &work{run: func(n int) (int, error) { count += n; return n, nil }}, nil
	}
	if _, err := compare(row{ours: s, theirs: s, n: 3}, 2, time.Millisecond); err != nil || count != 18 {
		t.Errorf("%v, %d operations, want 18", err, count)
	}
}
