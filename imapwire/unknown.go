package imapwire

// An UnknownCommand is a command that this package has no type for.
type UnknownCommand struct {
	// Name is the verb in upper case, with "UID " before it when it was
	// prefixed so.
	Name string
	// Args are the octets that follow the verb, the space before them
	// included, the last CRLF excluded; literals stand in it as on the wire.
	Args string
}

// An UnknownData is an untagged response that this package has no type for.
type UnknownData struct {
	// Raw is the octets between "* " and the last CRLF, literals as on the
	// wire.
	Raw string
}

// Verb implements Command.
func (u *UnknownCommand) Verb() string { return u.Name }

func (*UnknownCommand) command() {}
func (*UnknownData) response()   {}
