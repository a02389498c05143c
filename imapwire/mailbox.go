package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

type (
	// A Create is CREATE, RFC 9051 §6.3.4. A trailing hierarchy delimiter
	// stands in Mailbox as it came.
	Create struct {
		Mailbox string
		// Use are the special uses asked for (RFC 6154 §3).
		Use []imap.MailboxAttr
	}
	// A Delete is DELETE, §6.3.5.
	Delete struct{ Mailbox string }
	// A Rename is RENAME, §6.3.6.
	Rename struct{ From, To string }
	// A Subscribe is SUBSCRIBE, §6.3.7.
	Subscribe struct{ Mailbox string }
	// An Unsubscribe is UNSUBSCRIBE, §6.3.8.
	Unsubscribe struct{ Mailbox string }
)

// Verb implements Command.
func (*Create) Verb() string { return "CREATE" }

// Verb implements Command.
func (*Delete) Verb() string { return "DELETE" }

// Verb implements Command.
func (*Rename) Verb() string { return "RENAME" }

// Verb implements Command.
func (*Subscribe) Verb() string { return "SUBSCRIBE" }

// Verb implements Command.
func (*Unsubscribe) Verb() string { return "UNSUBSCRIBE" }

func (*Create) command()      {}
func (*Delete) command()      {}
func (*Rename) command()      {}
func (*Subscribe) command()   {}
func (*Unsubscribe) command() {}
