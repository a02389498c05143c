package imap

// An NString is a string that may be absent: NIL on the wire, which is not the
// empty string (RFC 9051 §4.5). The zero value is NIL.
type NString struct {
	// Value is the string; empty when Valid is false.
	Value string
	// Valid is false for NIL.
	Valid bool
}

// String returns an [NString] that holds s.
func String(s string) NString { return NString{s, true} }

// An Envelope is the parsed header of a message, RFC 9051 §7.5.2. Strings are
// the octets of the header, encoded words included.
type Envelope struct {
	Date      NString
	Subject   NString
	From      []Address // nil is NIL
	Sender    []Address
	ReplyTo   []Address
	To        []Address
	CC        []Address
	BCC       []Address
	InReplyTo NString
	MessageID NString
}

// An Address is one element of an address list. A group is written as an
// address with only a Mailbox, its name, then the members, then one with all
// fields NIL.
type Address struct {
	Name    NString // display name, encoded words included
	Route   NString // the obsolete source route
	Mailbox NString // local part; the group's name when Host is NIL
	Host    NString // domain; NIL is RFC 5322 group syntax
}
