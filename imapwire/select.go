package imapwire

// A Select is SELECT, or EXAMINE with ReadOnly, RFC 9051 §6.3.2 and §6.3.3.
type Select struct {
	Mailbox  string
	ReadOnly bool
	// Params are select-params of extensions (RFC 4466), each the octets of
	// name and value as they stood on the wire.
	Params []string
}

// Verb implements Command.
func (s *Select) Verb() string {
	if s.ReadOnly {
		return "EXAMINE"
	}
	return "SELECT"
}

func (*Select) command() {}
