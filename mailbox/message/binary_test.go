package message

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// TestBinaryTruncated: no start of a binary form, and nothing longer, is one.
func TestBinaryTruncated(t *testing.T) {
	for name, msg := range corpus(t) {
		b, err := mustParse(t, msg, Limits{}).AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		x := mustParse(t, []byte("Subject: before\n\n"), Limits{})
		step := 1 + len(b)/500 // of long ones not every start
		for n := 0; n < len(b); n += step {
			if err := x.UnmarshalBinary(b[:n]); !errors.Is(err, ErrBinary) {
				t.Fatalf("%s: %d of %d octets: %v", name, n, len(b), err)
			}
		}
		if err := x.UnmarshalBinary(append(b, 0)); !errors.Is(err, ErrBinary) {
			t.Fatalf("%s: one octet more: %v", name, err)
		}
		b[0]++
		if err := x.UnmarshalBinary(b); !errors.Is(err, ErrBinary) {
			t.Fatalf("%s: another version: %v", name, err)
		}
		if x.Envelope().Subject.Value != "before" {
			t.Fatalf("%s: an error changed the index", name)
		}
	}
}

// TestBinaryOwned: an index keeps nothing of the octets it was read from.
func TestBinaryOwned(t *testing.T) {
	msg := corpus(t)["forwarded"]
	x := mustParse(t, msg, Limits{})
	b, err := x.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	var y Index
	if err := y.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	clear(b)
	if got, want := dump(msg, &y), dump(msg, x); got != want {
		t.Errorf("the index changed with its octets:\n%s", got)
	}
}

// TestBinaryHostile: what a form announces costs nothing until it is there
// (invariant 7), and nesting is bounded (invariant 9).
func TestBinaryHostile(t *testing.T) {
	num := func(n uint64) string { return string(binary.AppendUvarint(nil, n)) }
	const version = "\x01"
	part := func(typ, parts string) string {
		// Offset, sizes and lines; type; subtype, params, encoding, four
		// nstrings, disposition with params, languages; no flags.
		return "\x00\x00\x00\x00" + num(uint64(len(typ))) + typ + strings.Repeat("\x00", 10) + "\x00" + parts
	}
	multipart := strings.Repeat("\x00\x00\x00\x00\x09multipart"+strings.Repeat("\x00", 10)+"\x00\x01", 100_000)
	if err := new(Index).UnmarshalBinary([]byte(version + "\x00\x00\x00\x00\x00" + strings.Repeat("\x00", 10) + "\x01" + strings.Repeat("\x00", 10) + "\x00")); err != nil {
		t.Fatalf("the smallest form: %v", err)
	}
	for name, s := range map[string]string{
		"empty":                             "",
		"only zeros":                        version + strings.Repeat("\x00", 1000),
		"a string of 2^60 octets":           version + "\x00\x00\x00\x00" + num(1<<60),
		"params without end":                version + "\x00\x00\x00\x00\x00\x00" + num(1<<40),
		"parts without end":                 version + part("multipart", num(1<<40)),
		"addresses without end":             version + "\x00\x00\x00\x00\x00" + strings.Repeat("\x00", 10) + "\x01\x00\x00" + num(1<<40),
		"nesting without end":               version + multipart,
		"a size that overflows":             version + "\x00" + num(1<<60) + num(1<<60) + "\x00\x00",
		"a number too large":                version + "\x00" + num(1<<63) + strings.Repeat("\x00", 30),
		"a number too long":                 version + "\x80\x00" + strings.Repeat("\x00", 30),
		"a number that is not the shortest": version + "\x80\x00\x00\x00\x00\x00" + strings.Repeat("\x00", 10) + "\x01" + strings.Repeat("\x00", 10) + "\x00",
		"eleven octets":                     version + strings.Repeat("\x80", 11),
		"unknown flags":                     version + "\x00\x00\x00\x00\x00" + strings.Repeat("\x00", 10) + "\xff\x00",
		"no envelope":                       version + part("", "\x00"),
	} {
		var x Index
		n := allocated(func() {
			if err := x.UnmarshalBinary([]byte(s)); !errors.Is(err, ErrBinary) {
				t.Errorf("%s: %v", name, err)
			}
		})
		if n > 1<<16+64*uint64(len(s)) {
			t.Errorf("%s: %d octets allocated for %d", name, n, len(s))
		}
	}
}

// TestBinaryUnsound: trees that no message has are no index.
func TestBinaryUnsound(t *testing.T) {
	leaf := func(header, body int64) Part {
		return Part{Header: Span{header, 1}, Body: Span{header + 1, body}, Type: "text", Subtype: "plain", Encoding: "7bit"}
	}
	multi := func(size int64, parts ...Part) Part {
		return Part{Body: Span{0, size}, Type: "multipart", Subtype: "mixed", Parts: parts}
	}
	embeds := func(size int64, m Part) Part {
		m.Envelope = &imap.Envelope{}
		return Part{Body: Span{0, size}, Type: "message", Subtype: "rfc822", Message: &m}
	}
	deep := func(n int) Part {
		p := leaf(0, 9)
		for range n {
			p = multi(10, p)
		}
		return p
	}
	noEnvelope := embeds(10, leaf(0, 9))
	noEnvelope.Message.Envelope = nil
	for _, tt := range []struct {
		name  string
		root  Part
		sound bool
	}{
		{"a text", leaf(0, 9), true},
		{"two parts", multi(10, leaf(0, 2), leaf(5, 4)), true},
		{"a message", embeds(10, leaf(0, 9)), true},
		{"as deep as can be", deep(maxDepth), true},
		{"too deep", deep(maxDepth + 1), false},
		{"parts that overlap", multi(10, leaf(0, 5), leaf(5, 4)), false},
		{"parts out of order", multi(10, leaf(5, 4), leaf(0, 2)), false},
		{"a part that goes on behind its parent", multi(10, leaf(5, 5)), false},
		{"a message that begins later", embeds(10, leaf(1, 8)), false},
		{"a message that ends earlier", embeds(10, leaf(0, 8)), false},
		{"a message that ends later", embeds(10, leaf(0, 10)), false},
		{"a message without an envelope", noEnvelope, false},
		{"a multipart without parts", multi(10), false},
		{"a text with parts", func() Part { p := multi(10, leaf(0, 2)); p.Type = "text"; return p }(), false},
		{"a message without one", func() Part { p := leaf(0, 2); p.Type, p.Subtype = "message", "rfc822"; return p }(), false},
		{"a text with a message", func() Part { p := embeds(10, leaf(0, 9)); p.Type = "text"; return p }(), false},
		{"a message that begins late", leaf(1, 2), false},
	} {
		tt.root.Envelope = &imap.Envelope{}
		b, err := (&Index{root: tt.root}).AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		var x Index
		if err := x.UnmarshalBinary(b); (err == nil) != tt.sound {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// FuzzUnmarshalBinary: octets are an error, or the only binary form of an index
// whose tree is sound enough to be told.
func FuzzUnmarshalBinary(f *testing.F) {
	for _, msg := range corpus(f) {
		b, err := mustParse(f, msg, Limits{}).AppendBinary(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var x Index
		if err := x.UnmarshalBinary(b); err != nil {
			if !errors.Is(err, ErrBinary) {
				t.Fatal(err)
			}
			return
		}
		again, err := x.AppendBinary(nil)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%q became %q, %v", b, again, err)
		}
		checkStructure(t, bytes.NewReader(nil), &x, x.BodyStructure(), nil)
	})
}
