package pop3server

// A gate says what the engine has to know of a command.
type gate struct {
	// states are those in which the command is allowed.
	states stateSet
	// barrier: nothing behind it is read as a command before it is resolved: it
	// changes who speaks, what the octets mean, or ends the conversation.
	// Everything else may be sent ahead (RFC 2449 §6.6), and is done in turn.
	barrier bool
	// login: where it is allowed the answer decides about the state.
	login bool
}

type stateSet uint8

const (
	inAuthorization stateSet = 1 << StateAuthorization
	inTransaction   stateSet = 1 << StateTransaction
	inAny                    = inAuthorization | inTransaction
)

// gates is RFC 1939 with its extensions as a table. A verb that it lacks is the
// application's, in every state.
var gates = map[string]gate{
	"CAPA": {states: inAny},
	"QUIT": {states: inAny, barrier: true},
	"LANG": {states: inAny},

	"USER": {states: inAuthorization},
	"PASS": {states: inAuthorization, login: true},
	"APOP": {states: inAuthorization, login: true},
	"AUTH": {states: inAuthorization, login: true, barrier: true},
	"STLS": {states: inAuthorization, barrier: true},
	"UTF8": {states: inAuthorization},

	"STAT": {states: inTransaction},
	"LIST": {states: inTransaction},
	"UIDL": {states: inTransaction},
	"RETR": {states: inTransaction},
	"TOP":  {states: inTransaction},
	"DELE": {states: inTransaction},
	"RSET": {states: inTransaction},
	"NOOP": {states: inTransaction},
}

func (g gate) allows(s State) bool { return g.states&(1<<s) != 0 }
