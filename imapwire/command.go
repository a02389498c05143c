package imapwire

import (
	"io"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// To add a command:
//
//  1. Write its struct, parser and encode method in the file named for it (or
//     for its extension), with the ABNF above the parser, and the rows of its
//     test beside it.
//  2. Add its verb to parseCommand below and its type to the list in the
//     comment of Command.
//  3. Say in imapserver/gate.go in which states it is allowed, whether it uses
//     or breaks sequence numbers, and whether it is a barrier.
//  4. Answer it in mailbox/imapserve, in the file of the same name.

// A Command is what a client asks. The kinds, by file:
// [*Capability], [*Noop], [*Logout], [*StartTLS], [*Check], [*Close],
// [*Unselect], [*Idle], [*Namespace] (command.go),
// [*Login], [*Authenticate] (auth.go), [*Enable] (enable.go), [*ID] (id.go),
// [*Select] (select.go), [*Create], [*Delete], [*Rename], [*Subscribe],
// [*Unsubscribe] (mailbox.go), [*List], [*LSub] (list.go), [*Status]
// (status.go), [*Append] (append.go), [*Expunge] (expunge.go), [*Search]
// (search.go), [*Fetch] (fetch.go), [*Store] (store.go), [*Copy], [*Move]
// (copy.go), [*GetQuota], [*GetQuotaRoot], [*SetQuota] (quota.go) and
// [*UnknownCommand] (unknown.go).
type Command interface {
	// Verb returns the name of the command in upper case, with the prefix
	// "UID " in its UID form.
	Verb() string
	// encode appends the arguments, each with the space before it.
	encode(e *encoder)
}

// ParseOptions says how a frame is read. The zero value is what holds for an
// authenticated peer that has enabled nothing.
type ParseOptions struct {
	// UTF8: quoted strings may hold UTF-8. It follows from ENABLE IMAP4rev2 or
	// UTF8=ACCEPT. Without it, octets above 0x7F stand in literals only.
	UTF8 bool
	// Bounds are those of [Limits.Command] or [Limits.Response].
	Bounds Bounds
	// Strict: responses are read as the grammar has them, and no deviation is
	// tolerated. Commands always are.
	Strict bool
	// Tolerate are deviations that are tolerated although they are optional,
	// Refuse are those that are not tolerated.
	Tolerate, Refuse Tolerances
}

// A Parser reads frames one after another and counts what they cost. A copy shares
// the memory that FETCH responses are read into: with Reuse only one of the two may
// go on.
type Parser struct {
	ParseOptions
	// Reuse: FETCH responses are all read into the same memory. A [FetchData] that
	// Response returns, and whatever it points to, is borrowed until the next
	// call; only strings, and so flags, are the caller's for ever. See
	// [FetchData.Clone].
	Reuse bool
	// Steps is the octets looked at so far.
	Steps int64
	// MaxDepth is the deepest nesting so far.
	MaxDepth int
	// Diagnostics are the deviations in the response that was read last, the first
	// of each kind. They are the parser's until it reads another.
	Diagnostics []Diagnostic
	// Cut, behind an error: the frame may be the start of a response which a
	// deviation that is tolerated has cut in two. The next frame, behind this one,
	// may make it whole.
	Cut bool

	memory *fetchMemory
	name   string // of the mailbox of the last plain LIST or STATUS
}

// start puts c, which is zero, at the start of a frame.
func (p *Parser) start(c *cursor, frame []byte, response bool) {
	c.b = frame
	c.utf8 = p.UTF8
	c.literalEnd = -1
	c.lim = p.Bounds
	c.lim.Response = c.lim.Response || response
	c.lim.setDefaults()
}

func (p *Parser) count(c *cursor) {
	p.Steps += c.steps
	p.MaxDepth = max(p.MaxDepth, c.maxDepth)
	p.Diagnostics, p.Cut = c.notes, c.cut && c.err != nil
	if c.err != nil {
		p.Diagnostics = c.notes[:0]
	}
}

// Command reads one command: a frame from its tag to its last CRLF, literals
// inline. On an error the tag is returned as far as it was readable; the error
// is a [*engine.SyntaxError] or a [*engine.LimitError].
//
//	command = tag SP (command-any / command-auth / command-nonauth / command-select) CRLF
func (p *Parser) Command(frame []byte) (tag string, cmd Command, err error) {
	var c cursor
	p.start(&c, frame, false)
	cmd = parseCommand(&c)
	p.count(&c)
	if c.err != nil {
		return c.tag, nil, c.err
	}
	return c.tag, cmd, nil
}

// ParseCommand reads one command, as [Parser.Command] does.
func ParseCommand(frame []byte, opt ParseOptions) (tag string, cmd Command, err error) {
	p := Parser{ParseOptions: opt}
	return p.Command(frame)
}

// CommandHead returns tag and verb of a command of which only the start may be
// there, for an answer to what can not be parsed. What is not readable, cut off
// or no tag by the default limit is empty. The verb is in upper case, with
// "UID " before it in the UID form.
func CommandHead(frame []byte) (tag, verb string) {
	word := func(k engine.Class, most int) (string, bool) {
		n := k.Span(frame[:min(len(frame), most+1)])
		if n == 0 || n > most || n == len(frame) {
			return "", false
		}
		s, end := string(frame[:n]), frame[n]
		frame = frame[n+1:]
		if end != ' ' && end != '\r' && end != '\n' {
			return "", false
		}
		return s, end == ' '
	}
	tag, more := word(engine.Tag, 128)
	if !more {
		return tag, ""
	}
	verb, more = word(engine.Atom, 64)
	verb = upper(verb)
	if verb == "UID" && more {
		verb, _ = word(engine.Atom, 64)
		verb = "UID " + upper(verb)
	}
	return tag, verb
}

func parseCommand(c *cursor) Command {
	c.readTag()
	c.sp("command")
	start := c.pos
	verb := c.word("command")
	if c.err != nil {
		return nil
	}
	var cmd Command
	switch string(verb) {
	case "CAPABILITY":
		cmd = &Capability{}
	case "NOOP":
		cmd = &Noop{}
	case "LOGOUT":
		cmd = &Logout{}
	case "STARTTLS":
		cmd = &StartTLS{}
	case "NAMESPACE":
		cmd = &Namespace{}
	case "CHECK":
		cmd = &Check{}
	case "CLOSE":
		cmd = &Close{}
	case "UNSELECT":
		cmd = &Unselect{}
	case "IDLE":
		cmd = &Idle{}
	case "LOGIN":
		cmd = parseLogin(c)
	case "AUTHENTICATE":
		cmd = parseAuthenticate(c)
	case "ENABLE":
		cmd = parseEnable(c)
	case "ID":
		cmd = parseID(c)
	case "SELECT":
		cmd = parseSelect(c, false)
	case "EXAMINE":
		cmd = parseSelect(c, true)
	case "CREATE":
		cmd = parseCreate(c)
	case "DELETE":
		cmd = parseDelete(c)
	case "RENAME":
		cmd = parseRename(c)
	case "SUBSCRIBE":
		cmd = parseSubscribe(c)
	case "UNSUBSCRIBE":
		cmd = parseUnsubscribe(c)
	case "LIST":
		cmd = parseList(c)
	case "LSUB":
		cmd = parseLSub(c)
	case "STATUS":
		cmd = parseStatus(c)
	case "APPEND":
		cmd = parseAppend(c)
	case "GETQUOTA":
		cmd = parseGetQuota(c)
	case "GETQUOTAROOT":
		cmd = parseGetQuotaRoot(c)
	case "SETQUOTA":
		cmd = parseSetQuota(c)
	case "EXPUNGE":
		cmd = parseExpunge(c, false)
	case "SEARCH":
		cmd = parseSearch(c, false)
	case "FETCH":
		cmd = parseFetch(c, false)
	case "STORE":
		cmd = parseStore(c, false)
	case "COPY":
		cmd = parseCopy(c, false)
	case "MOVE":
		cmd = parseMove(c, false)
	case "UID":
		cmd = parseUID(c, start)
	default:
		cmd = parseUnknown(c, start)
	}
	c.crlf("command")
	return cmd
}

// uid = "UID" SP (copy / move / fetch / search / store / uid-expunge)
func parseUID(c *cursor, start int) Command {
	c.sp("uid")
	verb := c.word("uid")
	if c.err != nil {
		return nil
	}
	switch string(verb) {
	case "EXPUNGE":
		return parseExpunge(c, true)
	case "SEARCH":
		return parseSearch(c, true)
	case "FETCH":
		return parseFetch(c, true)
	case "STORE":
		return parseStore(c, true)
	case "COPY":
		return parseCopy(c, true)
	case "MOVE":
		return parseMove(c, true)
	}
	return parseUnknown(c, start)
}

// CommandOptions says how a command is written. The zero value is right for
// every server.
type CommandOptions struct {
	// Literals says which literals need not wait for the server.
	Literals LiteralPolicy
	// UTF8: quoted strings may hold UTF-8. It follows from ENABLE IMAP4rev2 or
	// UTF8=ACCEPT.
	UTF8 bool
}

// AppendCommand appends a command to dst, from its tag to its last CRLF. stops
// are ascending offsets in the returned slice at which a client has to wait
// for "+" before it sends what follows. The messages of an [Append] are read
// and become part of the slice; [EncodeCommand] leaves them out.
//
// A value that has no form on the wire is an error that wraps [ErrEncode], and
// dst comes back as it was.
func AppendCommand(dst []byte, tag string, cmd Command, opt CommandOptions) (b []byte, stops []int, err error) {
	e := encoder{b: dst, literals: opt.Literals, utf8: opt.UTF8, inline: true}
	e.command(tag, cmd)
	if e.err != nil {
		return dst, nil, e.err
	}
	return e.b, e.stops, nil
}

// A CommandPart is a stretch of an encoded command: octets, then perhaps a
// message.
type CommandPart struct {
	// Bytes are sent first. They are never empty.
	Bytes []byte
	// Wait: nothing further may be sent before the server has said "+".
	Wait bool
	// Body is the content of a message: exactly Size octets of it follow, after
	// the "+" if Wait. It is nil when there is none. A reader that has less
	// breaks the connection, since the server counts on Size.
	Body io.Reader
	// Pushed: Size octets follow that the caller has, in place of a Body.
	Pushed bool
	Size   int64
}

// EncodeCommand encodes a command in parts, for a client that streams the
// messages of an [Append]. The parts refer to the readers in cmd, unread.
// Errors are those of [AppendCommand].
func EncodeCommand(tag string, cmd Command, opt CommandOptions) ([]CommandPart, error) {
	e := encoder{literals: opt.Literals, utf8: opt.UTF8}
	e.command(tag, cmd)
	return e.parts()
}

// EncodeAppendRest encodes further messages of an APPEND that was sent as Open,
// and its end if last.
func EncodeAppendRest(messages []AppendMessage, last bool, opt CommandOptions) ([]CommandPart, error) {
	e := encoder{literals: opt.Literals, utf8: opt.UTF8}
	e.appendMessages(messages)
	if last {
		e.crlf()
	}
	return e.parts()
}

// parts returns what was encoded, cut where the sender waits and where messages
// stand.
func (e *encoder) parts() ([]CommandPart, error) {
	if e.err != nil {
		return nil, e.err
	}
	var parts []CommandPart
	stops, bodies := e.stops, e.bodies
	for from := 0; from < len(e.b); {
		p := CommandPart{}
		to := len(e.b)
		if len(stops) > 0 {
			to = stops[0]
		}
		if len(bodies) > 0 {
			to = min(to, bodies[0].at)
		}
		if len(stops) > 0 && stops[0] == to {
			p.Wait = true
			stops = stops[1:]
		}
		if len(bodies) > 0 && bodies[0].at == to {
			p.Body, p.Size = bodies[0].content, bodies[0].size
			p.Pushed = p.Body == nil
			bodies = bodies[1:]
		}
		p.Bytes = e.b[from:to:to]
		parts = append(parts, p)
		from = to
	}
	return parts, nil
}

func (e *encoder) command(tag string, cmd Command) {
	e.tag(tag)
	e.sp()
	if cmd == nil {
		e.fail("there is no command")
		return
	}
	if _, ok := cmd.(*UnknownCommand); !ok {
		e.raw(cmd.Verb())
	}
	cmd.encode(e)
	if a, ok := cmd.(*Append); !ok || !a.Open {
		e.crlf()
	}
}

// The commands without arguments.
type (
	// A Capability asks for the capability list, RFC 9051 §6.1.1.
	Capability struct{}
	// A Noop does nothing but give the server an occasion to speak, §6.1.2.
	Noop struct{}
	// A Logout ends the conversation, §6.1.3.
	Logout struct{}
	// A StartTLS puts TLS below the connection, §6.2.1.
	StartTLS struct{}
	// A Namespace asks for the namespaces, §6.3.10.
	Namespace struct{}
	// A Check asks for housekeeping, RFC 3501 §6.4.1.
	Check struct{}
	// A Close expunges silently and leaves the mailbox, §6.4.1.
	Close struct{}
	// An Unselect leaves the mailbox without expunging, §6.4.2.
	Unselect struct{}
	// An Idle waits for news until DONE, §6.3.13.
	Idle struct{}
)

// Verb implements Command.
func (*Capability) Verb() string { return "CAPABILITY" }

// Verb implements Command.
func (*Noop) Verb() string { return "NOOP" }

// Verb implements Command.
func (*Logout) Verb() string { return "LOGOUT" }

// Verb implements Command.
func (*StartTLS) Verb() string { return "STARTTLS" }

// Verb implements Command.
func (*Namespace) Verb() string { return "NAMESPACE" }

// Verb implements Command.
func (*Check) Verb() string { return "CHECK" }

// Verb implements Command.
func (*Close) Verb() string { return "CLOSE" }

// Verb implements Command.
func (*Unselect) Verb() string { return "UNSELECT" }

// Verb implements Command.
func (*Idle) Verb() string { return "IDLE" }

func (*Capability) encode(*encoder) {}
func (*Noop) encode(*encoder)       {}
func (*Logout) encode(*encoder)     {}
func (*StartTLS) encode(*encoder)   {}
func (*Namespace) encode(*encoder)  {}
func (*Check) encode(*encoder)      {}
func (*Close) encode(*encoder)      {}
func (*Unselect) encode(*encoder)   {}
func (*Idle) encode(*encoder)       {}
