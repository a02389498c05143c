package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

// A StoreOp says what a [Store] does with its flags.
type StoreOp uint8

const (
	_ StoreOp = iota
	// StoreReplace is FLAGS: exactly these, \Recent excepted.
	StoreReplace
	// StoreAdd is +FLAGS.
	StoreAdd
	// StoreRemove is -FLAGS.
	StoreRemove
)

// A Store is STORE, or UID STORE, RFC 9051 §6.4.6.
type Store struct {
	UID bool
	Set imap.Set
	// Modifiers are store-modifiers (RFC 4466), each the octets of name and value.
	Modifiers []string
	Op        StoreOp
	Silent    bool // .SILENT
	Flags     []imap.Flag
}

// Verb implements Command.
func (s *Store) Verb() string { return uidVerb(s.UID, "STORE") }

func (*Store) command() {}
