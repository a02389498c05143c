package imapwire_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// fetchFrames are the FETCH responses of all tables, and some that hold much of
// everything.
func fetchFrames(t *testing.T) [][]byte {
	all := imapwire.ResponseFrames()
	for _, row := range responseRows() {
		all = append(all, frameOf(row.wire))
	}
	for _, row := range toleratedRows(t) {
		all = append(all, row.frame())
	}
	address := `("n" NIL "m" "h")`
	part := `("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 1 2 NIL ("inline" ("a" "b")) ("en" "de") NIL)`
	for _, n := range []int{1, 3, 9, 40, 300} {
		list := "(" + strings.Repeat(address, n) + ")"
		envelope := `("d" "s" ` + list + " NIL " + list + ` NIL NIL NIL NIL "<i>")`
		all = append(all,
			frameOf("* 1 FETCH (UID 7 ENVELOPE "+envelope+")"),
			frameOf("* 1 FETCH (BODYSTRUCTURE ("+strings.Repeat(part, n)+` "mixed" ("a" "b")) FLAGS (`+strings.Repeat(`\Seen a-keyword $`, n)+"))"),
			frameOf(`* 1 FETCH (BODY (("message" "rfc822" NIL NIL NIL "7bit" 9 `+envelope+" ("+part+part+` "mixed") 3)`+part+` "mixed") BODYSTRUCTURE `+part+")"),
			frameOf(`* 1 FETCH (BODY[1] "`+strings.Repeat("x", n)+`" BINARY.SIZE[2.3] 4 X-OWN (a b) BODY[HEADER.FIELDS (a b)] NIL)`),
		)
	}
	return slices.DeleteFunc(all, func(f []byte) bool { return !strings.Contains(strings.ToUpper(string(f)), "FETCH") })
}

// poison overwrites all that a record lends.
func poison(f *imapwire.FetchData) {
	garbage := imap.String("poisoned")
	var structure func(b *imap.BodyStructure)
	addresses := func(lists ...[]imap.Address) {
		for _, l := range lists {
			for i := range l[:cap(l)] {
				l[:cap(l)][i] = imap.Address{Name: garbage, Host: garbage}
			}
		}
	}
	envelope := func(e *imap.Envelope) {
		if e != nil {
			addresses(e.From, e.Sender, e.ReplyTo, e.To, e.CC, e.BCC)
			*e = imap.Envelope{Subject: garbage}
		}
	}
	structure = func(b *imap.BodyStructure) {
		if b == nil {
			return
		}
		for _, l := range [][]imap.Param{b.Params, b.DispositionArgs} {
			for i := range l {
				l[i] = imap.Param{Name: "poisoned"}
			}
		}
		for i := range b.Language {
			b.Language[i] = "poisoned"
		}
		for i := range b.Parts {
			structure(&b.Parts[i])
		}
		envelope(b.Envelope)
		*b = imap.BodyStructure{Type: "poisoned", Lines: 666}
	}
	envelope(f.Envelope)
	structure(f.Body)
	structure(f.Structure)
	for i := range f.Flags {
		f.Flags[i] = "poisoned"
	}
	for i := range f.Sections {
		s := &f.Sections[i].Section
		clear(s.Part)
		clear(s.Fields)
		f.Sections[i] = imapwire.SectionData{Origin: 666}
	}
	for i := range f.BinarySizes {
		clear(f.BinarySizes[i].Part)
		f.BinarySizes[i].Size = 666
	}
	for i := range f.Unknown {
		f.Unknown[i] = "poisoned"
	}
	for i := range f.Broken {
		f.Broken[i].Raw = "poisoned"
	}
	*f = imapwire.FetchData{Num: 666, Has: 0xffff, UID: 666, ModSeq: 666, Size: 666}
}

// checkReuse reads a frame with a parser that reuses its records and with a fresh
// one, which has to understand the same, and poisons what was lent. It returns
// what the fresh one made of it, and a clone.
func checkReuse(t *testing.T, reuse *imapwire.Parser, frame []byte) (fresh, kept imapwire.Response) {
	fresh, freshErr := imapwire.ParseResponse(frame, reuse.ParseOptions)
	got, err := reuse.Response(frame)
	if (err == nil) != (freshErr == nil) {
		t.Fatalf("%.200q: %v, want %v", frame, err, freshErr)
	}
	if d := cmp.Diff(fresh, got, cmp.Comparer(sameError)); d != "" {
		t.Fatalf("%.200q, reused: %s", frame, d)
	}
	if f, ok := got.(*imapwire.FetchData); ok {
		got = f.Clone()
		poison(f)
	}
	return fresh, got
}

// TestReuse: rule 10. A parser that reuses its records understands what one that
// does not understands, whatever it has read before and whatever was done to what
// it lent; a clone survives that.
func TestReuse(t *testing.T) {
	reuse := imapwire.Parser{Reuse: true}
	var keep imapwire.Parser
	var kept, want []imapwire.Response
	fetches := 0
	for range 2 {
		for _, frame := range fetchFrames(t) {
			fresh, clone := checkReuse(t, &reuse, frame)
			owned, _ := keep.Response(frame)
			kept, want = append(kept, clone, owned), append(want, fresh, fresh)
			if _, ok := clone.(*imapwire.FetchData); ok {
				fetches++
			}
		}
	}
	for i := range kept {
		if d := cmp.Diff(want[i], kept[i], cmp.Comparer(sameError)); d != "" {
			t.Errorf("kept: %s", d)
		}
	}
	if fetches < 100 {
		t.Errorf("only %d responses are FETCH", fetches)
	}
}

// sameError compares errors of broken items.
func sameError(a, b error) bool { return reflect.DeepEqual(a, b) }

// A clone has the shape of what it was made of: nil stays nil.
func TestCloneFetch(t *testing.T) {
	for _, f := range []*imapwire.FetchData{
		{},
		{Flags: []imap.Flag{}, Has: imapwire.HasFlags},
		{Flags: []imap.Flag{"a", "b", "c", "d", "e"}},
		{Envelope: &imap.Envelope{}, Body: &imap.BodyStructure{}},
		{Envelope: &imap.Envelope{To: []imap.Address{}}, Body: &imap.BodyStructure{Params: []imap.Param{}, Parts: []imap.BodyStructure{}}},
		{Sections: []imapwire.SectionData{{Section: imap.Section{Part: []uint32{1}}}}, Unknown: []string{"X y"}},
	} {
		c := f.Clone()
		if d := cmp.Diff(f, c); d != "" {
			t.Error(d)
		}
		before := f.Clone()
		poison(c)
		if d := cmp.Diff(before, f); d != "" {
			t.Errorf("the clone shares memory: %s", d)
		}
	}
}
