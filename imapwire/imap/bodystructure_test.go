package imap_test

import (
	"testing"

	"github.com/mailwire/mailwire/imapwire/imap"
)

func TestBodyStructureKinds(t *testing.T) {
	for _, tt := range []struct {
		b                    imap.BodyStructure
		multipart, msg, text bool
	}{
		{imap.BodyStructure{}, false, false, false},
		{imap.BodyStructure{Type: "MULTIPART", Subtype: "mixed"}, true, false, false},
		{imap.BodyStructure{Type: "Text", Subtype: "plain"}, false, false, true},
		{imap.BodyStructure{Type: "message", Subtype: "RFC822", Envelope: &imap.Envelope{}}, false, true, false},
		{imap.BodyStructure{Type: "message", Subtype: "global", Envelope: &imap.Envelope{}}, false, true, false},
		{imap.BodyStructure{Type: "message", Subtype: "rfc822"}, false, false, false}, // nothing told about it
		{imap.BodyStructure{Type: "message", Subtype: "partial", Envelope: &imap.Envelope{}}, false, false, false},
	} {
		if b := &tt.b; b.IsMultipart() != tt.multipart || b.IsMessage() != tt.msg || b.IsText() != tt.text {
			t.Errorf("%s/%s: multipart %v, message %v, text %v", b.Type, b.Subtype, b.IsMultipart(), b.IsMessage(), b.IsText())
		}
	}
}
