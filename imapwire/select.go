package imapwire

// A Select is SELECT, or EXAMINE with ReadOnly, RFC 9051 §6.3.2 and §6.3.3.
type Select struct {
	Mailbox  string
	ReadOnly bool
	// CondStore: the client wants to be told modseqs (RFC 7162 §3.1.8).
	CondStore bool
	// QResync, when not nil, is what the client remembers.
	QResync *QResync
	// Params are select-params of other extensions (RFC 4466), each the octets
	// of name and value as they stood on the wire.
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
// select-param =/ "CONDSTORE"
func parseSelect(c *cursor, readOnly bool) Command {
	s := &Select{ReadOnly: readOnly}
	c.sp("select")
	s.Mailbox = c.mailbox()
	if !c.accept(' ') || !c.open("select-param") {
		return s
	}
	for n := 0; n == 0 || c.more(n, "select-param"); n++ {
		switch {
		case !s.CondStore && c.acceptLabel("CONDSTORE"):
			s.CondStore = true
		case s.QResync == nil && c.acceptLabel("QRESYNC"):
			s.QResync = c.qresync()
		default:
			s.Params = append(s.Params, c.taggedExt("select-param"))
		}
		if c.err != nil {
			break
		}
	}
	return s
}

func (s *Select) encode(e *encoder) {
	e.sp()
	e.astring(s.Mailbox)
	sep := " ("
	if s.CondStore {
		e.raw(sep + "CONDSTORE")
		sep = " "
	}
	if s.QResync != nil {
		e.raw(sep)
		e.qresync(s.QResync)
		sep = " "
	}
	for _, p := range s.Params {
		e.raw(sep)
		e.taggedExt(p, "select-param")
		sep = " "
	}
	if sep == " " {
		e.byte(')')
	}
}
