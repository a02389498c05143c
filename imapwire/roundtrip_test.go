package imapwire

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// line draws what may stand in a string that a response carries: no NUL, which
// only a literal8 may hold.
func line() *rapid.Generator[string] { return hostile() }

// headerText draws what an envelope carries: no line ends either, which
// unfolding takes away.
func headerText() *rapid.Generator[string] {
	return rapid.Map(hostile(), func(s string) string { return unsendable.Replace(s) })
}

func drawNString(t *rapid.T) imap.NString {
	if draw(t, rapid.Bool()) {
		return imap.NString{}
	}
	return imap.String(draw(t, headerText()))
}

func drawAddresses(t *rapid.T) []imap.Address {
	return list(t, 0, 3, func() imap.Address {
		return imap.Address{Name: drawNString(t), Route: drawNString(t), Mailbox: drawNString(t), Host: drawNString(t)}
	})
}

func drawEnvelope(t *rapid.T) *imap.Envelope {
	return &imap.Envelope{
		Date: drawNString(t), Subject: drawNString(t), From: drawAddresses(t), Sender: drawAddresses(t), ReplyTo: drawAddresses(t),
		To: drawAddresses(t), CC: drawAddresses(t), BCC: drawAddresses(t), InReplyTo: drawNString(t), MessageID: drawNString(t),
	}
}

func drawParams(t *rapid.T) []imap.Param {
	return list(t, 0, 2, func() imap.Param { return imap.Param{Name: draw(t, headerText()), Value: draw(t, headerText())} })
}

// drawBody draws a body structure as a parser could have returned it.
func drawBody(t *rapid.T, depth int, extended bool) imap.BodyStructure {
	kind := draw(t, rapid.IntRange(0, 3))
	if depth == 0 {
		kind = draw(t, rapid.IntRange(2, 3))
	}
	b := imap.BodyStructure{}
	if kind > 0 {
		b.Params, b.ID, b.Description = drawParams(t), drawNString(t), drawNString(t)
		b.Encoding, b.Size = draw(t, headerText()), draw(t, rapid.Uint32())
	}
	switch kind {
	case 0:
		b.Type, b.Subtype = "multipart", draw(t, headerText())
		b.Parts = list(t, 1, 3, func() imap.BodyStructure { return drawBody(t, depth-1, extended) })
		if extended {
			b.Params = drawParams(t)
		}
	case 1:
		b.Type, b.Subtype = draw(t, rapid.SampledFrom([]string{"message", "MESSAGE"})), draw(t, rapid.SampledFrom([]string{"rfc822", "Global"}))
		b.Envelope, b.Lines = drawEnvelope(t), draw(t, rapid.Int64Range(0, math.MaxInt64))
		b.Parts = []imap.BodyStructure{drawBody(t, depth-1, extended)}
	case 2:
		b.Type, b.Subtype, b.Lines = draw(t, rapid.SampledFrom([]string{"text", "Text"})), draw(t, headerText()), draw(t, rapid.Int64Range(0, math.MaxInt64))
	default:
		b.Type, b.Subtype = "x"+draw(t, headerText()), draw(t, headerText())
	}
	if extended {
		if kind > 0 {
			b.MD5 = drawNString(t)
		}
		if draw(t, rapid.Bool()) {
			b.Disposition, b.DispositionArgs = "x"+draw(t, headerText()), drawParams(t)
		}
		b.Language = list(t, 0, 2, func() string { return draw(t, headerText()) })
		b.Location = drawNString(t)
		b.Extension = draw(t, rapid.SampledFrom([]string{"", "7", "NIL", `"x" (2 (NIL {3}` + "\r\n" + `)"())`}))
	}
	return b
}

func drawUIDs(t *rapid.T) imap.UIDSet {
	return imap.UIDSetOf(list(t, 1, 5, func() imap.UID {
		return draw(t, rapid.OneOf(rapid.Map(rapid.Uint32Range(1, 30), func(n uint32) imap.UID { return imap.UID(n) }), rapid.Just(imap.UID(imap.MaxUID))))
	})...)
}

// drawRanges draws ascending ranges that do not touch.
func drawRanges(t *rapid.T) []imap.Range {
	return imap.SetOfUIDs(drawUIDs(t)).Resolve(math.MaxUint32)
}

func drawValue(t *rapid.T) string {
	return draw(t, rapid.SampledFrom([]string{"7", "NIL", "()", "(a)", `(a "b c" (d) {3}` + "\r\n" + `(") e)`, "1:3,9", "x-y"}))
}

func drawItems(t *rapid.T) []string {
	return list(t, 0, 2, func() string { return "X" + draw(t, words()) + " " + drawValue(t) })
}

func drawCapabilities(t *rapid.T) imap.Capabilities {
	return list(t, 0, 3, func() imap.Capability { return imap.Capability(draw(t, bracketless())) })
}

// bracketless draws atoms that can stand in a response code.
func bracketless() *rapid.Generator[string] {
	return rapid.StringMatching(`[A-Za-z0-9!#$&'+,\-./:;<=>?@^_|}~]{1,9}`)
}

func drawModSeq(t *rapid.T) imap.ModSeq {
	return imap.ModSeq(draw(t, rapid.Uint64Range(1, math.MaxInt64)))
}

func drawCode(t *rapid.T) Code {
	switch draw(t, rapid.IntRange(0, 9)) {
	case 0:
		return nil
	case 1:
		return CodeAtom("X" + draw(t, words()))
	case 2:
		return &CodeNumber{Name: draw(t, rapid.SampledFrom([]string{CodeUIDNext, CodeUIDValidity, CodeUnseen, CodeHighestModSeq})), Number: draw(t, rapid.Uint64Range(0, math.MaxInt64))}
	case 3:
		return &CodeCapability{Capabilities: append(imap.Capabilities{"IMAP4rev1"}, drawCapabilities(t)...)}
	case 4:
		c := &CodePermanentFlags{}
		for _, f := range drawFlags(t) {
			if !strings.Contains(string(f), "]") {
				c.Flags = append(c.Flags, f)
			}
		}
		if draw(t, rapid.Bool()) {
			c.Flags = append(c.Flags, imap.FlagWildcard)
		}
		return c
	case 5:
		return &CodeBadCharset{Charsets: list(t, 0, 3, func() string {
			return draw(t, rapid.OneOf(bracketless(), rapid.SampledFrom([]string{"a b", `"`, `\`, "", "{3}"})))
		})}
	case 8:
		return &CodeModified{Set: imap.SetRange(draw(t, rapid.Uint32Range(1, 1000)), 1)}
	case 6:
		return &CodeAppendUID{UIDValidity: draw(t, rapid.Uint32Range(1, math.MaxUint32)), UIDs: drawUIDs(t)}
	case 7:
		n := draw(t, rapid.Uint32Range(1, 1000))
		return &CodeCopyUID{UIDValidity: 7, Source: imap.SetRange(n, 1), Dest: imap.SetRange(5, n+4)}
	}
	return &CodeUnknown{Name: "X" + draw(t, words()), Args: draw(t, rapid.SampledFrom([]string{" a", ` "a]b" c`, " (1 2) {9}", " ", " é"}))}
}

func drawCondition(t *rapid.T) StatusCondition {
	s := StatusCondition{Condition: OK + Condition(draw(t, rapid.IntRange(0, 2))), Code: drawCode(t)}
	s.Text = draw(t, rapid.StringMatching(`[a-zA-Z0-9(){"\\%*+~][ -~]{0,20}[a-zA-Z]`))
	return s
}

func drawSections(t *rapid.T) []SectionData {
	return list(t, 0, 3, func() SectionData {
		d := SectionData{Name: SectionName(draw(t, rapid.IntRange(int(SectionBody), int(SectionRFC822Text))))}
		switch d.Name {
		case SectionBody:
			d.Section = drawSection(t)
		case SectionBinary:
			d.Section.Part = drawSection(t).Part
		}
		if d.Name <= SectionBinary && draw(t, rapid.Bool()) {
			d.Partial, d.Origin = true, draw(t, rapid.Int64Range(0, math.MaxInt64))
		}
		if draw(t, rapid.IntRange(0, 4)) > 0 {
			d.Content = Content{Valid: true, Data: draw(t, line())}
			if d.Name == SectionBinary && draw(t, rapid.Bool()) {
				d.Content.Binary = true
				d.Content.Data += "\x00"
			}
		}
		return d
	})
}

func drawFetchData(t *rapid.T) *FetchData {
	f := &FetchData{Num: draw(t, rapid.Uint32Range(1, math.MaxUint32)), Has: FetchHas(draw(t, rapid.Uint16Range(1, 2*uint16(HasStructure)-1)))}
	if f.Has&HasUID != 0 {
		f.UID = imap.UID(draw(t, rapid.Uint32Range(1, math.MaxUint32)))
	}
	if f.Has&HasModSeq != 0 {
		f.ModSeq = drawModSeq(t)
	}
	if f.Has&HasFlags != 0 {
		f.Flags = drawFlags(t)
	}
	if f.Has&HasSize != 0 {
		f.Size = draw(t, rapid.Int64Range(0, math.MaxInt64))
	}
	if f.Has&HasInternalDate != 0 {
		f.InternalDate = time.Unix(draw(t, rapid.Int64Range(-62135596799, 253402200000)), 0).UTC()
	}
	if f.Has&HasEnvelope != 0 {
		f.Envelope = drawEnvelope(t)
	}
	if f.Has&HasBody != 0 {
		b := drawBody(t, 2, false)
		f.Body = &b
	}
	if f.Has&HasStructure != 0 {
		b := drawBody(t, 2, true)
		f.Structure = &b
	}
	f.Sections = drawSections(t)
	f.BinarySizes = list(t, 0, 2, func() BinarySize {
		return BinarySize{Part: drawSection(t).Part, Size: draw(t, rapid.Int64Range(0, math.MaxInt64))}
	})
	f.Unknown = list(t, 0, 2, func() string {
		return "X" + draw(t, words()) + draw(t, rapid.SampledFrom([]string{"", "[1.X]", `[a "]" {1}` + "\r\n" + `]]<7>`})) + " " + drawValue(t)
	})
	return f
}

// drawResponse draws a value as a parser could have returned it: every kind of
// response.
func drawResponse(t *rapid.T) Response {
	flip := func() bool { return draw(t, rapid.Bool()) }
	str := func() string { return draw(t, line()) }
	delimiter := func() byte { return draw(t, rapid.SampledFrom([]byte{0, '/', '.', '\\', '"', ' ', '%'})) }
	switch draw(t, rapid.IntRange(0, 19)) {
	case 0:
		return &StatusResponse{Tag: draw(t, rapid.SampledFrom([]string{"", "a1", "]", "~"})), StatusCondition: drawCondition(t)}
	case 1:
		s := drawCondition(t)
		s.Condition = draw(t, rapid.SampledFrom([]Condition{BYE, PREAUTH}))
		return &StatusResponse{StatusCondition: s}
	case 2:
		return &Continue{Text: draw(t, rapid.StringMatching(`[ -z]{0,20}`))}
	case 3:
		return &CapabilityData{Capabilities: drawCapabilities(t)}
	case 4:
		return &EnabledData{Capabilities: drawCapabilities(t)}
	case 5:
		return &FlagsData{Flags: drawFlags(t)}
	case 6:
		return draw(t, rapid.SampledFrom([]Response{&ExistsData{Count: draw(t, rapid.Uint32())}, &RecentData{Count: draw(t, rapid.Uint32())}, &ExpungeData{Seq: draw(t, rapid.Uint32Range(1, math.MaxUint32))}}))
	case 7:
		return &VanishedData{Earlier: flip(), UIDs: drawUIDs(t)}
	case 8:
		s := &SearchData{Nums: list(t, 0, 5, func() uint32 { return draw(t, rapid.Uint32Range(1, math.MaxUint32)) })}
		if flip() {
			s.ModSeq = drawModSeq(t)
		}
		return s
	case 9, 10:
		e := &ESearchData{UID: flip(), HasMin: flip(), HasMax: flip(), HasCount: flip(), Extended: drawItems(t)}
		e.Tag = draw(t, rapid.SampledFrom([]string{"", "a1", "]", `"`}))
		if e.HasMin {
			e.Min = draw(t, rapid.Uint32Range(1, math.MaxUint32))
		}
		if e.HasMax {
			e.Max = draw(t, rapid.Uint32Range(1, math.MaxUint32))
		}
		if e.HasCount {
			e.Count = draw(t, rapid.Uint32())
		}
		if flip() {
			e.All = drawRanges(t)
		}
		if flip() {
			e.ModSeq = drawModSeq(t)
		}
		return e
	case 11, 12:
		l := &ListData{Delimiter: delimiter(), Mailbox: str(), Attrs: list(t, 0, 3, func() imap.MailboxAttr { return imap.MailboxAttr(`\` + draw(t, atoms())) })}
		l.Verb = draw(t, rapid.SampledFrom([]string{"", "LSUB", "XLIST"}))
		if flip() {
			l.OldName = str()
			l.ChildInfo = list(t, 0, 2, func() string { return draw(t, words()) })
			l.Extended = list(t, 0, 2, func() string {
				return draw(t, rapid.SampledFrom([]string{`"X"`, "Y", "{1}\r\nZ", `"vendor.a-b"`})) + " " + drawValue(t)
			})
		}
		return l
	case 13:
		entries := func() []NamespaceEntry {
			return list(t, 0, 2, func() NamespaceEntry {
				return NamespaceEntry{Prefix: str(), Delimiter: delimiter(), Extensions: list(t, 0, 2, func() string { return `"X" ("a" {2}` + "\r\n()" + ` "b")` })}
			})
		}
		return &NamespaceData{Personal: entries(), Other: entries(), Shared: entries()}
	case 14:
		return &StatusData{Mailbox: str(), Values: list(t, 0, 4, func() StatusValue {
			v := StatusValue{Item: StatusItem(draw(t, words()))}
			if flip() {
				v.Number = draw(t, rapid.Int64Range(0, math.MaxInt64))
			} else {
				v.Raw = draw(t, rapid.SampledFrom([]string{"NIL", "(a)", `("b c" {1}` + "\r\n)" + `)`, "x7"}))
			}
			return v
		})}
	case 15:
		return &IDData{Fields: drawCommandID(t).Fields}
	case 16:
		return &UnknownData{Raw: draw(t, rapid.SampledFrom([]string{"X", "X 1 (2", "7 X", "X {3}\r\na\nb c", "X  \t\"", "X ~{1}\r\n\x00"}))}
	case 17:
		return &QuotaData{Root: str(), Resources: list(t, 0, 3, func() QuotaUsage {
			n := func() int64 { return draw(t, rapid.Int64Range(0, math.MaxInt64)) }
			return QuotaUsage{Resource: QuotaResource(draw(t, words())), Usage: n(), Limit: n()}
		})}
	case 18:
		return &QuotaRootData{Mailbox: str(), Roots: list(t, 0, 3, str)}
	}
	return drawFetchData(t)
}

func drawCommandID(t *rapid.T) *ID {
	return &ID{Fields: list(t, 0, 3, func() IDField {
		f := IDField{Name: draw(t, hostile().Filter(func(s string) bool { return len(s) <= 30 }))}
		if draw(t, rapid.Bool()) {
			f.Value = imap.String(draw(t, hostile().Filter(func(s string) bool { return len(s) <= 1024 })))
		}
		return f
	})}
}

// wideResponse are bounds that no generated response meets.
var wideResponse = func() Bounds {
	b := wide
	b.Response = true
	return b
}()

// TestResponseRoundTrip: invariants 2 and 5. Whatever value a response has, it
// is written as one response that means the same, and written again as itself.
func TestResponseRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawResponse(t)
		utf8 := draw(t, rapid.Bool())
		b, err := AppendResponse(nil, r, ResponseOptions{UTF8: utf8})
		if err != nil {
			t.Fatalf("%#v: %v", r, err)
		}
		if n := countResponses(t, b); n != 1 {
			t.Fatalf("%d responses in %q", n, b)
		}
		got, err := ParseResponse(b, ParseOptions{UTF8: utf8, Bounds: wideResponse})
		if err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		if d := cmp.Diff(r, got); d != "" {
			t.Fatalf("%q (-want +got):\n%s", b, d)
		}
		again, err := AppendResponse(nil, got, ResponseOptions{UTF8: utf8})
		if err != nil || !bytes.Equal(b, again) {
			t.Fatalf("%q, then %q, %v", b, again, err)
		}
	})
}

// countResponses cuts b with the framer of a client.
func countResponses(t interface{ Fatalf(string, ...any) }, b []byte) (n int) {
	var f Framer
	f.SetBounds(wideResponse)
	if err := f.Feed(b); err != nil {
		t.Fatalf("%v", err)
	}
	for fr := f.Next(); fr.Kind != FrameNone; fr = f.Next() {
		switch fr.Kind {
		case FrameLiteral:
			if err := f.Buffer(); err != nil {
				t.Fatalf("%q: %v", b, err)
			}
		case FrameWhole:
			n++
		default:
			t.Fatalf("%q: %+v", b, fr)
		}
	}
	if f.Partial() {
		t.Fatalf("the framer waits for more behind %q", b)
	}
	return n
}

// ruleFrames are all frames of the tables of the rules, good and bad.
func ruleFrames(response bool) (frames [][]byte) {
	for _, tables := range ruleTables {
		for _, table := range tables {
			if table.response != response {
				continue
			}
			for _, row := range table.rows {
				frames = append(frames, table.frame(row.in))
			}
			for _, in := range table.bad {
				frames = append(frames, table.frame(in))
			}
		}
	}
	slices.SortFunc(frames, bytes.Compare)
	return frames
}

// mutate draws a frame that is near one of frames: octets changed, left out,
// doubled, put in, and pieces of other frames.
func mutate(t *rapid.T, frames [][]byte) []byte {
	b := bytes.Clone(draw(t, rapid.SampledFrom(frames)))
	for range draw(t, rapid.IntRange(1, 4)) {
		i := draw(t, rapid.IntRange(0, len(b)))
		j := draw(t, rapid.IntRange(i, min(len(b), i+9)))
		var piece []byte
		switch draw(t, rapid.IntRange(0, 3)) {
		case 0:
			piece = []byte(draw(t, rapid.SampledFrom(hostilePieces)))
		case 1:
			other := draw(t, rapid.SampledFrom(frames))
			k := draw(t, rapid.IntRange(0, len(other)))
			piece = other[k:draw(t, rapid.IntRange(k, len(other)))]
		case 2:
			piece = bytes.Repeat(b[i:j], 2)
		}
		b = slices.Concat(b[:i], piece, b[j:])
	}
	return b
}

// TestMutatedCommands: invariant 3 on commands that are nearly well formed.
func TestMutatedCommands(t *testing.T) {
	frames := ruleFrames(false)
	rapid.Check(t, func(rt *rapid.T) {
		checkCommandFixpoint(t, mutate(rt, frames), draw(rt, rapid.Bool()))
	})
}

// TestMutatedResponses: invariant 3 on responses that are nearly well formed.
func TestMutatedResponses(t *testing.T) {
	frames := ruleFrames(true)
	rapid.Check(t, func(rt *rapid.T) {
		checkResponseFixpoint(rt, mutate(rt, frames), draw(rt, rapid.Bool()))
	})
}

// unwritable are what a client takes and a server may not write: the reasons
// for which a response that was read can not be written again.
var unwritable = []string{
	"contains NUL", "a literal contains NUL", "is not ASCII", "FETCH tells nothing", "can not be quoted", "raw octets", "is not text", "can not stand in a code", "would end the code", "parameters of no disposition", "ends like a literal", "is not well formed", "with a tag",
	"a multipart without parts", "the number of a message is zero", "is empty", "names nothing", "can not be paired", "is not a flag", "is not an attribute", "has parts or an envelope", "an embedded message", "longer than RFC 2971",
}

// checkResponseFixpoint: what has no diagnostic means the same strictly, and what
// is read strictly is read in any case. What parses is written in a form that parses to the
// same, and that form is written as itself. The written form is one response.
func checkResponseFixpoint(t interface{ Fatalf(string, ...any) }, frame []byte, utf8 bool) {
	p := Parser{ParseOptions: ParseOptions{UTF8: utf8, Bounds: wideResponse}}
	v1, err := p.Response(frame)
	if p.MaxDepth > wide.Depth {
		t.Fatalf("depth %d", p.MaxDepth)
	}
	q := p
	q.Strict = true
	if strict, strictErr := q.Response(frame); len(p.Diagnostics) == 0 && (err == nil) != (strictErr == nil) && err == nil || err != nil && strictErr == nil {
		t.Fatalf("%q: %v, strictly: %v, diagnostics %v", frame, err, strictErr, p.Diagnostics)
	} else if d := cmp.Diff(v1, strict); err == nil && len(p.Diagnostics) == 0 && d != "" {
		t.Fatalf("%q (-tolerant +strict):\n%s", frame, d)
	}
	if err != nil {
		var se *engine.SyntaxError
		var le *engine.LimitError
		switch {
		case errors.As(err, &se) && se.Offset >= 0 && se.Offset <= int64(len(frame)) && se.Production != "" && se.Expected != "":
		case errors.As(err, &le) && le.Got > le.Cap && le.Offset <= int64(len(frame)):
		default:
			t.Fatalf("%q: %#v", frame, err)
		}
		return
	}
	if f, ok := v1.(*FetchData); ok {
		f.Broken = nil // they are not written
	}
	opt := ResponseOptions{UTF8: utf8}
	b1, err := AppendResponse(nil, v1, opt)
	if err != nil {
		// What stood behind more spaces than one is kept as it came.
		if u, is := v1.(*UnknownData); is && len(p.Diagnostics) > 0 && strings.Contains(u.Raw, "  ") {
			return
		}
		if !errors.Is(err, ErrEncode) || !slices.ContainsFunc(unwritable, func(s string) bool { return strings.Contains(err.Error(), s) }) {
			t.Fatalf("%q is %#v: %v", frame, v1, err)
		}
		return
	}
	if n := countResponses(t, b1); n != 1 {
		t.Fatalf("%q is written as %d responses: %q", frame, n, b1)
	}
	v2, err := ParseResponse(b1, p.ParseOptions)
	if err != nil {
		t.Fatalf("%q, then %q: %v", frame, b1, err)
	}
	if lossless(frame, v1) {
		if d := cmp.Diff(v1, v2); d != "" {
			t.Fatalf("%q, then %q (-read +written and read):\n%s", frame, b1, d)
		}
	}
	b2, err := AppendResponse(nil, v2, opt)
	if err != nil || !bytes.Equal(b1, b2) {
		t.Fatalf("%q, then %q, then %q, %v", frame, b1, b2, err)
	}
}

// lossless reports whether a response that was read is written octet for octet.
// Texts are not: they are for people, and one line of text is made of them. Nor
// are strings of a header with NUL or line ends, which no header has, extension
// data in a BODY, where none belongs, and literals that would have to wait for a
// server.
func lossless(frame []byte, r Response) bool {
	if bytes.Contains(frame, []byte("+}")) {
		return false
	}
	switch r := r.(type) {
	case *StatusResponse:
		return false
	case *FetchData:
		return r.Has&HasBody == 0 && (r.Has&(HasEnvelope|HasStructure) == 0 || !bytes.ContainsAny(frame[:len(frame)-2], "\x00\r\n"))
	}
	return true
}

// TestResponsesReadAndWritten: the same for every row, and every row cut or
// with an octet doubled or left out.
func TestResponsesReadAndWritten(t *testing.T) {
	for _, frame := range ruleFrames(true) {
		checkResponseFixpoint(t, frame, false)
		if len(frame) > 300 || testing.Short() && len(frame) > 60 {
			continue
		}
		for i := range frame {
			checkResponseFixpoint(t, slices.Concat(frame[:i], frame[i+1:]), false)
			checkResponseFixpoint(t, slices.Concat(frame[:i], frame[i:i+1], frame[i:]), true)
		}
	}
}

// methodReceivers returns the types of this package that have a method.
func methodReceivers(t *testing.T, method string) map[string]bool {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, isFunc := d.(*ast.FuncDecl)
			if !isFunc || f.Recv == nil || f.Name.Name != method {
				continue
			}
			x := f.Recv.List[0].Type
			if star, isPointer := x.(*ast.StarExpr); isPointer {
				x = star.X
			}
			if name := x.(*ast.Ident).Name; ast.IsExported(name) {
				types[name] = true
			}
		}
	}
	if len(types) < 3 {
		t.Fatalf("only %d types with %s", len(types), method)
	}
	return types
}

// TestEveryKindIsDrawn: invariants 2 and 3 are held for every command, response,
// response code and FETCH item that there is.
func TestEveryKindIsDrawn(t *testing.T) {
	missing := map[string]map[string]bool{}
	for _, method := range []string{"Verb", "response", "code", "fetchItem"} {
		missing[method] = methodReceivers(t, method)
	}
	seen := func(method string, v any) {
		if v != nil {
			delete(missing[method], strings.TrimPrefix(strings.TrimPrefix(fmt.Sprintf("%T", v), "*"), "imapwire."))
		}
	}
	commands, responses := rapid.Custom(drawCommand), rapid.Custom(drawResponse)
	for i := range 500 {
		cmd, r := commands.Example(i), responses.Example(i)
		seen("Verb", cmd)
		seen("response", r)
		if s, isStatus := r.(*StatusResponse); isStatus {
			seen("code", s.Code)
		}
		if f, isFetch := cmd.(*Fetch); isFetch {
			for _, item := range f.Items {
				seen("fetchItem", item)
			}
		}
	}
	for method, types := range missing {
		for name := range types {
			t.Errorf("no %s is drawn (%s)", name, method)
		}
	}
}

// An XLIST that is no LIST is kept as it came, as it is where XLIST is not known.
func TestOddXList(t *testing.T) {
	for _, wire := range []string{"* XLIST \r\n", "* XLIST () x\r\n", "* XLIST () NIL a b\r\n", "* XLIST a\r\n"} {
		checkResponseFixpoint(t, []byte(wire), false)
		r, err := ParseResponse([]byte(wire), ParseOptions{})
		if u, ok := r.(*UnknownData); !ok || "* "+u.Raw+"\r\n" != wire {
			t.Errorf("%q is %#v, %v", wire, r, err)
		}
	}
}
