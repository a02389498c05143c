package pop3wire

import "strconv"

// A List is LIST, RFC 1939 §5.
type List struct {
	Num uint32 // of the message; 0: all of them
}

// A Uidl is UIDL, RFC 1939 §7.
type Uidl struct {
	Num uint32 // of the message; 0: all of them
}

// Verb implements Command.
func (*List) Verb() string { return "LIST" }

// Verb implements Command.
func (*Uidl) Verb() string { return "UIDL" }

// list = "LIST" [SP message-number]
func parseList(c *cursor) Command { return &List{Num: optionalNumber(c)} }

// uidl = "UIDL" [SP message-number]
func parseUidl(c *cursor) Command { return &Uidl{Num: optionalNumber(c)} }

func optionalNumber(c *cursor) uint32 {
	if !c.accept(' ') {
		return 0
	}
	return c.messageNumber()
}

func (l *List) encode(b []byte) ([]byte, error) { return appendOptional(b, l.Num), nil }
func (u *Uidl) encode(b []byte) ([]byte, error) { return appendOptional(b, u.Num), nil }

func appendOptional(b []byte, n uint32) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendUint(append(b, ' '), uint64(n), 10)
}

// A DropListing is the answer to STAT, RFC 1939 §5.
type DropListing struct {
	Count uint32 // messages that are not marked as deleted
	Size  int64  // their octets on the wire, dots not doubled; 0 to 2^63-1
	// More is what follows the size, the space before it included. The RFC
	// strongly discourages it.
	More string
}

// ParseDropListing reads the text of a status. The error is a
// [*engine.SyntaxError].
//
//	drop-listing = 1*DIGIT SP 1*DIGIT [SP *CHAR]
func ParseDropListing(text []byte) (DropListing, error) {
	c := cursor{b: text}
	var d DropListing
	d.Count = uint32(c.number(0, maxNum, "drop-listing"))
	c.sp("drop-listing")
	d.Size, d.More = sizeAndMore(&c, "drop-listing")
	if c.err != nil {
		return DropListing{}, c.err
	}
	return d, nil
}

// sizeAndMore takes a size and what follows it.
func sizeAndMore(c *cursor, production string) (int64, string) {
	size := int64(c.number(0, maxSize, production))
	if c.err == nil && !c.atEnd() && c.b[c.pos] != ' ' {
		c.fail(production, "a space or the end of the line")
	}
	return size, c.rest(production)
}

func (d *DropListing) appendLine(b []byte) ([]byte, error) {
	b = strconv.AppendUint(b, uint64(d.Count), 10)
	return appendSize(b, d.Size, d.More)
}

func appendSize(b []byte, size int64, more string) ([]byte, error) {
	switch {
	case size < 0:
		return nil, failEncode("a size of %d", size)
	case more != "" && more[0] != ' ':
		return nil, failEncode("%q does not start with a space", cut(more))
	}
	b = strconv.AppendInt(append(b, ' '), size, 10)
	return append(b, more...), lineOctets("a listing", more)
}

// A ScanListing is what LIST tells of a message, RFC 1939 §5: a line of a
// multi-line response, or a status.
type ScanListing struct {
	Num  uint32 // of the message, from 1
	Size int64  // octets on the wire, dots not doubled; 0 to 2^63-1
	// More is as in [DropListing].
	More string
}

// ParseScanListing reads a line of the response to LIST, or the text of a
// status. The error is a [*engine.SyntaxError].
//
//	scan-listing = message-number SP 1*DIGIT [SP *CHAR]
func ParseScanListing(line []byte) (ScanListing, error) {
	c := cursor{b: line}
	var s ScanListing
	s.Num = c.messageNumber()
	c.sp("scan-listing")
	s.Size, s.More = sizeAndMore(&c, "scan-listing")
	if c.err != nil {
		return ScanListing{}, c.err
	}
	return s, nil
}

func (s *ScanListing) appendLine(b []byte) ([]byte, error) {
	if s.Num == 0 {
		return nil, failEncode("a message without a number")
	}
	return appendSize(strconv.AppendUint(b, uint64(s.Num), 10), s.Size, s.More)
}

// A UniqueID is what UIDL tells of a message, RFC 1939 §7: a line of a
// multi-line response, or a status.
type UniqueID struct {
	Num uint32 // of the message, from 1
	ID  string // 1 to 70 octets of 0x21 to 0x7E
}

// maxUniqueID is RFC 1939 §7.
const maxUniqueID = 70

// ParseUniqueID reads a line of the response to UIDL, or the text of a status.
// The error is a [*engine.SyntaxError].
//
//	unique-id-listing = message-number SP unique-id
//	unique-id         = 1*70%x21-7E
func ParseUniqueID(line []byte) (UniqueID, error) {
	c := cursor{b: line}
	u := UniqueID{Num: c.messageNumber()}
	c.sp("unique-id-listing")
	from := c.pos
	u.ID = c.span(visible, "unique-id", "1 to 70 visible characters")
	if len(u.ID) > maxUniqueID {
		c.failAt(from+maxUniqueID, "unique-id", "at most 70 octets")
	}
	c.end("unique-id-listing")
	if c.err != nil {
		return UniqueID{}, c.err
	}
	return u, nil
}

func (u *UniqueID) appendLine(b []byte) ([]byte, error) {
	if u.Num == 0 {
		return nil, failEncode("a message without a number")
	}
	if u.ID == "" || len(u.ID) > maxUniqueID || !visible.All(u.ID) {
		return nil, failEncode("%q is not a unique-id", cut(u.ID))
	}
	return append(append(strconv.AppendUint(b, uint64(u.Num), 10), ' '), u.ID...), nil
}
