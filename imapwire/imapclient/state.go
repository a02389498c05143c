package imapclient

import "github.com/mailwire/mailwire/imapwire"

// A State is where a conversation stands, RFC 9051 §3.
type State uint8

const (
	_ State = iota
	// StateGreeting: the server has not spoken yet.
	StateGreeting
	// StateNotAuthenticated: the client has to log in.
	StateNotAuthenticated
	// StateAuthenticated: it is logged in, no mailbox is selected.
	StateAuthenticated
	// StateSelected: a mailbox is selected.
	StateSelected
	// StateLogout: the conversation is over.
	StateLogout
)

var stateNames = [...]string{"invalid", "greeting", "not authenticated", "authenticated", "selected", "logout"}

// String returns a word for s.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return stateNames[0]
}

// after returns the state behind the answer to a command.
func (s State) after(verb string, c imapwire.Condition) State {
	ok := c == imapwire.OK
	switch {
	case (verb == "LOGIN" || verb == "AUTHENTICATE") && ok:
		return StateAuthenticated
	case (verb == "SELECT" || verb == "EXAMINE") && ok:
		return StateSelected
	case (verb == "SELECT" || verb == "EXAMINE") && s == StateSelected:
		// RFC 9051 §6.3.2: the mailbox that was selected is not any more.
		return StateAuthenticated
	case (verb == "CLOSE" || verb == "UNSELECT") && ok:
		return StateAuthenticated
	}
	return s
}
