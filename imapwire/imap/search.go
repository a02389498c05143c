package imap

// A SearchKey is a node of the tree that SEARCH evaluates (RFC 9051 §6.4.4).
// The kinds are [*SearchAll], [*SearchFlag], [*SearchNew], [*SearchText],
// [*SearchHeader], [*SearchDate], [*SearchSize], [*SearchSeq], [*SearchUID],
// [*SearchWithin], [*SearchModSeq], [*SearchNot], [*SearchOr] and [*SearchAnd].
type SearchKey interface{ searchKey() }

// A SearchAll matches every message: ALL.
type SearchAll struct{}

// A SearchFlag matches messages with a flag or, with Unset, without it:
// ANSWERED, DELETED, DRAFT, FLAGGED, RECENT, SEEN, KEYWORD, and UNANSWERED …,
// OLD for \Recent unset, UNKEYWORD.
type SearchFlag struct {
	Flag  Flag
	Unset bool
}

// A SearchNew matches messages with \Recent and without \Seen: NEW, RFC 3501.
type SearchNew struct{}

// A TextField says where [SearchText] looks.
type TextField uint8

// The fields of [SearchText]. Text is header and body, Body is the body alone,
// the others are the header fields of that name.
const (
	TextBCC TextField = iota + 1
	TextBody
	TextCC
	TextFrom
	TextSubject
	TextText
	TextTo
)

// A SearchText matches messages that contain a string in a place: BCC, BODY,
// CC, FROM, SUBJECT, TEXT, TO.
type SearchText struct {
	Field TextField
	// Value is in the charset of the command, octets as they came.
	Value string
}

// A SearchHeader matches messages that have a header field of that name which
// contains Value; an empty Value asks for the field alone: HEADER.
type SearchHeader struct {
	Name  string
	Value string
}

// A DateField says which date of a message [SearchDate] compares.
type DateField uint8

const (
	// DateInternal is INTERNALDATE: BEFORE, ON, SINCE.
	DateInternal DateField = iota + 1
	// DateSent is the Date header field: SENTBEFORE, SENTON, SENTSINCE.
	DateSent
)

// A DateOp is a comparison of days.
type DateOp uint8

const (
	// DateBefore is earlier than the day.
	DateBefore DateOp = iota + 1
	// DateOn is within the day.
	DateOn
	// DateSince is within the day or later.
	DateSince
)

// A SearchDate compares a date of the message, disregarding time and zone.
type SearchDate struct {
	Field DateField
	Op    DateOp
	Date  Date
}

// A SearchSize matches messages with more octets than Size (LARGER) or, with
// Smaller, with fewer (SMALLER).
type SearchSize struct {
	Smaller bool
	Size    int64 // octets, 0 to 2^63-1; RFC 3501 stops at 2^32-1
}

// A SearchSeq matches messages by sequence number, or those of "$".
type SearchSeq struct{ Set Set }

// A SearchUID matches messages by UID: UID.
type SearchUID struct{ Set Set }

// A SearchWithin matches messages whose INTERNALDATE is at least so many seconds
// ago (OLDER) or, with Younger, at most so many (YOUNGER), RFC 5032 §2.
type SearchWithin struct {
	Younger bool
	Seconds uint32 // at least 1
}

// A SearchModSeq matches messages with that modseq or a larger one: MODSEQ, RFC
// 7162 §3.1.5.
type SearchModSeq struct {
	// Entry and Type name the metadata item that counts, "/flags/…" and PRIV,
	// SHARED or ALL; both are empty when any does.
	Entry, Type string
	ModSeq      ModSeq // 0 to 2^63-1
}

// A SearchNot matches what Key does not: NOT.
type SearchNot struct{ Key SearchKey }

// A SearchOr matches what either key matches: OR.
type SearchOr struct{ Left, Right SearchKey }

// A SearchAnd matches what all keys match: keys side by side, in parentheses
// below the top. It has at least one key.
type SearchAnd struct{ Keys []SearchKey }

func (*SearchAll) searchKey()    {}
func (*SearchFlag) searchKey()   {}
func (*SearchNew) searchKey()    {}
func (*SearchText) searchKey()   {}
func (*SearchHeader) searchKey() {}
func (*SearchDate) searchKey()   {}
func (*SearchSize) searchKey()   {}
func (*SearchSeq) searchKey()    {}
func (*SearchUID) searchKey()    {}
func (*SearchWithin) searchKey() {}
func (*SearchModSeq) searchKey() {}
func (*SearchNot) searchKey()    {}
func (*SearchOr) searchKey()     {}
func (*SearchAnd) searchKey()    {}
