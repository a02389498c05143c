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

// enable = "ENABLE" 1*(SP capability)
func parseEnable(c *cursor) Command {
	en := &Enable{}
	for {
		c.sp("enable")
		en.Capabilities = append(en.Capabilities, imap.Capability(c.atom("capability")))
		if c.peek() != ' ' {
			return en
		}
	}
}

func (en *Enable) encode(e *encoder) {
	if len(en.Capabilities) == 0 {
		e.fail("ENABLE without capabilities")
	}
	for _, name := range en.Capabilities {
		e.sp()
		e.atom(string(name))
	}
}

func (*EnabledData) response() {}
