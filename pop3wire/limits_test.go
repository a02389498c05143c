package pop3wire_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/mailwire/mailwire/pop3wire"
)

// TestLimits: every field has a default, may be set, and may not be negative.
func TestLimits(t *testing.T) {
	l, err := pop3wire.Limits{}.WithDefaults()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := l.WithDefaults(); err != nil || again != l {
		t.Errorf("%+v, %v", again, err)
	}
	if l.Line != 255 || l.SASLLine != 12<<10 || l.ResponseLine != 512 || l.Output != 64<<10 || l.IdleTime != 10*time.Minute {
		t.Errorf("not the documented numbers: %+v", l)
	}
	v := reflect.TypeFor[pop3wire.Limits]()
	for i := range v.NumField() {
		name := v.Field(i).Name
		if reflect.ValueOf(l).Field(i).Int() <= 0 {
			t.Errorf("%s has no default", name)
		}
		for _, n := range []int64{-1, 1, 1 << 40} {
			var l pop3wire.Limits
			reflect.ValueOf(&l).Elem().Field(i).SetInt(n)
			got, err := l.WithDefaults()
			if wantErr := n < 0 || name == "IdleTime" && time.Duration(n) < 10*time.Minute; (err != nil) != wantErr {
				t.Errorf("%s of %d: %v", name, n, err)
			}
			if err == nil && reflect.ValueOf(got).Field(i).Int() != n {
				t.Errorf("%s of %d becomes %d", name, n, reflect.ValueOf(got).Field(i).Int())
			}
		}
	}
	for _, l := range []pop3wire.Limits{{Line: 300, SASLLine: 200}, {Bad: 2, BadPreAuth: 3}, {Output: 10, OutputPreAuth: 20}} {
		if _, err := l.WithDefaults(); err == nil {
			t.Errorf("%+v contradicts itself", l)
		}
	}
}
