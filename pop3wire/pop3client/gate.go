package pop3client

import "github.com/mailwire/mailwire/pop3wire"

// A gate says what of a command matters to those around it, and to policy.
type gate uint8

const (
	// barrier: nothing is sent behind it before it is answered, and it is not
	// sent before everything else is: it changes who speaks, or what the octets
	// mean, or ends the conversation.
	barrier gate = 1 << iota
	// open: it may be sent before the transport is encrypted, whatever policy
	// says.
	open
	// login: when it succeeds, the client is logged in.
	login
	// password: it shows a password, or a name, to who sees it; AUTH does with
	// some mechanisms only.
	password
)

// gates has the verbs of which something is known. Everything else may be sent
// ahead where the server announces PIPELINING (RFC 2449 §6.6).
var gates = map[string]gate{
	"CAPA": open,
	"STLS": open | barrier,
	"QUIT": open | barrier,
	"AUTH": password | login | barrier,
	"USER": password,
	"PASS": password | login,
	"APOP": login,
}

// gateOf returns the gate of a command.
func gateOf(cmd pop3wire.Command) gate {
	if auth, is := cmd.(*pop3wire.Auth); is && auth.Mechanism == "" {
		// It only asks for the list.
		return barrier
	}
	return gates[cmd.Verb()]
}

// A kind says what the positive answer to a command is.
type kind uint8

const (
	kindStatus kind = iota
	kindDrop        // one line: the numbers of STAT
	kindScan        // one line: LIST with a number
	kindUID         // one line: UIDL with a number
	kindLang        // one line: LANG with a range
	kindSASL        // challenges before it
	// From here on lines follow it.
	kindScans
	kindUIDs
	kindCapa
	kindLangs
	kindRaw
	kindBody
)

// multi reports whether lines follow a positive status.
func (k kind) multi() bool { return k >= kindScans }

// kindOf returns what cmd is answered, and the number that it asks about.
func kindOf(cmd pop3wire.Command) (kind, uint32) {
	switch cmd := cmd.(type) {
	case *pop3wire.Stat:
		return kindDrop, 0
	case *pop3wire.List:
		if cmd.Num > 0 {
			return kindScan, cmd.Num
		}
		return kindScans, 0
	case *pop3wire.Uidl:
		if cmd.Num > 0 {
			return kindUID, cmd.Num
		}
		return kindUIDs, 0
	case *pop3wire.Lang:
		if cmd.Range != "" {
			return kindLang, 0
		}
		return kindLangs, 0
	case *pop3wire.Capa:
		return kindCapa, 0
	case *pop3wire.Retr:
		return kindBody, cmd.Num
	case *pop3wire.Top:
		return kindBody, cmd.Num
	case *pop3wire.Auth:
		if cmd.Mechanism == "" {
			return kindRaw, 0
		}
		return kindSASL, 0
	}
	return kindStatus, 0
}
