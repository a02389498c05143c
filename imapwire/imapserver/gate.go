package imapserver

// A gate says what the engine has to know of a command.
type gate struct {
	// states are those in which the command is allowed.
	states stateSet
	// noExpunge: its sequence numbers would lose their meaning, so that no
	// EXPUNGE may be sent while it runs (RFC 9051 §7.5.1).
	noExpunge bool
	// expunges: it removes messages itself, and tells so in any case.
	expunges bool
	// barrier: nothing behind it is read before it is resolved (RFC 9051
	// §5.5): it changes who speaks, or what the octets mean.
	barrier bool
}

type stateSet uint8

const (
	inNotAuthenticated stateSet = 1 << StateNotAuthenticated
	inAuthenticated    stateSet = 1<<StateAuthenticated | 1<<StateSelected
	inSelected         stateSet = 1 << StateSelected
	inAny                       = inNotAuthenticated | inAuthenticated
)

// gates is RFC 9051 §6 as a table. A verb that it lacks is the application's,
// in every state.
var gates = map[string]gate{
	"CAPABILITY": {states: inAny},
	"NOOP":       {states: inAny},
	"LOGOUT":     {states: inAny, barrier: true},
	"ID":         {states: inAny},

	"STARTTLS":     {states: inNotAuthenticated, barrier: true},
	"AUTHENTICATE": {states: inNotAuthenticated, barrier: true},
	"LOGIN":        {states: inNotAuthenticated},

	"ENABLE":      {states: inAuthenticated},
	"SELECT":      {states: inAuthenticated},
	"EXAMINE":     {states: inAuthenticated},
	"CREATE":      {states: inAuthenticated},
	"DELETE":      {states: inAuthenticated},
	"RENAME":      {states: inAuthenticated},
	"SUBSCRIBE":   {states: inAuthenticated},
	"UNSUBSCRIBE": {states: inAuthenticated},
	"LIST":        {states: inAuthenticated},
	"LSUB":        {states: inAuthenticated},
	"NAMESPACE":   {states: inAuthenticated},
	"STATUS":      {states: inAuthenticated},
	"APPEND":      {states: inAuthenticated},
	"IDLE":        {states: inAuthenticated, barrier: true},

	"GETQUOTA":     {states: inAuthenticated},
	"GETQUOTAROOT": {states: inAuthenticated},
	"SETQUOTA":     {states: inAuthenticated},

	"CHECK":       {states: inSelected},
	"CLOSE":       {states: inSelected},
	"UNSELECT":    {states: inSelected},
	"EXPUNGE":     {states: inSelected, expunges: true},
	"UID EXPUNGE": {states: inSelected, expunges: true},
	"SEARCH":      {states: inSelected, noExpunge: true},
	"UID SEARCH":  {states: inSelected},
	"FETCH":       {states: inSelected, noExpunge: true},
	"UID FETCH":   {states: inSelected},
	"STORE":       {states: inSelected, noExpunge: true},
	"UID STORE":   {states: inSelected},
	"COPY":        {states: inSelected},
	"UID COPY":    {states: inSelected},
	"MOVE":        {states: inSelected, expunges: true},
	"UID MOVE":    {states: inSelected, expunges: true},
}

func (g gate) allows(s State) bool { return g.states&(1<<s) != 0 }

// MayExpunge reports whether an EXPUNGE or VANISHED may be sent now: a command
// that permits it, or IDLE, is in progress, and no octet of a further command
// has come. The second condition is for clients that send commands ahead: the
// numbers in them are older than what would be told now. A command that itself
// removes messages tells it in any case, and Options.Relay leaves it to the
// other server.
func (c *Conn) MayExpunge() bool {
	switch {
	case c.opt.Relay:
		return !c.closed && c.state == StateSelected
	case c.closed || c.state != StateSelected || c.cur.id == 0:
		return false
	case c.cur.gate.expunges:
		return true
	}
	return !c.cur.gate.noExpunge && !c.framer.Pending()
}
