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

func (*ID) command()      {}
func (*IDData) response() {}
