package engine

import "time"

// Timers is a small table of deadlines, one for each purpose an engine has.
// The zero value has none set.
type Timers [4]time.Time

// Set sets timer i to go off at t; the zero Time clears it.
func (t *Timers) Set(i int, at time.Time) { t[i] = at }

// Clear clears timer i.
func (t *Timers) Clear(i int) { t[i] = time.Time{} }

// Next returns the earliest deadline, or zero.
func (t *Timers) Next() time.Time {
	var first time.Time
	for _, at := range t {
		if !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// Expired returns the timer that went off first at or before now, and clears
// it; ok is false when none did.
func (t *Timers) Expired(now time.Time) (i int, ok bool) {
	i = -1
	for j, at := range t {
		if !at.IsZero() && !at.After(now) && (i < 0 || at.Before(t[i])) {
			i = j
		}
	}
	if i >= 0 {
		t[i] = time.Time{}
	}
	return i, i >= 0
}
