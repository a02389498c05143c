package imapwire

// A Condition is the word that starts a status response, RFC 9051 §7.1.
type Condition uint8

const (
	_ Condition = iota
	// OK: done, or information.
	OK
	// NO: the command failed, or a warning.
	NO
	// BAD: the command was not understood, or a protocol error.
	BAD
	// BYE: the server ends the connection. Never tagged.
	BYE
	// PREAUTH: a greeting to a client that is authenticated already.
	PREAUTH
)

// A StatusCondition is a word, a code and a text: what a command ends with.
type StatusCondition struct {
	Condition Condition
	Code      Code // nil: none
	// Text is for people, one line. The encoder drops what does not belong in
	// a line and sees that it never starts like a code.
	Text string
}

// A StatusResponse is a status response: tagged, or untagged with Tag empty.
type StatusResponse struct {
	Tag string
	StatusCondition
}

func (*StatusResponse) response() {}
