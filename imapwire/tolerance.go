package imapwire

import (
	"bytes"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// How deviations are tolerated
//
// Commands are read as the grammar has them. Of responses, servers have sent for
// decades what the grammar does not have, and a client that refuses it shows no
// mail. So each deviation that is known has a name here, one function that reads
// it where it may stand, and a [Diagnostic] that tells of it; each can be turned
// off, and [ParseOptions.Strict] turns off all. The functions are reached only
// behind something that the grammar has no place for: what is well formed is read
// once and means the same in every mode.
//
// Those that guess, where another guess is as good, have to be asked for with
// [ParseOptions.Tolerate]: see [Tolerance.Optional].
//
// To add one: its constant, its name in the table below, its function in the file
// of its topic, and its row in the table of the test.

// A Tolerance is one deviation from the grammar of responses that is understood
// all the same. Its String says what it is.
type Tolerance uint8

// Spaces and line ends.
const (
	_ Tolerance = iota
	// TolerateTrailingSpace: spaces before the line end.
	TolerateTrailingSpace
	// TolerateDoubleSpace: several spaces in place of one.
	TolerateDoubleSpace
	// TolerateSpaceInList: spaces behind "(" or before ")".
	TolerateSpaceInList
	// TolerateSpaceBetweenLists: a space between addresses, or between the parts
	// of a multipart.
	TolerateSpaceBetweenLists
	// TolerateMissingSpace: none before "(".
	TolerateMissingSpace
	// TolerateAdjacentLists: none between two lists in a value that is not known.
	TolerateAdjacentLists
	// TolerateBareLF: a line ends with LF alone.
	TolerateBareLF
	// TolerateStrayLineEnd: a line end between the items of a FETCH, behind a
	// literal that was announced too short for it.
	TolerateStrayLineEnd
	// TolerateSplitLine: a line end behind "*". Optional.
	TolerateSplitLine
	// TolerateLeadingSpace: spaces before the response; when no tag follows them,
	// a status response is untagged. Optional.
	TolerateLeadingSpace
	// TolerateLeadingNUL: NUL before the response. Optional.
	TolerateLeadingNUL
)

// Strings.
const (
	// TolerateAtomAsString: an atom where a string has to stand.
	TolerateAtomAsString Tolerance = iota + TolerateLeadingNUL + 1
	// TolerateNilAsString: NIL where a string has to stand; it is empty.
	TolerateNilAsString
	// TolerateEightBitQuoted: octets above 0x7F in quotes, which are not UTF-8 or
	// not agreed on.
	TolerateEightBitQuoted
	// TolerateNULInLiteral: NUL in a literal that is no literal8.
	TolerateNULInLiteral
	// TolerateUnescapedQuote: a quote in a quoted string, without a backslash. The
	// string ends at the first quote behind which a string may end. Optional.
	TolerateUnescapedQuote
	// TolerateQuoteInAddress: the same in an address only.
	TolerateQuoteInAddress
	// TolerateLineEndInQuoted: CR or LF in a quoted string. Optional.
	TolerateLineEndInQuoted
	// TolerateShortLiteral: the literal of an address's name has more octets than
	// announced; it goes on to where three fields remain. Optional.
	TolerateShortLiteral
)

// Numbers and dates.
const (
	// TolerateZeroNumber: 0 for a UIDNEXT, UIDVALIDITY, UNSEEN or HIGHESTMODSEQ,
	// which means that it is not known, or for the number of a FETCH.
	TolerateZeroNumber Tolerance = iota + TolerateShortLiteral + 1
	// TolerateNegativeNumber: octets or lines below 0; they are 0.
	TolerateNegativeNumber
	// TolerateModSeqRange: a MODSEQ beyond 1 to 2^63-1; the message has none.
	TolerateModSeqRange
	// TolerateLooseDate: an INTERNALDATE in another form: a day of one digit, the
	// name of the zone behind it, the form of RFC 5322.
	TolerateLooseDate
)

// Status responses and continuation requests.
const (
	// TolerateMissingText: nothing behind the condition or the code.
	TolerateMissingText Tolerance = iota + TolerateLooseDate + 1
	// TolerateEightBitText: octets above 0x7F in a text.
	TolerateEightBitText
	// TolerateUnclosedCode: a text that starts with "[" and has no code.
	TolerateUnclosedCode
	// TolerateLooseCode: a code whose arguments have no form; they go on to the
	// first "]" outside of quotes.
	TolerateLooseCode
	// TolerateEmptyCopyUID: COPYUID with nothing for its sets.
	TolerateEmptyCopyUID
	// TolerateBareContinuation: "+" with nothing behind it.
	TolerateBareContinuation
	// TolerateServerUnavailable: "Server Unavailable." without tag or condition;
	// it is a BYE.
	TolerateServerUnavailable
	// TolerateRepeatedBye: a second BYE; it ends the conversation.
	TolerateRepeatedBye
	// TolerateUnknownTag: an answer with a tag that was never sent; it is told as
	// data. Optional.
	TolerateUnknownTag
)

// Mailboxes, flags, identification and searches.
const (
	// TolerateXList: XLIST, which came before SPECIAL-USE.
	TolerateXList Tolerance = iota + TolerateUnknownTag + 1
	// TolerateEmptyDelimiter: "" for the delimiter; there is none.
	TolerateEmptyDelimiter
	// TolerateUnquotedMailbox: the name of a mailbox with characters that need
	// quotes, without them: the rest of a LIST, or all before the list of a
	// STATUS. Optional.
	TolerateUnquotedMailbox
	// TolerateEmptyFlag: "\" alone in a list of flags or attributes; it is left out.
	TolerateEmptyFlag
	// TolerateBracketInFlag: "]" in a keyword.
	TolerateBracketInFlag
	// TolerateQuotedFlag: a flag in quotes.
	TolerateQuotedFlag
	// TolerateNilFlag: NIL for a flag, which is left out, or for a list of flags.
	TolerateNilFlag
	// TolerateAnyFlag: octets above 0x7F, "(", "{" and whatever else does not end a
	// flag, in one. Optional.
	TolerateAnyFlag
	// TolerateIDWithoutValue: a field of an ID without a value; it is NIL.
	TolerateIDWithoutValue
	// TolerateParenthesisedESearch: the items of an ESEARCH in parentheses.
	TolerateParenthesisedESearch
)

// Items of FETCH.
const (
	// TolerateBrokenItem: an item that can not be read; it is told as Broken, and
	// the others are understood.
	TolerateBrokenItem Tolerance = iota + TolerateParenthesisedESearch + 1
	// TolerateNestedItems: items in parentheses of their own. Optional.
	TolerateNestedItems
	// TolerateMissingContent: a section without a content; it is NIL.
	TolerateMissingContent
	// TolerateSectionLength: <0.512> in place of <0>.
	TolerateSectionLength
	// TolerateEmptyList: () for an empty list of addresses or parameters.
	TolerateEmptyList
	// TolerateNilAddress: NIL among addresses; it is left out.
	TolerateNilAddress
	// TolerateChildlessMultipart: a multipart without parts.
	TolerateChildlessMultipart
	// TolerateMissingMediaType: a leaf without type, or without subtype.
	TolerateMissingMediaType
	// TolerateMultipartAsLeaf: a multipart told as a leaf, with its extension data.
	TolerateMultipartAsLeaf
	// TolerateMessageAsLeaf: an embedded message told as a leaf.
	TolerateMessageAsLeaf
	// TolerateEmptyBody: () for the body of an embedded message.
	TolerateEmptyBody
	// TolerateMissingLines: a text without its number of lines; it is 0.
	TolerateMissingLines
	// TolerateQuotedDisposition: a disposition that is quoted twice, or empty.
	TolerateQuotedDisposition
	// TolerateStringAsDisposition: a string in place of a disposition; it is
	// left out.
	TolerateStringAsDisposition
	// TolerateSwappedDisposition: disposition and language have changed places.
	TolerateSwappedDisposition

	tolerances
)

var toleranceNames = [tolerances]string{
	TolerateTrailingSpace:        "a space before the line end",
	TolerateDoubleSpace:          "several spaces in place of one",
	TolerateSpaceInList:          "a space at the edge of a list",
	TolerateSpaceBetweenLists:    "a space between lists",
	TolerateMissingSpace:         "no space before a list",
	TolerateAdjacentLists:        "no space between lists",
	TolerateBareLF:               "a bare LF",
	TolerateStrayLineEnd:         "a line end behind a literal",
	TolerateSplitLine:            "a line end behind the asterisk",
	TolerateLeadingSpace:         "a space before the response",
	TolerateLeadingNUL:           "NUL before the response",
	TolerateAtomAsString:         "an atom in place of a string",
	TolerateNilAsString:          "NIL in place of a string",
	TolerateEightBitQuoted:       "octets above 0x7F in quotes",
	TolerateNULInLiteral:         "NUL in a literal",
	TolerateUnescapedQuote:       "a quote without a backslash",
	TolerateQuoteInAddress:       "a quote without a backslash in an address",
	TolerateLineEndInQuoted:      "a line end in quotes",
	TolerateShortLiteral:         "a literal longer than announced",
	TolerateZeroNumber:           "a number that is zero",
	TolerateNegativeNumber:       "a number below zero",
	TolerateModSeqRange:          "a modseq out of range",
	TolerateLooseDate:            "a date in another form",
	TolerateMissingText:          "no text",
	TolerateEightBitText:         "octets above 0x7F in a text",
	TolerateUnclosedCode:         "a bracket without a code",
	TolerateLooseCode:            "a code without a form",
	TolerateEmptyCopyUID:         "COPYUID of nothing",
	TolerateBareContinuation:     "a bare continuation request",
	TolerateServerUnavailable:    "a server unavailable without a tag",
	TolerateRepeatedBye:          "a second BYE",
	TolerateUnknownTag:           "a tag that was never sent",
	TolerateXList:                "XLIST",
	TolerateEmptyDelimiter:       "an empty delimiter",
	TolerateUnquotedMailbox:      "a mailbox that needs quotes",
	TolerateEmptyFlag:            "an empty flag",
	TolerateBracketInFlag:        "a bracket in a keyword",
	TolerateQuotedFlag:           "a flag in quotes",
	TolerateNilFlag:              "NIL in place of flags",
	TolerateAnyFlag:              "a flag of other characters",
	TolerateIDWithoutValue:       "a field without a value",
	TolerateParenthesisedESearch: "ESEARCH in parentheses",
	TolerateBrokenItem:           "an item that can not be read",
	TolerateNestedItems:          "items in parentheses",
	TolerateMissingContent:       "a section without a content",
	TolerateSectionLength:        "the length of a section",
	TolerateEmptyList:            "an empty list",
	TolerateNilAddress:           "NIL among addresses",
	TolerateChildlessMultipart:   "a multipart without parts",
	TolerateMissingMediaType:     "no type or no subtype",
	TolerateMultipartAsLeaf:      "a multipart told as a leaf",
	TolerateMessageAsLeaf:        "a message told as a leaf",
	TolerateEmptyBody:            "an empty body",
	TolerateMissingLines:         "no number of lines",
	TolerateQuotedDisposition:    "a disposition quoted twice",
	TolerateStringAsDisposition:  "a string in place of a disposition",
	TolerateSwappedDisposition:   "disposition and language swapped",
}

// String returns a few words that say what t is.
func (t Tolerance) String() string {
	if t == 0 || t >= tolerances {
		return "invalid"
	}
	return toleranceNames[t]
}

// Optional reports whether t is off unless it is asked for.
func (t Tolerance) Optional() bool { return optionalTolerances.Has(t) }

// AllTolerances yields every Tolerance there is.
func AllTolerances(yield func(Tolerance) bool) {
	for t := Tolerance(1); t < tolerances && yield(t); t++ {
	}
}

// Tolerances is a set of deviations, one bit for each. The zero value is empty.
type Tolerances uint64

// ToleranceSet returns the set of list.
func ToleranceSet(list ...Tolerance) (s Tolerances) {
	for _, t := range list {
		s |= 1 << t
	}
	return s
}

// Has reports whether t is in s.
func (s Tolerances) Has(t Tolerance) bool { return s>>t&1 != 0 }

const (
	optionalTolerances Tolerances = 1<<TolerateSplitLine | 1<<TolerateLeadingSpace | 1<<TolerateLeadingNUL |
		1<<TolerateUnescapedQuote | 1<<TolerateLineEndInQuoted | 1<<TolerateShortLiteral | 1<<TolerateUnknownTag |
		1<<TolerateUnquotedMailbox | 1<<TolerateAnyFlag | 1<<TolerateNestedItems
	defaultTolerances = (1<<tolerances - 2) &^ optionalTolerances

	// rawTolerances is what octets that were kept may have when they are written
	// again: what is not known has no form of its own to keep to.
	rawTolerances Tolerances = 1<<TolerateEightBitQuoted | 1<<TolerateAdjacentLists
)

// Tolerates returns what responses may have: the deviations that are tolerated
// without being asked for and Tolerate, less Refuse; nothing when Strict.
func (o ParseOptions) Tolerates() Tolerances {
	if o.Strict {
		return 0
	}
	return (defaultTolerances | o.Tolerate) &^ o.Refuse
}

// A Diagnostic tells of a deviation that was tolerated.
type Diagnostic struct {
	Tolerance Tolerance
	// Offset counts octets from the start of the response to the deviation; of a
	// FETCH with contents, these are counted, and of a long list that came in
	// pieces, it counts from the start of the piece.
	Offset int64
	// Got is what stood there, cut to a few octets.
	Got string
}

// tolerate reports whether t is tolerated, which stands at the cursor, and
// remembers it. It is false behind an error.
func (c *cursor) tolerate(t Tolerance) bool { return c.tolerateAt(t, c.pos) }

func (c *cursor) tolerateAt(t Tolerance, pos int) bool {
	if c.err != nil || !c.tol.Has(t) {
		return false
	}
	if !c.noted.Has(t) {
		// The first of each kind: their number is bounded by that of kinds.
		c.noted |= 1 << t
		c.notes = append(c.notes, Diagnostic{Tolerance: t, Offset: int64(pos), Got: engine.CutGot(c.b[min(pos, len(c.b)):])})
	}
	return true
}

// A mark is a place to which a cursor can go back, as if it had read nothing
// since; only what it has cost stays.
type mark struct {
	pos, depth, notes int
	noted             Tolerances
	inAddress         bool
}

func (c *cursor) mark() mark {
	return mark{c.pos, c.depth, len(c.notes), c.noted, c.inAddress}
}

func (c *cursor) back(m mark) {
	c.pos, c.depth, c.notes, c.noted, c.inAddress = m.pos, m.depth, c.notes[:m.notes], m.noted, m.inAddress
	c.err = nil
}

// retry goes back to m behind a mistake of syntax, or none. Behind another, which
// every reading would meet, all stays.
func (c *cursor) retry(m mark) {
	if c.err == nil || c.failedHere() {
		c.back(m)
	}
}

// failedHere reports whether the last mistake was one of syntax, behind which
// another reading may be tried.
func (c *cursor) failedHere() bool {
	_, syntax := c.err.(*engine.SyntaxError)
	return syntax && !c.cut
}

// leading moves over spaces and NUL before a response.
func (c *cursor) leading() {
	for c.err == nil && c.pos < len(c.b) {
		switch c.b[c.pos] {
		case ' ':
			if !c.tolerate(TolerateLeadingSpace) {
				return
			}
		case 0:
			if !c.tolerate(TolerateLeadingNUL) {
				return
			}
		default:
			return
		}
		c.pos++
		c.steps++
	}
}

// spaces moves over a run of spaces behind one that was read. It reports whether
// an argument follows: not before the end of a line, and not before ")".
func (c *cursor) spaces() bool {
	i := c.pos
	for c.peek() == ' ' {
		c.pos++
		c.steps++
	}
	end := c.pos
	t := TolerateDoubleSpace
	switch {
	case c.lineEnds():
		t = TolerateTrailingSpace
	case c.peek() == ')':
		t = TolerateSpaceInList
	case end == i:
		return true // one space
	}
	if !c.tolerateAt(t, max(i-1, 0)) {
		c.pos = i
		return true // what comes next will find that it is no argument
	}
	return t == TolerateDoubleSpace
}

// follows moves over the space before one more argument, if there is one.
func (c *cursor) follows() bool {
	if !c.accept(' ') {
		return false
	}
	if x := c.peek(); x > ' ' && x != ')' {
		return true
	}
	return c.spaces()
}

// lineEnds reports whether a line end stands at the cursor, be it the last or
// not.
func (c *cursor) lineEnds() bool { return c.lineEnd() > 0 }

// lineEnd returns the octets of the line end at the cursor.
func (c *cursor) lineEnd() int {
	switch rest := c.b[min(c.pos, len(c.b)):]; {
	case len(rest) >= 2 && rest[0] == '\r' && rest[1] == '\n':
		return 2
	case len(rest) >= 1 && rest[0] == '\n' && c.tol.Has(TolerateBareLF):
		return 1
	}
	return 0
}

// strayLineEnd moves over a line end between the items of a FETCH. Where the
// frame ends with it, the next one may go on.
func (c *cursor) strayLineEnd() bool {
	if c.err != nil || c.pos != c.literalEnd || !c.tol.Has(TolerateStrayLineEnd) {
		return false
	}
	n := c.lineEnd()
	if n == 0 {
		return false
	}
	if c.atEnd() {
		c.cut = true
		return false
	}
	c.tolerate(TolerateStrayLineEnd)
	c.pos += n
	c.steps += int64(n)
	return true
}

// splitLine moves over a line end behind "*".
func (c *cursor) splitLine() bool {
	if !c.tol.Has(TolerateSplitLine) {
		return false
	}
	m := c.mark()
	c.accept(' ')
	n := c.lineEnd()
	if c.cut = n > 0 && c.atEnd(); n == 0 || c.cut {
		c.back(m)
		return false
	}
	c.tolerate(TolerateSplitLine)
	c.pos += n
	return true
}

// nextList is the condition of a loop over lists that stand side by side in an
// open list, the n-th (from 0) of which comes next. It moves over the ")" at the
// end.
//
//	"(" 1*list ")"
func (c *cursor) nextList(n int, production string) bool {
	if c.peek() == ' ' {
		m := c.mark()
		t := TolerateSpaceInList
		for c.accept(' ') {
		}
		if n > 0 && c.peek() == '(' {
			t = TolerateSpaceBetweenLists
		}
		if !c.tolerateAt(t, m.pos) {
			c.back(m)
		}
	}
	switch x := c.peek(); {
	case x == '(':
		return true
	case x == ')' && (n > 0 || c.tolerate(TolerateEmptyList)):
		c.close(production)
	default:
		c.fail(production, `"("`)
	}
	return false
}

// looseString reads what stands in place of a string: NIL or an atom.
func (c *cursor) looseString(production string) string {
	m := c.mark()
	if c.acceptNil() {
		if c.tolerateAt(TolerateNilAsString, m.pos) {
			return ""
		}
		c.back(m)
		c.fail(production, "a string")
	}
	if c.at(engine.AString) && c.tolerate(TolerateAtomAsString) {
		return c.str(c.span(engine.AString, production, "a string"))
	}
	c.fail(production, "a string")
	return ""
}

// innerQuote reports whether the quote at octet k does not end its string, since
// nothing stands behind it that can stand behind a string.
func (c *cursor) innerQuote(k int) bool {
	t := TolerateQuoteInAddress
	if c.tol.Has(TolerateUnescapedQuote) {
		t = TolerateUnescapedQuote
	} else if !c.inAddress {
		return false
	}
	if k+1 >= len(c.b) {
		return false
	}
	switch c.b[k+1] {
	case ' ', ')', ']', '\r', '\n':
		return false
	}
	return c.tolerateAt(t, k)
}

// quotedLineEnd reports whether the CR or LF at octet k belongs to the quoted
// string. At the end of a frame, the next one may go on.
func (c *cursor) quotedLineEnd(k int) bool {
	if !c.tol.Has(TolerateLineEndInQuoted) {
		return false
	}
	if rest := string(c.b[k:]); rest == "\n" || rest == "\r\n" {
		c.cut = true
		return false
	}
	return c.tolerateAt(TolerateLineEndInQuoted, k)
}

// serverUnavailable reads a line that is no response: Exchange says so before it
// hangs up.
func (c *cursor) serverUnavailable() Response {
	i := c.pos
	if !c.acceptFold("SERVER UNAVAILABLE.") {
		return nil
	}
	if !c.tolerateAt(TolerateServerUnavailable, i) {
		c.pos = i
		return nil
	}
	c.pos = i
	return &StatusResponse{StatusCondition: StatusCondition{Condition: BYE, Text: c.text1()}}
}

// leadingStatus reads a status response that stands behind spaces and has no tag.
func (c *cursor) leadingStatus() Response {
	m := c.mark()
	if c.at(engine.Atom) {
		if cond := conditionOf(string(c.word("resp-cond-state"))); cond != 0 && c.peek() == ' ' {
			return &StatusResponse{StatusCondition: c.respText(cond)}
		}
	}
	c.back(m)
	return nil
}

// unquotedMailbox reads the name of a mailbox without the quotes that it needs:
// all before the end of the line, or before the last list of it.
func (c *cursor) unquotedMailbox(list bool) (name string, ok bool) {
	line := c.b[c.pos:]
	if i := bytes.IndexAny(line, "\r\n\x00"); i >= 0 {
		line = line[:i]
	}
	if list {
		i := bytes.LastIndex(line, []byte(" ("))
		if i < 0 {
			return "", false
		}
		line = line[:i]
	}
	if len(line) == 0 || !c.tolerate(TolerateUnquotedMailbox) {
		return "", false
	}
	i := c.pos
	c.pos += len(line)
	c.steps += int64(len(line))
	c.token()
	return c.str(i, c.pos), true
}
