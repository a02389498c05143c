package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

// A List is LIST, RFC 9051 §6.3.9, with the selection and return options of
// RFC 5258, 6154 and 5819.
type List struct {
	// Select are the selection options, upper case: SUBSCRIBED, REMOTE,
	// RECURSIVEMATCH, SPECIAL-USE, or another with its value as raw octets.
	Select []string
	// Reference and Patterns are octets of the wire; a List has one pattern
	// at least. Several are the extended form.
	Reference string
	Patterns  []string
	// Extended is true when the command used any form that RFC 3501 lacks:
	// selection options, several patterns in parentheses, RETURN.
	Extended bool
	// Return are the return options, upper case: SUBSCRIBED, CHILDREN,
	// SPECIAL-USE, STATUS (its items in StatusItems), or another as raw octets.
	Return []string
	// StatusItems are the items of the return option STATUS.
	StatusItems []StatusItem
}

// An LSub is LSUB, RFC 3501 §6.3.9.
type LSub struct {
	Reference string
	Pattern   string
}

// A ListData is one mailbox of a LIST or LSUB: * LIST, * LSUB, * XLIST.
type ListData struct {
	// Verb is LIST; LSUB or XLIST when it is one of these. Empty is LIST.
	Verb  string
	Attrs []imap.MailboxAttr
	// Delimiter separates levels of hierarchy; zero is NIL, a flat name.
	Delimiter byte
	Mailbox   string
	// OldName is the former name told in OLDNAME (RFC 9051 §6.3.9.7); empty is none.
	OldName string
	// ChildInfo are the words of CHILDINFO (RFC 5258 §3.5).
	ChildInfo []string
	// Extended are other extended items, each the octets of tag and value.
	Extended []string
}

// Verb implements Command.
func (*List) Verb() string { return "LIST" }

// Verb implements Command.
func (*LSub) Verb() string { return "LSUB" }

func (*List) command()      {}
func (*LSub) command()      {}
func (*ListData) response() {}
