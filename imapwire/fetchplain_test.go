package imapwire

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// checkPlain reports whether a frame is a plain FETCH response. One that is has to be
// understood as the grammar does it, tolerant or not, at the same cost.
func checkPlain(t interface{ Fatalf(string, ...any) }, frame []byte) bool {
	p := Parser{Reuse: true, memory: &fetchMemory{}}
	plain := p.plainResponse(frame)
	if plain == nil {
		return false
	}
	for _, strict := range []bool{true, false} {
		g := Parser{Reuse: true, memory: &fetchMemory{flags: make([]imap.Flag, 0, 64)}}
		if g.Strict = strict; !strict {
			for tol := range AllTolerances {
				g.Tolerate |= ToleranceSet(tol)
			}
		}
		r, err := g.grammarResponse(frame)
		if err != nil {
			t.Fatalf("%q is plain, but %v", frame, err)
		}
		if !reflect.DeepEqual(r, Response(plain)) || len(g.Diagnostics) > 0 {
			t.Fatalf("%q, strict %v: %s%v", frame, strict, cmp.Diff(r, Response(plain)), g.Diagnostics)
		}
		// A tolerant grammar looks twice at some octets.
		if p.Steps > g.Steps || strict && p.Steps != g.Steps || p.MaxDepth != g.MaxDepth {
			t.Fatalf("%q: %d steps, %d deep, want %d and %d", frame, p.Steps, p.MaxDepth, g.Steps, g.MaxDepth)
		}
	}
	if e := plain.Envelope; e != nil {
		for _, list := range [][]imap.Address{e.From, e.Sender, e.ReplyTo, e.To, e.CC, e.BCC} {
			if cap(list) != len(list) {
				t.Fatalf("%q: what is appended to one list of addresses is another's", frame)
			}
		}
	}
	flags := plain.Has&(HasEnvelope|HasBody|HasStructure) == 0
	want := plain.Clone()
	var f FetchData
	if is := p.PlainFetch(frame, &f); is != flags || is && !reflect.DeepEqual(&f, want) {
		t.Fatalf("%q, %v: %+v is not %+v", frame, is, f, want)
	}
	return true
}

// What is read as a plain FETCH response is what the grammar reads, also where one
// octet of it is another, doubled or missing (invariant 8).
func TestPlainFetch(t *testing.T) {
	plain := []string{
		`* 7 FETCH (UID 42)`,
		`* 4294967295 FETCH (UID 4294967295 FLAGS (\Seen $Forwarded \Draft \Recent) MODSEQ (999999999999999999))`,
		`* 7 FETCH (FLAGS ())`,
		`* 7 FETCH (UID 8 INTERNALDATE "17-Jul-1996 02:44:25 -0700" RFC822.SIZE 9)`,
		`* 7 FETCH (INTERNALDATE " 7-Jul-1996 02:44:25 +0000")`,
		`* 7 FETCH (MODSEQ (1) RFC822.SIZE 4711 FLAGS (Junk) UID 1)`,
		`* 7 FETCH (BODY ("text" "plain" NIL NIL NIL "7bit" 0 0))`,
		`* 7 FETCH (BODY (("image" "png" NIL NIL NIL "7bit" 0)("text" "x" ("a" "b") "i" "d" "8bit" 1 2) "mixed") UID 7)`,
		`* 7 FETCH (BODYSTRUCTURE ("text" "plain" NIL NIL NIL "7bit" 0 0 "md5" ("inline" NIL) NIL "loc") BODY ("a" "b" NIL NIL NIL "7bit" 1))`,
		`* 7 FETCH (UID 5 ENVELOPE ("d" NIL (("n" NIL "m" "h")(NIL NIL "" NIL)) NIL NIL (("n" "r" "m" "h")) NIL NIL NIL "<i>"))`,
	}
	odd := []string{
		`* 7 FETCH (UID 0)`, `* 7 FETCH (UID 4294967296)`, `* 7 FETCH (UID 042)`, `* 0 FETCH (UID 42)`, `* 7 FETCH (UID 42 UID 42)`, `* 7 FETCH ()`,
		`* 7 FETCH (FLAGS (NIL))`, `* 7 FETCH (FLAGS (\seen))`, `* 7 FETCH (FLAGS ("a"))`, `* 7 FETCH (FLAGS (a]))`, `* 7 FETCH (FLAGS NIL)`,
		`* 7 FETCH (MODSEQ (0))`, `* 7 FETCH (BODY[] NIL)`, `* 7 FETCH (ENVELOPE NIL)`, `* 7 FETCH (X-OWN 1)`, `* 7 fetch (UID 42)`,
		`* 7 FETCH (BODY ("message" "rfc822" NIL NIL NIL "7bit" 1))`, `* 7 FETCH (BODY ("multipart" "mixed" NIL NIL NIL "7bit" 1))`,
		`* 7 FETCH (BODYSTRUCTURE ("a" "b" NIL NIL NIL "7bit" 1 NIL NIL ("en")))`, `* 7 FETCH (BODYSTRUCTURE ("a" "b" NIL NIL NIL "7bit" 1 NIL NIL NIL NIL 1))`,
		`* 7 FETCH (BODYSTRUCTURE ("a" "b" () NIL NIL "7bit" 1))`, `* 7 FETCH (BODYSTRUCTURE ("a" "b" NIL NIL NIL "7bit" 1 NIL ("" NIL)))`,
		`* 7 FETCH (INTERNALDATE "7-Jul-1996 02:44:25 +0000")`, `* 7 FETCH (INTERNALDATE "37-Jul-1996 02:44:25 +0000")`,
		`* 7 EXISTS`, `* SEARCH 1`, `a OK done`,
	}
	if !checkPlain(t, []byte(benchResponses[1].wire+"\r\n")) {
		t.Error("what servers tell of letters is not plain")
	}
	for _, line := range odd {
		if checkPlain(t, []byte(line+"\r\n")) {
			t.Errorf("%q is plain", line)
		}
	}
	if checkPlain(t, []byte("* 7 FETCH (UID 42)\n")) {
		t.Error("a bare LF is plain")
	}
	octets := []byte(" ()\"\\{}[]N0a9\r\n\x00\xff")
	for _, line := range plain {
		frame := []byte(line + "\r\n")
		if !checkPlain(t, frame) {
			t.Errorf("%q is not plain", line)
		}
		for i, x := range frame {
			checkPlain(t, slices.Insert(bytes.Clone(frame), i, x))
			checkPlain(t, slices.Delete(bytes.Clone(frame), i, i+1))
			checkPlain(t, frame[:i])
			for _, y := range octets {
				changed := bytes.Clone(frame)
				changed[i] = y
				checkPlain(t, changed)
			}
		}
	}
}

// A plain FETCH response gives up the memory of a large one before it as every other
// response does (invariant 7).
func TestPlainFetchMemory(t *testing.T) {
	p := Parser{Reuse: true, memory: &fetchMemory{octets: maxMemory + 1, flags: make([]imap.Flag, 0, 10000)}}
	if _, err := p.Response([]byte("* 7 FETCH (FLAGS (a))\r\n")); err != nil {
		t.Fatal(err)
	}
	if n := cap(p.memory.flags); n > 100 {
		t.Errorf("room for %d flags is kept", n)
	}
}

// A plain FETCH response is held to the limits that are set, and to the depth of what
// is read without the grammar.
func TestPlainFetchLimits(t *testing.T) {
	const line = "* 7 FETCH (UID 42 FLAGS (a b) MODSEQ (1))\r\n"
	for _, b := range []Bounds{{Tokens: 7}, {Lists: 2}, {Depth: 1}} {
		p := Parser{ParseOptions: ParseOptions{Bounds: b}, memory: &fetchMemory{}}
		p.Strict = true
		if r, err := p.Response([]byte(line)); err == nil {
			t.Errorf("%+v: %+v", b, r)
		}
	}
	for depth := range 40 {
		frame := bytes.Repeat([]byte("("), depth)
		frame = append(frame, `("a" "b" NIL NIL NIL "7bit" 1)`...)
		frame = append(frame, bytes.Repeat([]byte(` "mixed")`), depth)...)
		frame = append(append([]byte("* 1 FETCH (BODY "), frame...), ")\r\n"...)
		if got, want := checkPlain(t, frame), depth+2 <= plainDepth; got != want {
			t.Errorf("%d multiparts: %v", depth, got)
		}
	}
}
