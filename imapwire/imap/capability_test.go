package imap_test

import (
	"testing"

	"github.com/mailwire/mailwire/imapwire/imap"
)

func TestCapability(t *testing.T) {
	caps := imap.Capabilities{"imap4REV1", "Auth=plain"}
	if !caps.Has(imap.CapIMAP4rev1) || !caps.Has("AUTH=PLAIN") || caps.Has(imap.CapIdle) || caps.Has("AUTH=") || imap.Capabilities(nil).Has("") {
		t.Error("Has")
	}
	for c, want := range map[imap.Capability]string{"AUTH=PLAIN": "PLAIN", "auth=scram-sha-256": "SCRAM-SHA-256", "AUTH=ſ": "ſ", "AUTH=": "", "AUTH": "", "XAUTH=PLAIN": "", "": ""} {
		if m, ok := c.AuthMechanism(); m != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", c, m, ok)
		}
	}
	if got := imap.AuthCapability("PLAIN"); got != "AUTH=PLAIN" {
		t.Errorf("AuthCapability: %q", got)
	}
}
