package imapwire

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

// Every field of Limits has a default, which WithDefaults keeps as it is, and
// every number in Bounds names its field.
func TestLimitsDefaults(t *testing.T) {
	l, err := Limits{}.WithDefaults()
	if err != nil {
		t.Fatal(err)
	}
	v := reflect.ValueOf(l)
	for i := range v.NumField() {
		if v.Field(i).Int() <= 0 {
			t.Errorf("%s has no default", v.Type().Field(i).Name)
		}
	}
	if again, err := l.WithDefaults(); err != nil || again != l {
		t.Errorf("%+v, %v", again, err)
	}
	for _, b := range []Bounds{l.Command(false), l.Command(true), l.Response(false), l.Response(true)} {
		bv := reflect.ValueOf(b)
		for i := range bv.NumField() {
			name := bv.Type().Field(i).Name
			if name == "Response" || name == "PreAuth" {
				continue
			}
			f := v.FieldByName(b.limitName(name))
			if !f.IsValid() || f.Int() != bv.Field(i).Int() {
				t.Errorf("%s of %+v is %d, %s %v", name, b, bv.Field(i).Int(), b.limitName(name), f)
			}
		}
		if zero := (Bounds{Response: b.Response, PreAuth: b.PreAuth}).withDefaults(); zero != b {
			t.Errorf("%+v and %+v", zero, b)
		}
	}
	if l.Line != 64<<10 || l.LinePreAuth != 16<<10 || l.Literal != 128<<10 || l.LiteralPreAuth != 4<<10 ||
		l.Literals != 1<<20 || l.LiteralsPreAuth != 16<<10 || l.Append != 64<<20 || l.Skip != 64<<20 ||
		l.Depth != 32 || l.Ranges != 8192 || l.Output != 64<<10 {
		t.Errorf("not the documented numbers: %+v", l)
	}
}

// Every field alone may be set to 1, and to a number above its default, unless
// that contradicts a default that can not give way; a negative one may not.
func TestLimitsCheck(t *testing.T) {
	v := reflect.TypeFor[Limits]()
	for i := range v.NumField() {
		name := v.Field(i).Name
		for _, n := range []int64{-1, 1, 1 << 40} {
			var l Limits
			reflect.ValueOf(&l).Elem().Field(i).SetInt(n)
			got, err := l.WithDefaults()
			if err == nil && reflect.ValueOf(got).Field(i).Int() != n {
				t.Errorf("%s of %d becomes %d", name, n, reflect.ValueOf(got).Field(i).Int())
			}
			wantErr := n < 0
			switch {
			case n == 1 && (name == "Line" || name == "LinePreAuth" || name == "IdleTime"):
				wantErr = true
			case n > 1 && name == "Tag":
				wantErr = true // longer than a line
			case n > 1 && name == "IdleTime":
				wantErr = time.Duration(n) < 30*time.Minute
			}
			if (err != nil) != wantErr {
				t.Errorf("%s of %d: %v", name, n, err)
			}
			if err != nil && !strings.Contains(err.Error(), "limit") {
				t.Errorf("%s of %d: %v", name, n, err)
			}
		}
	}
	for _, l := range []Limits{
		{Line: 1000, LinePreAuth: 2000},
		{Literal: 2000, Literals: 1000},
		{Bad: 1, BadPreAuth: 2},
		{IdleTime: 29 * time.Minute},
	} {
		if _, err := l.WithDefaults(); err == nil {
			t.Errorf("%+v passes", l)
		}
	}
	l, err := Limits{Line: 1000, Literals: 2000}.WithDefaults()
	if err != nil || l.LinePreAuth != 1000 || l.Literal != 2000 || l.LiteralPreAuth != 2000 || l.LiteralsPreAuth != 2000 {
		t.Errorf("%+v, %v", l, err)
	}
}
