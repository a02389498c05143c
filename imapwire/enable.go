package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

// An Enable is ENABLE, RFC 5161, RFC 9051 §6.3.1.
type Enable struct {
	Capabilities imap.Capabilities
}

// An EnabledData is what an ENABLE has enabled: * ENABLED.
type EnabledData struct {
	Capabilities imap.Capabilities
}

// Verb implements Command.
func (*Enable) Verb() string { return "ENABLE" }

func (*Enable) command()       {}
func (*EnabledData) response() {}
