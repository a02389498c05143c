package imapwire

import (
	"bytes"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// How the framer works
//
// A command is lines and literals in turn. A line ends with CRLF; when what
// stands before the CRLF is {n}, {n+}, ~{n} or ~{n+}, with digits only and n
// at most 2^63-1, n octets of literal follow and then the next line. The
// framer knows no more grammar than that: a line that ends so inside a quoted
// string announces a literal too, and the grammar will refuse the whole.
//
//	          line without announcement
//	        ┌────────────────────────────────→ FrameWhole
//	LINE ───┤
//	 ↑ ↑    └─ announcement → FrameLiteral ─┬─ Buffer ─→ into the frame ─┐
//	 │ └──────────────────────────────────────────────────────────────────┤
//	 │                                      ├─ Stream ─→ FrameBody… ──────┘  a new frame begins
//	 │                                      └─ Refuse ─→ {n}: the command is over
//	 │                                                   {n+}: DROP n octets and the rest
//	 └── CRLF ── DROP ←── line too long, bare LF: FrameBad
//
// In DROP the rest of a command passes unseen: its lines, the content of every
// literal that does not wait, up to the CRLF that ends it or to a {n}, whose
// client waits and will hear BAD. So nothing inside a refused command is ever
// taken for a command.
//
// Bare LF. A line of a command ends with CRLF and nothing else. A bare LF is a
// mistake that is reported at once, so that somebody who types by hand is
// answered, and everything up to the next CRLF is dropped with it: a peer in
// between that only knows CRLF has seen one line, so nothing of it may run. A
// literal that such a line announces with {n+} is dropped as well. For
// responses, BareLF makes a bare LF the end of a line.
//
// Buffers. An unfinished frame is in[start:pos], and held before it once the
// input ran out. A frame that lies wholly in one input is never copied; held
// grows with what has come and never with what was announced.

// A FrameKind says what a [Frame] is.
type FrameKind uint8

const (
	// FrameNone: all input is used up.
	FrameNone FrameKind = iota
	// FrameWhole: Data is a complete command or response, from its first octet
	// to its last CRLF; or, after a literal was streamed, what follows it.
	FrameWhole
	// FrameLiteral: Data is a command or response so far, and ends with the
	// announcement of a literal of Size octets. Call Buffer, Stream or Refuse.
	FrameLiteral
	// FrameBody: Data is a piece of a literal that is streamed.
	FrameBody
	// FrameBad: what came is not taken, for the reason in Err; Data is the
	// start of it, from which CommandHead reads tag and verb. The rest is
	// dropped up to its end.
	FrameBad
	// FrameList: Data is a piece of a response that is a long list, up to the
	// separator before the next piece. The pieces behind the first begin with
	// that separator, and the last is a FrameWhole.
	FrameList
	// FrameFatal: more was to be dropped than Limits.Skip allows, as Err says.
	// Every further frame is the same.
	FrameFatal
)

// A Frame is what [Framer.Next] found.
type Frame struct {
	Kind FrameKind
	// Data is borrowed until the next call of Next or Feed. Part of it may be
	// the input itself.
	Data []byte
	// Size, NonSync and Binary describe the literal of a FrameLiteral: its
	// octets, whether it is {n+}, and whether it is ~{n}.
	Size    int64
	NonSync bool
	Binary  bool
	// Last: the FrameBody completes its literal. A literal of no octets has
	// one FrameBody without Data.
	Last bool
	// Err is a [*engine.LimitError] or [*engine.SyntaxError] whose offset
	// counts from the start of the frame, the same however input was cut.
	Err error
}

// A Framer cuts a byte stream into commands or responses without reading their
// grammar, so that framing survives whatever they contain. It looks at every
// octet once, holds nothing but an unfinished frame within its Bounds, and its
// frames do not depend on how the stream was cut. The zero value frames
// commands under the default limits.
//
// The loop: Feed, then Next until it returns FrameNone. The input is borrowed
// until then. Where nothing behind a command may be read before it is answered
// (STARTTLS), simply call Rest in place of Next.
//
// A server does with a FrameLiteral:
//
//	part, err := parser.AppendPrefix(f.Data)
//	switch {
//	case err != nil:             // malformed APPEND
//		framer.Refuse()          // and BAD
//	case part != nil:            // a message is announced
//		framer.Stream()          // "+" unless NonSync, FrameBody…, then the
//		                         // next frame goes to parser.AppendRest
//	default:                     // an argument
//		err := framer.Buffer()   // "+" unless NonSync; BAD on error
//	}
type Framer struct {
	// BareLF: a bare LF ends a line too. For responses.
	BareLF bool
	// Lists: SEARCH, SORT, ESEARCH and VANISHED of more than 8 KiB come out in
	// pieces, as FrameList, and are not bounded by Line. For responses.
	Lists bool

	bounds   Bounds
	resolved bool

	in    []byte
	start int // where in in the frame begins that held does not hold
	pos   int // up to where in is consumed
	held  []byte
	spare []byte // the held of the piece of a list before
	busy  bool   // input was given and not used up

	state     frameState
	whole     bool // the last frame is done with at the next call
	rest      bool // what comes now follows a literal that was streamed
	lineStart int  // offset in the frame of the line after the last literal
	line      int  // octets of the frame outside literals
	literals  int  // octets of its literals
	count     int  // their number
	head      literalHead
	need      int64 // octets of literal to come
	skipped   int64
	offset    int64 // in the frame, where dropping began
	drop      announcer
	fatal     error

	lineName string // the next frame is one line with this limit
	lineMax  int

	list listState

	in64  int64
	steps int64
	most  int
}

type frameState uint8

const (
	stateLine frameState = iota
	stateDecide
	stateBuffer
	stateStream
	stateDropLiteral
	stateDropLine
	stateFatal
)

// SetBounds sets what frames are bounded by, from the next octet on.
func (f *Framer) SetBounds(b Bounds) { f.bounds, f.resolved = b.withDefaults(), true }

// ExpectLine makes the next frame a single line of at most most octets, its end
// included, in which {n} means nothing: the client's part of AUTHENTICATE or
// the end of IDLE. A longer one is a FrameBad with a LimitError of that name.
// It has to be called between two commands.
func (f *Framer) ExpectLine(name string, most int) { f.lineName, f.lineMax = name, most }

// Feed gives p to the framer, which borrows it until Next returns FrameNone. It
// returns [engine.ErrBusy], and takes nothing, before that.
func (f *Framer) Feed(p []byte) error {
	if f.busy {
		return engine.ErrBusy
	}
	if !f.resolved {
		f.SetBounds(f.bounds)
	}
	f.in, f.start, f.pos, f.busy = p, 0, 0, true
	return nil
}

// Rest returns the input behind the last FrameWhole, unread, and forgets it: a
// Feed may follow. It is for the moment between two commands.
func (f *Framer) Rest() []byte {
	f.finish()
	rest := f.in[f.pos:]
	f.in, f.start, f.pos, f.busy = nil, 0, 0, false
	return rest
}

// Partial reports whether a frame has begun that is not complete: the end of
// input would cut it off.
func (f *Framer) Partial() bool {
	if f.whole {
		return false
	}
	return f.state != stateLine || f.rest || f.size() > 0
}

// Pending reports whether any octet behind the last whole frame has come.
func (f *Framer) Pending() bool { return f.pos < len(f.in) || f.Partial() }

// Retained returns the octets of the framer's own buffer.
func (f *Framer) Retained() int { return cap(f.held) + cap(f.spare) }

// MaxRetained returns the most that Retained has been.
func (f *Framer) MaxRetained() int { return f.most }

// BytesIn returns the octets consumed.
func (f *Framer) BytesIn() int64 { return f.in64 }

// Steps returns the octets looked at.
func (f *Framer) Steps() int64 { return f.steps }

// take consumes n octets of input.
func (f *Framer) take(n int) []byte {
	p := f.in[f.pos : f.pos+n]
	f.pos += n
	f.in64 += int64(n)
	return p
}

// hold moves the unfinished frame out of the input.
func (f *Framer) hold() {
	if f.start < f.pos {
		f.held = append(f.held, f.in[f.start:f.pos]...)
		f.start = f.pos
		f.most = max(f.most, f.Retained())
	}
}

// frame returns the unfinished frame in one piece.
func (f *Framer) frame() []byte {
	if len(f.held) > 0 {
		f.hold()
		return f.held
	}
	return f.in[f.start:f.pos]
}

// size returns the octets of the unfinished frame.
func (f *Framer) size() int { return len(f.held) + f.pos - f.start }

// idleBuffer is the octets of buffer that a framer keeps between commands, and
// busyBuffer while there is input behind one.
const (
	idleBuffer = 512
	busyBuffer = 8 << 10
)

// begin starts a new frame at the current octet.
func (f *Framer) begin() {
	f.held = f.held[:0]
	if cap(f.held) > idleBuffer && (f.pos == len(f.in) || cap(f.held) > busyBuffer) {
		f.held = nil
	}
	f.spare = nil
	f.start = f.pos
	f.state = stateLine
	f.lineStart, f.line, f.literals, f.count, f.skipped = 0, 0, 0, 0, 0
	f.rest = false
	f.list = listUnknown
}

// finish forgets a frame that was handed out whole.
func (f *Framer) finish() {
	if f.whole {
		f.whole = false
		f.begin()
	}
}

// Next returns the next frame.
func (f *Framer) Next() Frame {
	f.finish()
	for {
		switch f.state {
		case stateLine:
			kind, data, err := f.nextLine()
			switch {
			case kind == FrameLiteral:
				return f.announced()
			case kind != FrameNone:
				return Frame{Kind: kind, Data: data, Err: err}
			case f.pos == len(f.in):
				return f.out(Frame{})
			}
		case stateDecide:
			return f.announced()
		case stateBuffer:
			n := int(min(f.need, int64(len(f.in)-f.pos)))
			f.take(n)
			f.need -= int64(n)
			if f.need > 0 {
				f.hold()
				return f.out(Frame{})
			}
			f.lineStart = f.size()
			f.state = stateLine
		case stateStream:
			n := int(min(f.need, int64(len(f.in)-f.pos)))
			if n == 0 && f.need > 0 {
				return f.out(Frame{})
			}
			p := f.take(n)
			f.need -= int64(n)
			f.start = f.pos
			if f.need == 0 {
				f.begin()
				f.rest = true
			}
			return Frame{Kind: FrameBody, Data: p, Last: f.need == 0}
		case stateDropLiteral:
			n := int(min(f.need, int64(len(f.in)-f.pos)))
			f.take(n)
			f.need -= int64(n)
			f.start = f.pos
			if f.need > 0 {
				return f.out(Frame{})
			}
			f.drop = announcer{}
			f.state = stateDropLine
		case stateDropLine:
			if !f.dropLine() {
				return f.out(Frame{})
			}
		case stateFatal:
			f.out(Frame{})
			return Frame{Kind: FrameFatal, Err: f.fatal}
		}
	}
}

// out returns fr; with FrameNone, the input is no longer needed.
func (f *Framer) out(fr Frame) Frame {
	if fr.Kind == FrameNone {
		f.in, f.start, f.pos, f.busy = nil, 0, 0, false
	}
	return fr
}

// nextLine moves over one line, or as much of it as there is, and returns the
// fields of a [Frame], which is too large for registers.
func (f *Framer) nextLine() (FrameKind, []byte, error) {
	seg := f.in[f.pos:]
	end := bytes.IndexByte(seg, '\n')
	if end >= 0 {
		seg = seg[:end+1]
	}
	if f.Lists && f.list != listNone && f.bounds.Line >= listPiece && f.size()+len(seg) > listPiece {
		if b, ok := f.nextPiece(); ok {
			return FrameList, b, nil
		}
		seg = f.in[f.pos:]
		if end = bytes.IndexByte(seg, '\n'); end >= 0 {
			seg = seg[:end+1]
		}
	}
	limit, name := f.bounds.Line, "Line"
	if f.lineMax > 0 {
		limit = f.lineMax
	}
	if len(seg) > limit-f.line {
		room := limit - f.line
		f.take(room)
		f.steps += int64(room)
		err := &engine.LimitError{Name: f.bounds.limitName(name), Cap: int64(limit), Got: int64(limit) + 1, Offset: int64(f.size())}
		if f.lineMax > 0 {
			err.Name = f.lineName
		}
		return f.bad(err)
	}
	f.take(len(seg))
	f.line += len(seg)
	f.steps += int64(len(seg))
	if end < 0 {
		f.hold()
		return FrameNone, nil, nil
	}
	b := f.frame()
	line := b[f.lineStart : len(b)-1]
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	} else if !f.BareLF {
		tag, _ := CommandHead(b)
		return f.bad(&engine.SyntaxError{
			Offset: int64(len(b) - 1), Production: "command", Expected: "CRLF at the end of the line", Got: "\n", Tag: tag,
		})
	}
	if f.lineMax == 0 {
		if size, nonSync, binary, n := announcement(line); n > 0 {
			f.steps += int64(n)
			f.head = literalHead{size: size, nonSync: nonSync, binary: binary}
			f.state = stateDecide
			return FrameLiteral, b, nil
		}
	}
	f.lineMax = 0
	f.whole = true
	return FrameWhole, b, nil
}

func (f *Framer) announced() Frame {
	return Frame{Kind: FrameLiteral, Data: f.frame(), Size: f.head.size, NonSync: f.head.nonSync, Binary: f.head.binary}
}

// bad reports err and drops the frame from the current octet to its end.
func (f *Framer) bad(err error) (FrameKind, []byte, error) {
	b := f.frame()
	f.dropFrom(b)
	return FrameBad, b, err
}

// dropFrom begins to drop the rest of the frame that b is the start of.
func (f *Framer) dropFrom(b []byte) {
	f.offset = int64(len(b))
	f.skipped = 0
	f.drop = announcer{}
	f.state = stateDropLine
	line := b[f.lineStart:]
	n := len(line)
	lf := n > 0 && line[n-1] == '\n'
	if lf {
		line = line[:n-1]
	}
	// The announcer begins at the last place where an announcement, or the CR
	// of the line's end, can have begun.
	from := bytes.LastIndexByte(line, '{')
	if from < 0 {
		from = max(0, len(line)-1)
	}
	if f.lineMax > 0 {
		from = max(0, len(line)-1)
	}
	for _, c := range line[from:] {
		f.drop.next(c)
		f.steps++
	}
	if lf {
		f.lineEnd()
	}
	f.held = nil
	f.start = f.pos
}

// lineEnd decides after an LF within dropped octets how to go on.
func (f *Framer) lineEnd() {
	size, nonSync, announces := f.drop.announced()
	crlf := f.drop.cr || f.BareLF
	f.drop = announcer{}
	switch {
	case f.lineMax > 0 && crlf:
		f.lineMax = 0
		f.begin()
	case f.lineMax > 0:
	case announces && (nonSync || f.bounds.Response):
		f.dropLiteral(size)
	case crlf:
		f.begin()
	}
}

func (f *Framer) dropLiteral(size int64) {
	if size > f.bounds.Skip-f.skipped {
		f.fail(f.skipped + min(size, 1<<62))
		return
	}
	f.skipped += size
	f.need = size
	f.state = stateDropLiteral
}

func (f *Framer) fail(got int64) {
	f.fatal = &engine.LimitError{Name: f.bounds.limitName("Skip"), Cap: f.bounds.Skip, Got: got, Offset: f.offset + f.bounds.Skip}
	f.state = stateFatal
	f.held = nil
	f.start = f.pos
}

// dropLine drops octets up to an LF; false when the input ran out.
func (f *Framer) dropLine() bool {
	for f.pos < len(f.in) {
		if f.skipped == f.bounds.Skip {
			f.fail(f.skipped + 1)
			return true
		}
		c := f.take(1)[0]
		f.start = f.pos
		f.steps++
		f.skipped++
		if c == '\n' {
			f.lineEnd()
			return true
		}
		f.drop.next(c)
	}
	return false
}

// Buffer takes the announced literal into the frame. When that would exceed a
// limit it returns a [*engine.LimitError], and has refused the literal.
func (f *Framer) Buffer() error {
	if f.state != stateDecide {
		return engine.ErrNotNow
	}
	size := f.head.size
	at := int64(f.size())
	var err *engine.LimitError
	switch {
	case f.count+1 > f.bounds.LiteralCount:
		err = &engine.LimitError{Name: "LiteralCount", Cap: int64(f.bounds.LiteralCount), Got: int64(f.count) + 1, Offset: at}
	case size > int64(f.bounds.Literal):
		err = &engine.LimitError{Name: "Literal", Cap: int64(f.bounds.Literal), Got: size, Offset: at}
	case size > int64(f.bounds.Literals-f.literals):
		err = &engine.LimitError{Name: "Literals", Cap: int64(f.bounds.Literals), Got: int64(f.literals) + size, Offset: at}
	}
	if err != nil {
		err.Name = f.bounds.limitName(err.Name)
		f.Refuse()
		return err
	}
	f.count++
	f.literals += int(size)
	f.need = size
	f.state = stateBuffer
	return nil
}

// Stream lets the announced literal come out as FrameBody frames, without
// copying. What follows it is a frame of its own, with limits of its own.
func (f *Framer) Stream() error {
	if f.state != stateDecide {
		return engine.ErrNotNow
	}
	f.need = f.head.size
	f.held = nil
	f.state = stateStream
	return nil
}

// Refuse drops what is left of the unfinished command: an announced literal
// that will come in any case, the rest of one that is streamed, and all that
// follows up to the end of the command. After {n}, which waits, the command is
// over at once. Between commands Refuse does nothing.
func (f *Framer) Refuse() {
	if f.whole {
		return
	}
	switch f.state {
	case stateDecide:
		f.offset = int64(f.size())
		f.skipped = 0
		f.held = nil
		f.start = f.pos
		if f.head.nonSync || f.bounds.Response {
			f.dropLiteral(f.head.size)
		} else {
			f.begin()
		}
	case stateBuffer, stateStream:
		f.offset = int64(f.size())
		f.skipped = 0
		f.held = nil
		f.start = f.pos
		f.dropLiteral(f.need)
	case stateLine:
		if f.rest || f.size() > 0 {
			f.dropFrom(f.frame())
		}
	}
}

// An announcer recognises, octet by octet, the announcement of a literal at
// the end of a line that is not kept. It agrees with [announcement].
type announcer struct {
	state   uint8
	nonSync bool
	cr      bool // the last octet was CR
	size    int64
}

const (
	announceNone   uint8 = iota
	announceOpen         // {
	announceDigits       // {5
	announcePlus         // {5+
	announceClosed       // {5+}
	announceCR           // {5+}CR
)

func (a *announcer) next(c byte) {
	a.cr = c == '\r'
	switch {
	case c == '{':
		*a = announcer{state: announceOpen}
	case engine.Digit.Is(c) && (a.state == announceOpen || a.state == announceDigits):
		d := int64(c - '0')
		if a.size > (1<<63-1-d)/10 {
			a.state = announceNone
			return
		}
		a.size = a.size*10 + d
		a.state = announceDigits
	case c == '+' && a.state == announceDigits:
		a.nonSync = true
		a.state = announcePlus
	case c == '}' && (a.state == announceDigits || a.state == announcePlus):
		a.state = announceClosed
	case c == '\r' && a.state == announceClosed:
		a.state = announceCR
	default:
		a.state = announceNone
	}
}

// announced returns the literal that the line announces which ends here.
func (a *announcer) announced() (size int64, nonSync, ok bool) {
	return a.size, a.nonSync, a.state == announceClosed || a.state == announceCR
}
