package message_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox/message"
)

// TestCorpusResponse: whatever a message says, what is told of it is one FETCH
// response and is read as the same (invariant 21).
func TestCorpusResponse(t *testing.T) {
	for name, msg := range message.Corpus(t) {
		x, err := message.Parse(bytes.NewReader(msg), int64(len(msg)), message.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		want := &imapwire.FetchData{
			Num: 1, Has: imapwire.HasEnvelope | imapwire.HasStructure,
			Envelope: x.Envelope(), Structure: x.BodyStructure(),
		}
		for _, utf8 := range []bool{false, true} {
			b, err := imapwire.AppendResponse(nil, want, imapwire.ResponseOptions{UTF8: utf8})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			got, err := imapwire.ParseResponse(b, imapwire.ParseOptions{
				UTF8:   utf8,
				Bounds: imapwire.Bounds{Depth: 110}, // a client's default is below that of Limits.Depth
			})
			if err != nil {
				t.Errorf("%s: %v\n%.1000s", name, err, b)
				continue
			}
			// Not cmp.Diff, whose steps double with each level of parts.
			if want, got := wireForm(t, want), wireForm(t, got); !reflect.DeepEqual(want, got) {
				t.Errorf("%s:\n%+v, want\n%+v", name, got, want)
			}
		}
	}
}

// wireForm returns what is on the wire of a response: the type of a multipart is
// not, so that its case is not either, and an empty list is none.
func wireForm(t *testing.T, r imapwire.Response) *imapwire.FetchData {
	t.Helper()
	d, ok := r.(*imapwire.FetchData)
	if !ok {
		t.Fatalf("%T", r)
	}
	e, s := *d.Envelope, wireStructure(*d.Structure)
	return &imapwire.FetchData{Num: d.Num, Has: d.Has, Envelope: wireEnvelope(&e), Structure: &s}
}

func wireStructure(s imap.BodyStructure) imap.BodyStructure {
	if strings.EqualFold(s.Type, "multipart") {
		s.Type = "multipart"
	}
	s.Params, s.DispositionArgs = orNil(s.Params), orNil(s.DispositionArgs)
	s.Language = orNil(s.Language)
	s.Envelope = wireEnvelope(s.Envelope)
	parts := s.Parts
	s.Parts = nil
	for _, p := range parts {
		s.Parts = append(s.Parts, wireStructure(p))
	}
	return s
}

func wireEnvelope(e *imap.Envelope) *imap.Envelope {
	if e == nil {
		return nil
	}
	out := *e
	for _, l := range []*[]imap.Address{&out.From, &out.Sender, &out.ReplyTo, &out.To, &out.CC, &out.BCC} {
		*l = orNil(*l)
	}
	return &out
}

func orNil[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}

// TestStructureOfUnknownType: types that IMAP has no rule for are leaves.
func TestStructureOfUnknownType(t *testing.T) {
	for typ, leaf := range map[string]bool{
		"message/partial": true, "message/external-body": true, "application/x": true, "x/y": true,
		"message/rfc822": false, "MESSAGE/RFC822": false, "message/global": false,
	} {
		msg := "Content-Type: " + typ + "\r\n\r\nSubject: inside\r\n\r\n"
		x, err := message.Parse(strings.NewReader(msg), int64(len(msg)), message.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if s := x.BodyStructure(); s.IsMessage() == leaf || x.Root().IsLeaf() != leaf {
			t.Errorf("%s: %+v", typ, s)
		}
		if _, ok, _ := x.Section(nil, imap.Section{Part: []uint32{1}, Specifier: imap.SpecifierHeader}); ok == leaf {
			t.Errorf("%s: BODY[1.HEADER] %v", typ, ok)
		}
	}
}
