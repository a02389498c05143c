package imapserver

import "github.com/mailwire/mailwire/imapwire"

// A State is where a conversation stands, RFC 9051 §3.
type State uint8

const (
	_ State = iota
	// StateNotAuthenticated: the client has to log in.
	StateNotAuthenticated
	// StateAuthenticated: it is logged in, no mailbox is selected.
	StateAuthenticated
	// StateSelected: a mailbox is selected.
	StateSelected
	// StateLogout: the conversation is over.
	StateLogout
)

var stateNames = [...]string{"invalid", "not authenticated", "authenticated", "selected", "logout"}

// String returns the name of s as the RFC has it.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return stateNames[0]
}

// after is the whole of the transitions that a command causes:
//
//	            LOGIN, AUTHENTICATE OK            SELECT, EXAMINE OK
//	not auth ──────────────────────→ auth ──────────────────────────→ selected
//	                                   ↑   SELECT, EXAMINE NO or BAD;    │
//	                                   └──── CLOSE, UNSELECT OK ─────────┘
func (s State) after(verb string, c imapwire.Condition) State {
	switch verb {
	case "LOGIN", "AUTHENTICATE":
		if c == imapwire.OK {
			return StateAuthenticated
		}
	case "SELECT", "EXAMINE":
		if c == imapwire.OK {
			return StateSelected
		}
		// RFC 9051 §6.3.2: the mailbox that was selected is not any more.
		return StateAuthenticated
	case "CLOSE", "UNSELECT":
		if c == imapwire.OK {
			return StateAuthenticated
		}
	}
	return s
}
