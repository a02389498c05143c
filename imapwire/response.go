package imapwire

import (
	"unicode/utf8"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// A Response is what a server says. The kinds, by file:
// [*StatusResponse] (condition.go), [*Continue], [*CapabilityData],
// [*FlagsData], [*ExistsData], [*RecentData] (response.go), [*EnabledData]
// (enable.go), [*IDData] (id.go), [*ListData] (listdata.go), [*NamespaceData]
// (namespace.go), [*StatusData] (statusdata.go), [*SearchData], [*ESearchData]
// (searchdata.go), [*ExpungeData], [*VanishedData] (expungedata.go),
// [*FetchData] (fetchdata.go), [*QuotaData], [*QuotaRootData] (quota.go) and
// [*UnknownData] (unknown.go).
type Response interface{ response() }

// A Continue is a command continuation request: + text, RFC 9051 §7.6.
type Continue struct {
	// Text follows "+ ". In a SASL exchange it is base64, otherwise a
	// resp-text whose code, if any, is part of it.
	Text string
}

// A CapabilityData is the capability list: * CAPABILITY.
type CapabilityData struct{ Capabilities imap.Capabilities }

// A FlagsData is the flags that the mailbox knows: * FLAGS.
type FlagsData struct{ Flags []imap.Flag }

// An ExistsData is the number of messages: * n EXISTS.
type ExistsData struct{ Count uint32 }

// A RecentData is the number of recent messages: * n RECENT, RFC 3501 §7.3.2.
type RecentData struct{ Count uint32 }

func (*Continue) response()       {}
func (*CapabilityData) response() {}
func (*FlagsData) response()      {}
func (*ExistsData) response()     {}
func (*RecentData) response()     {}

// Response reads one response: a frame from its first octet to its last CRLF,
// literals inline. The error is a [*engine.SyntaxError] or a
// [*engine.LimitError]. What is well formed and has no type comes as
// [*UnknownData].
//
//	response = *(continue-req / response-data) response-done
func (p *Parser) Response(frame []byte) (Response, error) {
	if f := p.plainResponse(frame); f != nil {
		return f, nil
	}
	return p.grammarResponse(frame)
}

// grammarResponse reads a response by its grammar.
func (p *Parser) grammarResponse(frame []byte) (Response, error) {
	var c cursor
	p.start(&c, frame, true)
	c.tol, c.notes = p.Tolerates(), p.Diagnostics[:0]
	if p.memory != nil && p.memory.octets <= maxMemory {
		c.memory = p.memory
	}
	r := parseResponse(&c)
	p.memory = c.memory
	p.count(&c)
	if c.err != nil {
		return nil, c.err
	}
	if f, ok := r.(*FetchData); ok && !p.Reuse {
		r = f.Clone()
	}
	return r, nil
}

// ParseResponse reads one response, as [Parser.Response] does.
func ParseResponse(frame []byte, opt ParseOptions) (Response, error) {
	// Nobody reads another with p.
	p := Parser{ParseOptions: opt, Reuse: true}
	return p.Response(frame)
}

// ResponseOptions says what may be written. The zero value is a client that has
// enabled nothing.
type ResponseOptions struct {
	// UTF8: quoted strings may hold UTF-8.
	UTF8 bool
}

// AppendResponse appends the wire form of r, CRLF included. A value that has
// none is an error that wraps [ErrEncode], and dst is returned as it was. The
// content of a Reader or a pushed one can not be appended: use [EncodeFetch].
func AppendResponse(dst []byte, r Response, opt ResponseOptions) ([]byte, error) {
	if f, ok := r.(*FetchData); ok {
		return appendFetch(dst, f, opt)
	}
	e := encoder{b: dst, server: true, utf8: opt.UTF8}
	e.response(r)
	if e.err != nil {
		return dst, e.err
	}
	return e.b, nil
}

func (e *encoder) response(r Response) {
	switch r := r.(type) {
	case *StatusResponse:
		e.statusResponse(r)
	case *Continue:
		e.continueReq(r)
	case *CapabilityData:
		e.raw("* CAPABILITY")
		e.capabilities(r.Capabilities)
	case *EnabledData:
		e.raw("* ENABLED")
		e.capabilities(r.Capabilities)
	case *FlagsData:
		e.raw("* FLAGS ")
		e.flagList(r.Flags)
	case *ExistsData:
		e.numbered(r.Count, "EXISTS")
	case *RecentData:
		e.numbered(r.Count, "RECENT")
	case *ExpungeData:
		if r.Seq == 0 {
			e.fail("a sequence number is zero")
		}
		e.numbered(r.Seq, "EXPUNGE")
	case *VanishedData:
		e.vanished(r)
	case *SearchData:
		e.search(r)
	case *ESearchData:
		e.esearch(r)
	case *ListData:
		e.listData(r)
	case *NamespaceData:
		e.namespace(r)
	case *StatusData:
		e.statusData(r)
	case *IDData:
		e.raw("* ID ")
		e.idParamsList(r.Fields)
	case *QuotaData:
		e.quotaData(r)
	case *QuotaRootData:
		e.quotaRootData(r)
	case *UnknownData:
		e.unknownData(r)
	default:
		e.fail("%T is not a response", r)
	}
	e.crlf()
}

func (e *encoder) numbered(n uint32, word string) {
	e.raw("* ")
	e.number(n)
	e.sp()
	e.raw(word)
}

func (e *encoder) capabilities(caps imap.Capabilities) {
	for _, c := range caps {
		e.sp()
		e.atom(string(c))
	}
}

// continue-req = "+" SP (resp-text / base64) CRLF
//
// There is always text behind the space: some clients wait for it.
func (e *encoder) continueReq(r *Continue) {
	e.raw("+ ")
	if r.Text != "" && !engine.Text.All(r.Text) {
		e.fail("%q is not text", cut(r.Text))
	}
	if announcesLiteral(r.Text) {
		e.fail("the text ends like a literal: %q", cut(r.Text))
	}
	e.raw(r.Text)
}

// unknownData appends octets that were kept, after it has seen that they are
// one response.
func (e *encoder) unknownData(r *UnknownData) {
	start := len(e.b)
	e.raw("* ")
	e.rawLiterals(r.Raw)
	if e.err != nil {
		return
	}
	frame := append(e.b[start:len(e.b):len(e.b)], "\r\n"...)
	c := newCursor(frame, e.rawBounds(), true)
	c.tol = rawTolerances
	if parseResponse(&c); c.err != nil {
		e.fail("%q is not a response", cut(r.Raw))
	}
}

// greeting = "*" SP (resp-cond-auth / resp-cond-bye) CRLF
// response-data = "*" SP (resp-cond-state / resp-cond-bye / mailbox-data / message-data / capability-data) CRLF
// response-tagged = tag SP resp-cond-state CRLF
func parseResponse(c *cursor) Response {
	if x := c.peek(); x == ' ' || x == 0 {
		c.leading()
	}
	switch {
	case c.accept('+'):
		return c.continueReq()
	case c.accept('*'):
		if !c.splitLine() {
			c.sp("response-data")
		}
		return c.untagged()
	}
	if c.noted.Has(TolerateLeadingSpace) {
		if r := c.leadingStatus(); r != nil {
			return r
		}
	}
	if r := c.serverUnavailable(); r != nil {
		return r
	}
	tag := c.readTag()
	c.sp("response-tagged")
	cond := c.condition()
	if c.err == nil && (cond == BYE || cond == PREAUTH || cond == 0) {
		c.fail("response-tagged", "OK, NO or BAD")
	}
	return &StatusResponse{Tag: tag, StatusCondition: c.respText(cond)}
}

// continue-req = "+" SP (resp-text / base64) CRLF
func (c *cursor) continueReq() Response {
	if c.atEnd() && c.tolerate(TolerateBareContinuation) {
		c.crlf("continue-req")
		return &Continue{}
	}
	if !c.accept(' ') {
		c.fail("continue-req", "a space")
	}
	return &Continue{Text: c.text1()}
}

// text = 1*TEXT-CHAR
//
// text1 reads the rest of the line, which may be empty.
func (c *cursor) text1() string {
	if c.err != nil {
		return ""
	}
	i := c.pos
	c.pos += engine.Text.Span(c.b[i:])
	if !c.atEnd() {
		all := c.pos + (engine.Text | engine.UTF8).Span(c.b[c.pos:])
		if c.utf8 && utf8.Valid(c.b[c.pos:all]) || all > c.pos && c.tolerate(TolerateEightBitText) {
			c.pos = all
		}
	}
	c.steps += int64(c.pos - i)
	s := c.str(i, c.pos)
	c.crlf("text")
	return s
}

// untagged reads what follows "* ".
func (c *cursor) untagged() Response {
	start := c.pos
	if c.at(engine.Digit) {
		return c.messageData(start)
	}
	word := c.word("response-data")
	if c.err != nil {
		return nil
	}
	if cond := conditionOf(string(word)); cond != 0 {
		return &StatusResponse{StatusCondition: c.respText(cond)}
	}
	var r Response
	switch string(word) {
	case "CAPABILITY":
		r = &CapabilityData{Capabilities: c.capabilityList()}
	case "ENABLED":
		r = &EnabledData{Capabilities: c.capabilityList()}
	case "FLAGS":
		c.sp("mailbox-data")
		r = &FlagsData{Flags: c.flagList("flag-list")}
	case "LIST":
		r = c.listData("")
	case "LSUB":
		r = c.listData("LSUB")
	case "XLIST":
		return c.xlist(start)
	case "SEARCH":
		r = c.searchData()
	case "ESEARCH":
		r = c.esearchData()
	case "STATUS":
		r = c.statusData()
	case "NAMESPACE":
		r = c.namespaceData()
	case "ID":
		c.sp("id_response")
		r = &IDData{Fields: c.idParamsList()}
	case "VANISHED":
		r = c.vanishedData()
	case "QUOTA":
		r = c.quotaData()
	case "QUOTAROOT":
		r = c.quotaRootData()
	default:
		return c.unknownData(start)
	}
	c.crlf("response-data")
	return r
}

// xlist reads a LIST under its older name. One that has not that form is data of
// an unknown kind, as it is where XLIST is not known.
func (c *cursor) xlist(start int) Response {
	m := c.mark()
	if c.tolerateAt(TolerateXList, start) {
		r := c.listData("XLIST")
		if c.crlf("response-data"); !c.failedHere() {
			return r
		}
		c.back(m)
	}
	return c.unknownData(start)
}

// message-data = nz-number SP ("EXPUNGE" / ("FETCH" SP msg-att))
// mailbox-data =/ number SP "EXISTS" / number SP "RECENT"
func (c *cursor) messageData(start int) Response {
	n := c.number("message-data")
	noted := c.noted
	c.sp("message-data")
	var r Response
	switch word := c.word("message-data"); string(word) {
	case "EXISTS":
		r = &ExistsData{Count: n}
	case "RECENT":
		r = &RecentData{Count: n}
	case "EXPUNGE":
		if n == 0 && c.err == nil {
			c.failAt(start, "message-data", "a number above 0")
		}
		r = &ExpungeData{Seq: n}
	case "FETCH":
		if n == 0 && c.err == nil && !c.tolerateAt(TolerateZeroNumber, start) {
			c.failAt(start, "message-data", "a number above 0")
		}
		c.sp("message-data")
		f := c.fetchData()
		f.Num = n
		r = f
	default:
		if c.noted != noted {
			// What is kept as it came has to be a response by itself.
			c.failAt(start, "message-data", "one space behind the number")
		}
		return c.unknownData(start)
	}
	c.crlf("message-data")
	return r
}

// unknownData keeps the rest of the frame from start on.
func (c *cursor) unknownData(start int) Response {
	if c.err != nil {
		return nil
	}
	c.pos = start
	c.rawArgs("response-data")
	if c.err != nil {
		return nil
	}
	r := &UnknownData{Raw: c.rawStr(start, c.pos)}
	c.crlf("response-data")
	return r
}

// capability-data = "CAPABILITY" *(SP capability)
func (c *cursor) capabilityList() imap.Capabilities {
	var caps imap.Capabilities
	for c.follows() {
		if c.peek() == ']' && c.tolerate(TolerateSpaceInList) {
			break
		}
		caps = append(caps, imap.Capability(c.atom("capability")))
	}
	return caps
}
