package engine_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// A holder holds a secret behind a pointer.
type holder struct{ Password engine.Secret }

func (h *holder) Format(f fmt.State, _ rune) { engine.FormatFields(f, *h) }

// TestFormatFields: invariant 31, threat S13. A verb that fits no pointer shows
// nothing of a secret behind one, wherever it stands.
func TestFormatFields(t *testing.T) {
	h := &holder{"tanstaafl"}
	for _, v := range []any{h, *h, []*holder{h}, struct{ P *holder }{h}, map[string]any{"x": h}, []any{&h, struct{ Q any }{h}}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t", "%e", "%U", "%!"} {
			if got := fmt.Sprintf(verb, v); strings.Contains(got, "tanstaafl") || strings.Contains(got, "74616e73") {
				t.Errorf("%s of %T: %s", verb, v, got)
			}
		}
	}
	if got := fmt.Sprintf("%+v %s", h, (*holder)(nil)); got != "&{Password:[redacted]} <nil>" {
		t.Error(got)
	}
}

// TestSecret: invariant 31 for the type that carries passwords.
func TestSecret(t *testing.T) {
	s := engine.Secret("tanstaaf")
	holder := struct {
		User     string
		Password engine.Secret
	}{"u", s}
	for _, v := range []any{s, &s, holder, &holder, []engine.Secret{s}, map[string]engine.Secret{"k": s}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%08.3f"} {
			if out := fmt.Sprintf(verb, v); strings.Contains(out, "tanst") || strings.Contains(strings.ToLower(out), "74616e73") {
				t.Errorf("%s of %T shows %s", verb, v, out)
			}
		}
		out, err := json.Marshal(v)
		if err != nil || strings.Contains(string(out), "tanst") {
			t.Errorf("JSON of %T: %s, %v", v, out, err)
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		if strings.Contains(log.String(), "tanst") {
			t.Errorf("slog of %T: %s", v, log.String())
		}
	}
	if string(s) != "tanstaaf" {
		t.Error("the secret itself is lost")
	}
}

func TestSyntaxError(t *testing.T) {
	cause := errors.New("cause")
	for _, tt := range []struct {
		err  engine.SyntaxError
		want string
	}{
		{engine.SyntaxError{Offset: 3, Production: "tag", Expected: "SP", Got: "\r\n"}, `syntax error at octet 3 in tag: expected SP, got "\r\n"`},
		{engine.SyntaxError{Offset: 3, Expected: "SP"}, `syntax error at octet 3: expected SP, got the end`},
		{engine.SyntaxError{Err: cause}, `syntax error at octet 0: cause`},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
	if !errors.Is(&engine.SyntaxError{Err: cause}, cause) {
		t.Error("Unwrap")
	}
	if got := engine.CutGot(bytes.Repeat([]byte("x"), 100)); len(got) > 32 {
		t.Errorf("quotes %d octets", len(got))
	}
}

func TestTimers(t *testing.T) {
	start := time.Unix(1000, 0)
	var ts engine.Timers
	if !ts.Next().IsZero() {
		t.Error("a zero Timers has a deadline")
	}
	ts.Set(0, start.Add(3*time.Second))
	ts.Set(2, start.Add(time.Second))
	if got := ts.Next(); got != start.Add(time.Second) {
		t.Errorf("Next = %v", got)
	}
	if _, ok := ts.Expired(start); ok {
		t.Error("expired early")
	}
	if i, ok := ts.Expired(start.Add(time.Minute)); !ok || i != 2 {
		t.Errorf("Expired = %d, %v; the earlier timer comes first", i, ok)
	}
	if i, ok := ts.Expired(start.Add(time.Minute)); !ok || i != 0 {
		t.Errorf("Expired = %d, %v", i, ok)
	}
	if _, ok := ts.Expired(start.Add(time.Minute)); ok {
		t.Error("a timer goes off once")
	}
	ts.Set(1, start)
	ts.Clear(1)
	if !ts.Next().IsZero() {
		t.Error("Clear")
	}
}

func TestPlaintextAuth(t *testing.T) {
	open, loop, tls := engine.Security{}, engine.Security{Loopback: true}, engine.Security{Encrypted: true}
	for _, tt := range []struct {
		p                           engine.PlaintextAuth
		wantOpen, wantLoop, wantTLS bool
	}{
		{engine.PlaintextNever, false, false, true},
		{engine.PlaintextLoopback, false, true, true},
		{engine.PlaintextAlways, true, true, true},
	} {
		if tt.p.Allows(open) != tt.wantOpen || tt.p.Allows(loop) != tt.wantLoop || tt.p.Allows(tls) != tt.wantTLS {
			t.Errorf("policy %d", tt.p)
		}
	}
}

func TestSegment(t *testing.T) {
	if !(engine.Segment{}).Empty() {
		t.Error("the zero Segment is an empty queue")
	}
	if n := (engine.Segment{Bytes: []byte("abc")}).Len(); n != 3 {
		t.Errorf("Len = %d", n)
	}
	if n := (engine.Segment{Reader: strings.NewReader("abc"), N: 2}).Len(); n != 2 {
		t.Errorf("Len = %d", n)
	}
}
