package message_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

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
			got, err := imapwire.ParseResponse(b, imapwire.ParseOptions{UTF8: utf8})
			if err != nil {
				t.Errorf("%s: %v\n%s", name, err, b)
				continue
			}
			if d := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.Comparer(sameMultipart)); d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
		}
	}
}

// sameMultipart compares strings; the type of a multipart is not on the wire, so
// that its case is not either.
func sameMultipart(a, b string) bool {
	return a == b || strings.EqualFold(a, "multipart") && strings.EqualFold(b, "multipart")
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
