package pop3client

// A State is where a conversation stands, RFC 1939 §3.
type State uint8

const (
	_ State = iota
	// StateGreeting: the server has not spoken yet.
	StateGreeting
	// StateAuthorization: the client has to log in.
	StateAuthorization
	// StateTransaction: it is logged in, and the maildrop is open.
	StateTransaction
	// StateClosed: the conversation is over. Whether messages that were marked
	// are removed (the UPDATE state) is what the Done of QUIT says.
	StateClosed
)

var stateNames = [...]string{"invalid", "greeting", "AUTHORIZATION", "TRANSACTION", "closed"}

// String returns a word for s.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return stateNames[0]
}
