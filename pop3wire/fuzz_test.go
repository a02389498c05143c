package pop3wire_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
)

// FuzzLine: invariants 3 and 4. Any octets as a line of every kind: a value
// that encodes to one line and reads back as itself, or an error of syntax that
// points into the line.
func FuzzLine(f *testing.F) {
	for _, tt := range commandRows {
		f.Add([]byte(tt.line))
	}
	for _, tt := range lineRows {
		f.Add([]byte(tt.line))
	}
	for _, s := range []string{"+OK", "-ERR [SYS/TEMP] x", "+OK hi <1@x> there", "+ YWJj", "*"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		failed := func(err error) bool {
			if err == nil {
				return false
			}
			syntax := (*engine.SyntaxError)(nil)
			if !errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > int64(len(line)) {
				t.Fatalf("%q: %v", line, err)
			}
			return true
		}
		// again checks what was written, unless it is too long to be written.
		again := func(b []byte, err error, read func([]byte) (any, error), want any) {
			if err != nil {
				if errors.Is(err, pop3wire.ErrEncode) && len(line) > 180 {
					return
				}
				t.Fatalf("%q: %#v: %v", line, want, err)
			}
			out, crlf := bytes.CutSuffix(b, []byte("\r\n"))
			if !crlf || bytes.ContainsAny(out, "\r\n\x00") {
				t.Fatalf("%q: %q", line, b)
			}
			if back, err := read(out); err != nil || !cmp.Equal(back, want) {
				t.Fatalf("%q: %#v became %#v, %v", line, want, back, err)
			}
		}
		if cmd, err := pop3wire.ParseCommand(line); !failed(err) {
			b, err := pop3wire.AppendCommand(nil, cmd)
			again(b, err, func(b []byte) (any, error) { return pop3wire.ParseCommand(b) }, cmd)
		}
		if s, err := pop3wire.ParseStatus(line); !failed(err) {
			b, err := pop3wire.AppendStatus(nil, s)
			again(b, err, func(b []byte) (any, error) { return pop3wire.ParseStatus(b) }, s)
		}
		if g, err := pop3wire.ParseGreeting(line); !failed(err) {
			b, err := pop3wire.AppendGreeting(nil, g)
			again(b, err, func(b []byte) (any, error) { return pop3wire.ParseGreeting(b) }, g)
		}
		if data, err := pop3wire.ParseChallenge(line); !failed(err) {
			again(pop3wire.AppendChallenge(nil, data), nil, func(b []byte) (any, error) { return pop3wire.ParseChallenge(b) }, data)
		}
		if l, err := pop3wire.ParseAuthLine(line); !failed(err) {
			b, err := pop3wire.AppendAuthLine(nil, l)
			again(b, err, func(b []byte) (any, error) { return pop3wire.ParseAuthLine(b) }, l)
		}
		for _, kind := range []pop3wire.Line{&pop3wire.DropListing{}, &pop3wire.ScanListing{}, &pop3wire.UniqueID{}, &pop3wire.Language{}, pop3wire.CapTop} {
			l, err := parseLike(kind, line)
			if failed(err) {
				continue
			}
			b, err := pop3wire.AppendLine(nil, l)
			again(b, err, func(b []byte) (any, error) { return parseLike(kind, b) }, l)
		}
	})
}
