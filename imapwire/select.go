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

// select = "SELECT" SP mailbox [SP "(" select-param *(SP select-param) ")"]
// examine = "EXAMINE" SP mailbox [SP "(" select-param *(SP select-param) ")"]
// select-param = tagged-ext-label [SP tagged-ext-val]
func parseSelect(c *cursor, readOnly bool) Command {
	s := &Select{ReadOnly: readOnly}
	c.sp("select")
	s.Mailbox = c.mailbox()
	if c.accept(' ') {
		s.Params = c.taggedExtList("select-param")
	}
	return s
}

func (s *Select) encode(e *encoder) {
	e.sp()
	e.astring(s.Mailbox)
	e.taggedExtList(s.Params, "select-param")
}
