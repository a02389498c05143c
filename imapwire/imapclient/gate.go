package imapclient

import (
	"strings"

	"github.com/mailwire/mailwire/imapwire"
)

// A gate says what of a command matters to those behind it, and to those before
// it.
type gate uint8

const (
	// numbers: its arguments may be sequence numbers, which an EXPUNGE in
	// between would shift.
	numbers gate = 1 << iota
	// keeps: no EXPUNGE is sent while it runs (RFC 9051 §7.5.1).
	keeps
	// selected: it acts on the selected mailbox.
	selected
	// selects: another mailbox is selected behind it, or none.
	selects
	// barrier: it changes who speaks, or what the octets mean.
	barrier
)

// gates has the verbs of which something is known. Any other is taken for one
// that has numbers.
var gates = map[string]gate{
	"CAPABILITY": 0, "NOOP": 0, "ID": 0, "LOGIN": 0, "ENABLE": 0, "CREATE": 0, "DELETE": 0, "RENAME": 0,
	"SUBSCRIBE": 0, "UNSUBSCRIBE": 0, "LIST": 0, "LSUB": 0, "NAMESPACE": 0, "STATUS": 0, "APPEND": 0,
	"GETQUOTA": 0, "GETQUOTAROOT": 0, "SETQUOTA": 0,

	"STARTTLS": barrier, "COMPRESS": barrier, "AUTHENTICATE": barrier, "IDLE": barrier, "LOGOUT": barrier,

	"SELECT": selects, "EXAMINE": selects, "CLOSE": selects | selected, "UNSELECT": selects | selected,

	"FETCH": numbers | keeps | selected, "STORE": numbers | keeps | selected, "SEARCH": numbers | keeps | selected,
	"SORT": numbers | keeps | selected, "THREAD": numbers | keeps | selected,
	"COPY": numbers | selected, "MOVE": numbers | selected,
	"CHECK": selected, "EXPUNGE": selected,
}

// gateOf returns the gate of a command.
func gateOf(cmd imapwire.Command) gate {
	verb := cmd.Verb()
	if search, is := cmd.(*imapwire.Search); is && search.UID && search.UsesNumbers() {
		return numbers | selected
	}
	if strings.HasPrefix(verb, "UID ") {
		return selected
	}
	if g, ok := gates[verb]; ok {
		return g
	}
	return numbers | selected
}

// mayFollow reports whether a command may be sent while one before it, with
// gate b, has no answer. The server runs them in order; what matters is that
// both sides agree what the octets and the numbers in them mean (RFC 9051 §5.5).
func (g gate) mayFollow(b gate) bool {
	switch {
	case b&barrier != 0, g&barrier != 0:
		return false
	case g&numbers != 0 && b&keeps == 0:
		return false
	case g&selected != 0 && b&selects != 0:
		// If it fails, another mailbox would be meant, or none.
		return false
	}
	return true
}
