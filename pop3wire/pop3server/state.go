package pop3server

// A State is where a conversation stands, RFC 1939 §3.
type State uint8

const (
	_ State = iota
	// StateAuthorization: the client has to log in.
	StateAuthorization
	// StateTransaction: it works on its maildrop.
	StateTransaction
	// StateUpdate: it has said QUIT, and the application removes what is
	// marked.
	StateUpdate
	// StateClosed: the conversation is over.
	StateClosed
)

var stateNames = [...]string{"invalid", "AUTHORIZATION", "TRANSACTION", "UPDATE", "closed"}

// String returns the name of s as the RFC has it.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return stateNames[0]
}

// after is the state behind the answer to a command.
func (s State) after(verb string, ok bool) State {
	switch verb {
	case "PASS", "APOP", "AUTH":
		if ok {
			return StateTransaction
		}
	case "QUIT":
		// RFC 1939 §6: whether the removal was successful or not.
		return StateClosed
	}
	return s
}
