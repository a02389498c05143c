package imapwire

import (
	"fmt"
	"time"
)

// Limits bounds what a peer can cost. In every field zero is the documented
// default, or what comes nearest to it beside the fields that are set; nothing
// can be made unlimited. A field whose name ends in PreAuth
// stands in place of its namesake until the client has authenticated, since
// strangers need little. Fields that start with Response bound what a client
// takes from a server, the others what a server takes from a client.
//
// Exceeding a limit of syntax costs the peer the command or response, with an
// [engine.LimitError] that names the field; exceeding Skip, Bad or a time costs
// the connection.
type Limits struct {
	// Line is the octets of a command without the content of its literals, its
	// line ends included. 64 KiB, before login 16 KiB: RFC 7162 §4 lets
	// clients write 8192; Dovecot takes 64 KiB, mox 16.
	Line, LinePreAuth int
	// Literal is the octets of one literal that is held in memory: all but the
	// messages of APPEND. 128 KiB as Cyrus, before login 4 KiB.
	Literal, LiteralPreAuth int
	// Literals is the octets of all such literals of one command. 1 MiB as
	// mox, before login 16 KiB.
	Literals, LiteralsPreAuth int
	// LiteralCount is the number of such literals of one command. 1000 as mox,
	// before login 8.
	LiteralCount, LiteralCountPreAuth int
	// Append is the octets of one message of APPEND, 64 MiB. A message of
	// exactly that size is taken.
	Append int64
	// Skip is the octets of one command that are read and dropped after it was
	// refused, 64 MiB. Beyond it the connection is closed.
	Skip int64
	// Depth is how deep parentheses, NOT and OR of a command may nest, all
	// counted together. 32; Dovecot takes 1 before login, Stalwart 10 in SEARCH.
	Depth int
	// Lists is how many parentheses a command may open, nested or not. 2048,
	// before login 4: Dovecot counts them since CVE-2026-27857.
	Lists, ListsPreAuth int
	// Tokens is how many atoms, strings, numbers and parentheses a command may
	// have. 16384, before login 64, which is an ID of thirty fields.
	Tokens, TokensPreAuth int
	// Ranges is how many numbers and ranges one set may have. 8192, before
	// login 16.
	Ranges, RangesPreAuth int
	// Tag is the octets of a tag, 128: Dovecot takes 126.
	Tag int
	// Bad is how many malformed commands in a row a connection survives. 20 as
	// Dovecot, before login 3.
	Bad, BadPreAuth int
	// Output is the octets of its own that a server queues before it stops
	// taking commands and asks to be drained. 64 KiB, before login 4 KiB.
	Output, OutputPreAuth int
	// SASLSteps is how many messages a client may send in one exchange, 16.
	SASLSteps int
	// SASLLine is the octets of one of them in base64, its line end included.
	// 12 KiB: RFC 2449 §4 and RFC 5034 §4 have it for POP3, tickets need it.
	SASLLine int

	// ResponseLine is the octets of a response without its literals. 1 MiB,
	// before login 8 KiB. Long lists are read in pieces and not bounded by it.
	ResponseLine, ResponseLinePreAuth int
	// ResponseLiteral is the octets of one literal that is held in memory:
	// all but the sections of FETCH. 64 KiB, before login 4 KiB.
	ResponseLiteral, ResponseLiteralPreAuth int
	// ResponseLiterals is the octets of all such literals of one response.
	// 1 MiB, before login 16 KiB.
	ResponseLiterals, ResponseLiteralsPreAuth int
	// ResponseLiteralCount is the number of such literals of one response.
	// 4096, before login 8.
	ResponseLiteralCount, ResponseLiteralCountPreAuth int
	// ResponseSkip is the octets of one response that are read and dropped,
	// 64 MiB. Beyond it the connection is closed.
	ResponseSkip int64
	// ResponseDepth is how deep lists, body structures and extension data may
	// nest, all counted together. 64, before login 8; imapflow takes 25,
	// go-imap 1000.
	ResponseDepth, ResponseDepthPreAuth int
	// ResponseLists is how many parentheses a response may open. 131072,
	// before login 64.
	ResponseLists, ResponseListsPreAuth int
	// ResponseTokens is how many atoms, strings, numbers and parentheses a
	// response may have. 524288, before login 1024.
	ResponseTokens, ResponseTokensPreAuth int
	// ResponseRanges is how many numbers and ranges one set may have. 131072,
	// before login 16.
	ResponseRanges, ResponseRangesPreAuth int

	// LoginTime is how long a client may take to authenticate, and a TLS
	// handshake to be done. 3 minutes as Dovecot.
	LoginTime time.Duration
	// IdleTime is how long an authenticated client may be silent, 31 minutes;
	// RFC 9051 §5.4 forbids less than 30.
	IdleTime time.Duration
	// CommandTime is how long one command may take from its first octet to its
	// last, the messages of APPEND excepted. 5 minutes.
	CommandTime time.Duration
	// LiteralTime is how long an announced literal may stand still. 1 minute.
	LiteralTime time.Duration
	// OutputTime is how long queued output may stand still. 5 minutes as
	// Dovecot and mox.
	OutputTime time.Duration
	// AnswerTime is how long a server may be silent while it owes its greeting
	// or an answer, IDLE excepted. 5 minutes: some search for that long.
	AnswerTime time.Duration
	// IdleRenew is how long a client stays in one IDLE before it begins another,
	// 25 minutes; RFC 2177 §3 has servers drop those who stay for 29.
	IdleRenew time.Duration
}

// Bounds is the part of [Limits] that framing and grammar obey, for one
// direction and one state: see [Limits.Command] and [Limits.Response]. Fields
// mean what their namesakes in Limits mean; zero is the default there, after
// login unless PreAuth.
type Bounds struct {
	// Response: these bound responses, not commands.
	Response bool
	// PreAuth: the client has not authenticated.
	PreAuth bool

	Line, Literal, Literals, LiteralCount int
	Skip                                  int64
	Depth, Lists, Tokens, Ranges, Tag     int
}

// Command returns what bounds commands.
func (l Limits) Command(authenticated bool) Bounds {
	return choose(authenticated, Bounds{
		Line: l.Line, Literal: l.Literal, Literals: l.Literals, LiteralCount: l.LiteralCount, Skip: l.Skip,
		Depth: l.Depth, Lists: l.Lists, Tokens: l.Tokens, Ranges: l.Ranges, Tag: l.Tag,
	}, Bounds{
		PreAuth: true,
		Line:    l.LinePreAuth, Literal: l.LiteralPreAuth, Literals: l.LiteralsPreAuth, LiteralCount: l.LiteralCountPreAuth, Skip: l.Skip,
		Depth: l.Depth, Lists: l.ListsPreAuth, Tokens: l.TokensPreAuth, Ranges: l.RangesPreAuth, Tag: l.Tag,
	})
}

// Response returns what bounds responses.
func (l Limits) Response(authenticated bool) Bounds {
	return choose(authenticated, Bounds{
		Response: true,
		Line:     l.ResponseLine, Literal: l.ResponseLiteral, Literals: l.ResponseLiterals, LiteralCount: l.ResponseLiteralCount, Skip: l.ResponseSkip,
		Depth: l.ResponseDepth, Lists: l.ResponseLists, Tokens: l.ResponseTokens, Ranges: l.ResponseRanges, Tag: l.Tag,
	}, Bounds{
		Response: true, PreAuth: true,
		Line: l.ResponseLinePreAuth, Literal: l.ResponseLiteralPreAuth, Literals: l.ResponseLiteralsPreAuth, LiteralCount: l.ResponseLiteralCountPreAuth, Skip: l.ResponseSkip,
		Depth: l.ResponseDepthPreAuth, Lists: l.ResponseListsPreAuth, Tokens: l.ResponseTokensPreAuth, Ranges: l.ResponseRangesPreAuth, Tag: l.Tag,
	})
}

// choose returns the bounds for a state, with defaults. A default gives way to
// what was set of the same field for the other state.
func choose(authenticated bool, post, pre Bounds) Bounds {
	postSet, preSet := post.fields(), pre.fields()
	b, c := post.withDefaults(), pre.withDefaults()
	postNow, preNow := b.fields(), c.fields()
	for i := range postNow {
		if *preSet[i] == 0 {
			*preNow[i] = min(*preNow[i], *postNow[i])
		} else if *postSet[i] == 0 {
			*postNow[i] = max(*postNow[i], *preNow[i])
		}
	}
	if post.Literals == 0 {
		b.Literals = max(b.Literals, b.Literal)
	}
	if pre.Literals == 0 {
		c.Literals = max(c.Literals, c.Literal)
	}
	if authenticated {
		return b
	}
	return c
}

func (b *Bounds) fields() [9]*int {
	return [...]*int{&b.Line, &b.Literal, &b.Literals, &b.LiteralCount, &b.Depth, &b.Lists, &b.Tokens, &b.Ranges, &b.Tag}
}

func or(n *int, d int) {
	if *n == 0 {
		*n = d
	}
}

// orPair sets defaults of two limits the first of which may not be above the
// second: a default gives way to what was set.
func orPair(small, large *int, ds, dl int) {
	switch {
	case *small == 0 && *large > 0:
		ds = min(ds, *large)
	case *small > 0 && *large == 0:
		dl = max(dl, *small)
	}
	or(small, ds)
	or(large, dl)
}

func (b Bounds) withDefaults() Bounds {
	b.setDefaults()
	return b
}

func (b *Bounds) setDefaults() {
	if b.Line != 0 && b.Literal != 0 && b.Literals != 0 && b.LiteralCount != 0 && b.Skip != 0 &&
		b.Depth != 0 && b.Lists != 0 && b.Tokens != 0 && b.Ranges != 0 && b.Tag != 0 {
		return
	}
	if !b.Response && !b.PreAuth && b.Skip == 0 &&
		b.Line|b.Literal|b.Literals|b.LiteralCount|b.Depth|b.Lists|b.Tokens|b.Ranges|b.Tag == 0 {
		*b = commandDefaults
		return
	}
	b.setEachDefault()
}

// commandDefaults are the defaults of commands behind the login, which a parser
// without bounds needs for each.
var commandDefaults = func() (b Bounds) {
	b.setEachDefault()
	return b
}()

func (b *Bounds) setEachDefault() {
	if b.Skip == 0 {
		b.Skip = 64 << 20
	}
	or(&b.Tag, 128)
	switch {
	case b.Response && b.PreAuth:
		or(&b.Line, 8<<10)
		orPair(&b.Literal, &b.Literals, 4<<10, 16<<10)
		or(&b.LiteralCount, 8)
		or(&b.Depth, 8)
		or(&b.Lists, 64)
		or(&b.Tokens, 1024)
		or(&b.Ranges, 16)
	case b.Response:
		or(&b.Line, 1<<20)
		orPair(&b.Literal, &b.Literals, 64<<10, 1<<20)
		or(&b.LiteralCount, 4096)
		or(&b.Depth, 64)
		or(&b.Lists, 1<<17)
		or(&b.Tokens, 1<<19)
		or(&b.Ranges, 1<<17)
	case b.PreAuth:
		or(&b.Line, 16<<10)
		orPair(&b.Literal, &b.Literals, 4<<10, 16<<10)
		or(&b.LiteralCount, 8)
		or(&b.Depth, 32)
		or(&b.Lists, 4)
		or(&b.Tokens, 64)
		or(&b.Ranges, 16)
	default:
		or(&b.Line, 64<<10)
		orPair(&b.Literal, &b.Literals, 128<<10, 1<<20)
		or(&b.LiteralCount, 1000)
		or(&b.Depth, 32)
		or(&b.Lists, 2048)
		or(&b.Tokens, 16384)
		or(&b.Ranges, 8192)
	}
}

// limitName returns the field of Limits behind a field of b.
func (b Bounds) limitName(field string) string {
	if b.Response && field != "Tag" {
		field = "Response" + field
	}
	if b.PreAuth && field != "Tag" && field != "Skip" && field != "ResponseSkip" && field != "Depth" {
		field += "PreAuth"
	}
	return field
}

// WithDefaults returns l with every zero replaced by its default. It reports
// numbers that are negative or contradict each other.
func (l Limits) WithDefaults() (Limits, error) {
	pre, post := l.Command(false), l.Command(true)
	l.Line, l.LinePreAuth = post.Line, pre.Line
	l.Literal, l.LiteralPreAuth = post.Literal, pre.Literal
	l.Literals, l.LiteralsPreAuth = post.Literals, pre.Literals
	l.LiteralCount, l.LiteralCountPreAuth = post.LiteralCount, pre.LiteralCount
	l.Lists, l.ListsPreAuth = post.Lists, pre.Lists
	l.Tokens, l.TokensPreAuth = post.Tokens, pre.Tokens
	l.Ranges, l.RangesPreAuth = post.Ranges, pre.Ranges
	l.Skip, l.Depth, l.Tag = post.Skip, post.Depth, post.Tag

	pre, post = l.Response(false), l.Response(true)
	l.ResponseLine, l.ResponseLinePreAuth = post.Line, pre.Line
	l.ResponseLiteral, l.ResponseLiteralPreAuth = post.Literal, pre.Literal
	l.ResponseLiterals, l.ResponseLiteralsPreAuth = post.Literals, pre.Literals
	l.ResponseLiteralCount, l.ResponseLiteralCountPreAuth = post.LiteralCount, pre.LiteralCount
	l.ResponseDepth, l.ResponseDepthPreAuth = post.Depth, pre.Depth
	l.ResponseLists, l.ResponseListsPreAuth = post.Lists, pre.Lists
	l.ResponseTokens, l.ResponseTokensPreAuth = post.Tokens, pre.Tokens
	l.ResponseRanges, l.ResponseRangesPreAuth = post.Ranges, pre.Ranges
	l.ResponseSkip = post.Skip

	orPair(&l.BadPreAuth, &l.Bad, 3, 20)
	orPair(&l.OutputPreAuth, &l.Output, 4<<10, 64<<10)
	or(&l.SASLSteps, 16)
	or(&l.SASLLine, 12<<10)
	if l.Append == 0 {
		l.Append = 64 << 20
	}
	for _, t := range []struct {
		d   *time.Duration
		def time.Duration
	}{
		{&l.LoginTime, 3 * time.Minute},
		{&l.IdleTime, 31 * time.Minute},
		{&l.CommandTime, 5 * time.Minute},
		{&l.LiteralTime, time.Minute},
		{&l.OutputTime, 5 * time.Minute},
		{&l.AnswerTime, 5 * time.Minute},
		{&l.IdleRenew, 25 * time.Minute},
	} {
		if *t.d == 0 {
			*t.d = t.def
		}
	}
	return l, l.check()
}

func (l *Limits) check() error {
	for _, p := range []struct {
		name      string
		post, pre int
	}{
		{"Line", l.Line, l.LinePreAuth},
		{"Literal", l.Literal, l.LiteralPreAuth},
		{"Literals", l.Literals, l.LiteralsPreAuth},
		{"LiteralCount", l.LiteralCount, l.LiteralCountPreAuth},
		{"Depth", l.Depth, l.Depth},
		{"Lists", l.Lists, l.ListsPreAuth},
		{"Tokens", l.Tokens, l.TokensPreAuth},
		{"Ranges", l.Ranges, l.RangesPreAuth},
		{"Tag", l.Tag, l.Tag},
		{"Bad", l.Bad, l.BadPreAuth},
		{"Output", l.Output, l.OutputPreAuth},
		{"SASLSteps", l.SASLSteps, l.SASLSteps},
		{"SASLLine", l.SASLLine, l.SASLLine},
		{"ResponseLine", l.ResponseLine, l.ResponseLinePreAuth},
		{"ResponseLiteral", l.ResponseLiteral, l.ResponseLiteralPreAuth},
		{"ResponseLiterals", l.ResponseLiterals, l.ResponseLiteralsPreAuth},
		{"ResponseLiteralCount", l.ResponseLiteralCount, l.ResponseLiteralCountPreAuth},
		{"ResponseDepth", l.ResponseDepth, l.ResponseDepthPreAuth},
		{"ResponseLists", l.ResponseLists, l.ResponseListsPreAuth},
		{"ResponseTokens", l.ResponseTokens, l.ResponseTokensPreAuth},
		{"ResponseRanges", l.ResponseRanges, l.ResponseRangesPreAuth},
	} {
		if p.post < 0 || p.pre < 0 {
			return fmt.Errorf("imapwire: limit %s is negative", p.name)
		}
		if p.pre > p.post {
			return fmt.Errorf("imapwire: limit %sPreAuth of %d is above %s of %d", p.name, p.pre, p.name, p.post)
		}
	}
	for _, p := range []struct {
		small, large string
		s, l         int64
	}{
		{"Literal", "Literals", int64(l.Literal), int64(l.Literals)},
		{"LiteralPreAuth", "LiteralsPreAuth", int64(l.LiteralPreAuth), int64(l.LiteralsPreAuth)},
		{"Tag", "LinePreAuth", int64(l.Tag), int64(l.LinePreAuth)},
		{"ResponseLiteral", "ResponseLiterals", int64(l.ResponseLiteral), int64(l.ResponseLiterals)},
		{"ResponseLiteralPreAuth", "ResponseLiteralsPreAuth", int64(l.ResponseLiteralPreAuth), int64(l.ResponseLiteralsPreAuth)},
	} {
		if p.s > p.l {
			return fmt.Errorf("imapwire: limit %s of %d is above %s of %d", p.small, p.s, p.large, p.l)
		}
	}
	if l.Append < 0 || l.Skip < 0 || l.ResponseSkip < 0 {
		return fmt.Errorf("imapwire: limit Append, Skip or ResponseSkip is negative")
	}
	if l.LoginTime < 0 || l.CommandTime < 0 || l.LiteralTime < 0 || l.OutputTime < 0 || l.AnswerTime < 0 || l.IdleRenew < 0 {
		return fmt.Errorf("imapwire: a time limit is negative")
	}
	if l.IdleTime < 30*time.Minute {
		return fmt.Errorf("imapwire: limit IdleTime of %v is below 30 minutes (RFC 9051 §5.4)", l.IdleTime)
	}
	return nil
}
