package imapwire

// To add a command:
//
//  1. Write its struct, parser and encoder in the file named for it (or for
//     its extension), with the ABNF above the parser, and the table of its test
//     beside it.
//  2. Add its verb to the table commandParsers below and its type to the list in the
//     comment of Command.
//  3. Say in imapserver/gate.go in which states it is allowed, whether it uses
//     or breaks sequence numbers, and whether it is a barrier.
//  4. Answer it in mailbox/imapserve, in the file of the same name.

// A Command is what a client asks. The kinds, by file:
// [*Capability], [*Noop], [*Logout], [*StartTLS], [*Check], [*Close],
// [*Unselect], [*Idle], [*Namespace] (command.go),
// [*Login], [*Authenticate] (auth.go), [*Enable] (enable.go), [*ID] (id.go),
// [*Select] (select.go), [*Create], [*Delete], [*Rename], [*Subscribe],
// [*Unsubscribe] (mailbox.go), [*List], [*LSub] (list.go), [*Status]
// (status.go), [*Append] (append.go), [*Expunge] (expunge.go), [*Search]
// (search.go), [*Fetch] (fetch.go), [*Store] (store.go), [*Copy], [*Move]
// (copy.go) and [*UnknownCommand] (unknown.go).
type Command interface {
	// Verb returns the name of the command in upper case, with the prefix
	// "UID " in its UID form.
	Verb() string
	command()
}

// The commands without arguments.
type (
	// A Capability asks for the capability list, RFC 9051 §6.1.1.
	Capability struct{}
	// A Noop does nothing but give the server an occasion to speak, §6.1.2.
	Noop struct{}
	// A Logout ends the conversation, §6.1.3.
	Logout struct{}
	// A StartTLS puts TLS below the connection, §6.2.1.
	StartTLS struct{}
	// A Namespace asks for the namespaces, §6.3.10.
	Namespace struct{}
	// A Check asks for housekeeping, RFC 3501 §6.4.1.
	Check struct{}
	// A Close expunges silently and leaves the mailbox, §6.4.1.
	Close struct{}
	// An Unselect leaves the mailbox without expunging, §6.4.2.
	Unselect struct{}
	// An Idle waits for news until DONE, §6.3.13.
	Idle struct{}
)

// Verb implements Command.
func (*Capability) Verb() string { return "CAPABILITY" }

// Verb implements Command.
func (*Noop) Verb() string { return "NOOP" }

// Verb implements Command.
func (*Logout) Verb() string { return "LOGOUT" }

// Verb implements Command.
func (*StartTLS) Verb() string { return "STARTTLS" }

// Verb implements Command.
func (*Namespace) Verb() string { return "NAMESPACE" }

// Verb implements Command.
func (*Check) Verb() string { return "CHECK" }

// Verb implements Command.
func (*Close) Verb() string { return "CLOSE" }

// Verb implements Command.
func (*Unselect) Verb() string { return "UNSELECT" }

// Verb implements Command.
func (*Idle) Verb() string { return "IDLE" }

func (*Capability) command() {}
func (*Noop) command()       {}
func (*Logout) command()     {}
func (*StartTLS) command()   {}
func (*Namespace) command()  {}
func (*Check) command()      {}
func (*Close) command()      {}
func (*Unselect) command()   {}
func (*Idle) command()       {}
