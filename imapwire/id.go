package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

// An IDField is one pair of an ID, RFC 2971 §3.3.
type IDField struct {
	Name  string // at most 30 octets
	Value imap.NString
}

// An ID tells the server who the client is, RFC 2971 §3.1. No fields is NIL.
type ID struct{ Fields []IDField }

// An IDData tells the client who the server is. No fields is NIL.
type IDData struct{ Fields []IDField }

// Verb implements Command.
func (*ID) Verb() string { return "ID" }

// RFC 2971 §3.3 bounds what may be said.
const (
	maxIDFields = 30
	maxIDName   = 30
	maxIDValue  = 1024
)

// id = "ID" SP id-params-list
func parseID(c *cursor) Command {
	c.sp("id")
	return &ID{Fields: c.idParamsList()}
}

// id-params-list = "(" [string SP nstring *(SP string SP nstring)] ")" / nil
func (c *cursor) idParamsList() []IDField {
	const production = "id-params-list"
	if c.acceptNil() || !c.open(production) {
		return nil
	}
	var fields []IDField
	for c.more(len(fields), production) {
		i := c.pos
		f := IDField{Name: c.str8(production)}
		if c.peek() != ')' || !c.tolerate(TolerateIDWithoutValue) {
			c.sp(production)
			f.Value = c.nstring(production)
		}
		switch {
		case c.err != nil:
		case len(f.Name) > maxIDName:
			c.failAt(i, production, "a name of at most 30 octets")
		case len(f.Value.Value) > maxIDValue:
			c.failAt(i, production, "a value of at most 1024 octets")
		case len(fields) == maxIDFields:
			c.failAt(i, production, "at most 30 fields")
		}
		fields = append(fields, f)
	}
	return fields
}

func (id *ID) encode(e *encoder) {
	e.sp()
	e.idParamsList(id.Fields)
}

func (e *encoder) idParamsList(fields []IDField) {
	if len(fields) == 0 {
		e.raw("NIL")
		return
	}
	if len(fields) > maxIDFields {
		e.fail("ID with %d fields", len(fields))
	}
	e.byte('(')
	for i, f := range fields {
		if len(f.Name) > maxIDName || len(f.Value.Value) > maxIDValue {
			e.fail("ID with a field longer than RFC 2971 allows: %q", cut(f.Name))
		}
		if i > 0 {
			e.sp()
		}
		e.string(f.Name)
		e.sp()
		e.nstring(f.Value)
	}
	e.byte(')')
}

func (*IDData) response() {}
