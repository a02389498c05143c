package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

// An Expunge is EXPUNGE, or UID EXPUNGE of the given UIDs (RFC 9051 §6.4.3 and
// §6.4.9).
type Expunge struct {
	UID bool
	// Set names UIDs; it is empty unless UID.
	Set imap.Set
}

// An ExpungeData tells that the message with that number is gone: * n EXPUNGE.
type ExpungeData struct{ Seq uint32 }

// A VanishedData tells UIDs that are gone: * VANISHED, RFC 7162 §3.2.10.
type VanishedData struct {
	// Earlier: gone before this session looked.
	Earlier bool
	UIDs    imap.UIDSet
}

// Verb implements Command.
func (e *Expunge) Verb() string { return uidVerb(e.UID, "EXPUNGE") }

func uidVerb(uid bool, verb string) string {
	if uid {
		return "UID " + verb
	}
	return verb
}

// expunge = "EXPUNGE"
// uid-expunge = "EXPUNGE" SP sequence-set
func parseExpunge(c *cursor, uid bool) Command {
	ex := &Expunge{UID: uid}
	if uid {
		c.sp("uid-expunge")
		ex.Set = c.sequenceSet("uid-expunge")
	}
	return ex
}

func (ex *Expunge) encode(e *encoder) {
	if ex.UID {
		e.sp()
		e.sequenceSet(ex.Set)
	} else if !ex.Set.IsZero() {
		e.fail("EXPUNGE with a set")
	}
}

func (*ExpungeData) response()  {}
func (*VanishedData) response() {}
