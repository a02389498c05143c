package imapwire

import "github.com/mailwire/mailwire/imapwire/engine"

// A StatusItem is an attribute of STATUS, in upper case.
type StatusItem string

// The attributes of RFC 3501 §6.3.10, RFC 9051 §6.3.11 and extensions.
const (
	StatusMessages       StatusItem = "MESSAGES"
	StatusRecent         StatusItem = "RECENT" // RFC 3501 only
	StatusUIDNext        StatusItem = "UIDNEXT"
	StatusUIDValidity    StatusItem = "UIDVALIDITY"
	StatusUnseen         StatusItem = "UNSEEN"
	StatusDeleted        StatusItem = "DELETED"         // RFC 9051
	StatusSize           StatusItem = "SIZE"            // RFC 8438
	StatusHighestModSeq  StatusItem = "HIGHESTMODSEQ"   // RFC 7162
	StatusAppendLimit    StatusItem = "APPENDLIMIT"     // RFC 7889
	StatusDeletedStorage StatusItem = "DELETED-STORAGE" // RFC 9208
	StatusMailboxID      StatusItem = "MAILBOXID"       // RFC 8474
)

// A Status is STATUS, RFC 9051 §6.3.11.
type Status struct {
	Mailbox string
	Items   []StatusItem // at least one
}

// A StatusData is the answer to STATUS: * STATUS.
type StatusData struct {
	Mailbox string
	Values  []StatusValue
}

// A StatusValue is one attribute with its value.
type StatusValue struct {
	Item StatusItem
	// Number is the value of every attribute that has a number, 0 to 2^63-1.
	Number int64
	// Raw holds the octets of a value that is no number: NIL, (id) …; empty
	// when Number counts.
	Raw string
}

// Verb implements Command.
func (*Status) Verb() string { return "STATUS" }

// status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"
func parseStatus(c *cursor) Command {
	slab := &struct {
		Status
		items [5]StatusItem
	}{}
	s := &slab.Status
	c.sp("status")
	s.Mailbox = c.mailbox()
	c.sp("status")
	s.Items = c.statusItems(slab.items[:0])
	return s
}

// statusItems puts the items into room where that suffices.
//
//	"(" status-att *(SP status-att) ")"
func (c *cursor) statusItems(room []StatusItem) []StatusItem {
	const production = "status-att"
	if !c.open(production) {
		return nil
	}
	items := makeListIn(c, room)
	for len(items) == 0 || c.more(len(items), production) {
		items = append(items, c.statusItem())
		if c.err != nil {
			return nil
		}
	}
	return items
}

// status-att = "MESSAGES" / "UIDNEXT" / "UIDVALIDITY" / "UNSEEN" / "DELETED" / "SIZE" / atom
//
// Those that have a constant come out as it.
func (c *cursor) statusItem() StatusItem {
	i, j := c.span(engine.Atom, "status-att", "an atom")
	if item := knownStatusItem(c.b[i:j]); item != "" {
		return item
	}
	return StatusItem(upper(c.str(i, j)))
}

// knownStatusItem returns the constant of an attribute in upper case whose value is
// a number; empty for every other.
func knownStatusItem(b []byte) StatusItem {
	switch item := StatusItem(b); item {
	case StatusMessages:
		return StatusMessages
	case StatusRecent:
		return StatusRecent
	case StatusUIDNext:
		return StatusUIDNext
	case StatusUIDValidity:
		return StatusUIDValidity
	case StatusUnseen:
		return StatusUnseen
	case StatusDeleted:
		return StatusDeleted
	case StatusSize:
		return StatusSize
	case StatusHighestModSeq:
		return StatusHighestModSeq
	}
	return ""
}

func (s *Status) encode(e *encoder) {
	e.sp()
	e.astring(s.Mailbox)
	e.sp()
	e.statusItems(s.Items)
}

func (e *encoder) statusItems(items []StatusItem) {
	if len(items) == 0 {
		e.fail("STATUS without attributes")
	}
	e.byte('(')
	for i, item := range items {
		if i > 0 {
			e.sp()
		}
		e.atom(upper(string(item)))
	}
	e.byte(')')
}

func (*StatusData) response() {}
