package imapwire

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// maxTranscriptLine is how many octets of a line a transcript shows.
const maxTranscriptLine = 1024

// A Transcript turns the octets of a conversation into lines to show, without
// its secrets: what follows LOGIN, the initial response and all lines of an
// AUTHENTICATE, up to the tagged response, and beyond it up to a command, since
// answers may be on their way. Literals are shown as their number of octets.
// Everything else is shown as it is, lines cut at 1024 octets.
//
// Both directions have to be given in the order in which the server saw them.
// It holds no more than a line of each. The zero value, with Line set, is ready.
type Transcript struct {
	// Line is called with each line, without its end; line is borrowed.
	Line func(server bool, line []byte)

	client, server transcriptSide
	// tag is that of the client's command in progress; secret says what of
	// it is hidden.
	tag    string
	secret secrecy
	// late: the server has ended an AUTHENTICATE, and what the client says may
	// still be part of it.
	late bool
	// await: the client announced a synchronising literal of so many octets.
	await int64
}

type secrecy uint8

const (
	secretNone  secrecy = iota
	secretLogin         // until the command is complete
	secretAuth          // until the tagged response
)

// A transcriptSide is the state of one direction.
type transcriptSide struct {
	line    []byte // at most maxTranscriptLine octets of the line
	tail    []byte // the last octets of the line, beyond what line holds
	literal int64  // octets of a literal to come
	more    bool   // the line goes on after a literal
}

// maxTail holds "~{9223372036854775807+}" and a CR.
const maxTail = 24

func (s *transcriptSide) add(p []byte) {
	if room := maxTranscriptLine - len(s.line); room > 0 {
		s.line = append(s.line, p[:min(room, len(p))]...)
	}
	s.tail = append(s.tail, p[max(0, len(p)-maxTail):]...)
	if k := len(s.tail); k > maxTail {
		s.tail = append(s.tail[:0], s.tail[k-maxTail:]...)
	}
}

// take feeds p to one direction and calls full with every complete line. The
// line ends, and the literals between lines are counted and dropped.
func (s *transcriptSide) take(p []byte, full func(line, tail []byte)) {
	for len(p) > 0 {
		if s.literal > 0 {
			n := min(s.literal, int64(len(p)))
			s.literal -= n
			p = p[n:]
			continue
		}
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			s.add(p)
			return
		}
		s.add(p[:i])
		line, tail := bytes.TrimSuffix(s.line, []byte("\r")), bytes.TrimSuffix(s.tail, []byte("\r"))
		p = p[i+1:]
		full(line, tail)
		s.line, s.tail = s.line[:0], s.tail[:0]
	}
}

// Client takes octets that the client sent.
func (t *Transcript) Client(p []byte) { t.client.take(p, t.clientLine) }

// Server takes octets that the server sent.
func (t *Transcript) Server(p []byte) { t.server.take(p, t.serverLine) }

// literalAtEnd reads the announcement of a literal that ends a line.
func literalAtEnd(tail []byte) (n int64, nonSync, ok bool) {
	i := bytes.LastIndexByte(tail, '{')
	if i < 0 || !bytes.HasSuffix(tail, []byte("}")) {
		return 0, false, false
	}
	digits := tail[i+1 : len(tail)-1]
	digits, nonSync = bytes.CutSuffix(digits, []byte("+"))
	if len(digits) == 0 || engine.Digit.Span(digits) != len(digits) || len(digits) > 19 {
		return 0, false, false
	}
	for _, d := range digits {
		if n = n*10 + int64(d-'0'); n < 0 {
			return 0, false, false
		}
	}
	return n, nonSync, true
}

func (t *Transcript) clientLine(line, tail []byte) {
	show := line
	switch {
	case t.secret == secretAuth:
		show = []byte(engine.Redacted)
	case t.client.more:
		if t.secret == secretLogin {
			show = []byte(engine.Redacted)
		}
	default:
		show = t.beginCommand(line)
	}
	t.client.more = false
	if n, nonSync, ok := literalAtEnd(tail); ok && t.secret != secretAuth {
		t.client.more = true
		if t.secret == secretLogin && !bytes.HasSuffix(show, []byte("}")) {
			show = fmt.Appendf(show[:len(show):len(show)], " {%d}", n)
		}
		if nonSync {
			t.client.literal = n
		} else {
			t.await = n
		}
	} else if t.secret == secretLogin {
		t.secret = secretNone
	}
	t.Line(false, show)
}

// beginCommand looks at the first line of a command and returns what of it may
// be shown.
func (t *Transcript) beginCommand(line []byte) []byte {
	tag, rest, command := bytes.Cut(line, []byte(" "))
	if t.late = t.late && !command; t.late {
		// Base64 has no space.
		return []byte(engine.Redacted)
	}
	verb, args, _ := bytes.Cut(rest, []byte(" "))
	t.tag, t.secret, t.await = string(tag), secretNone, 0
	head := line[:len(tag)+min(1, len(rest))+len(verb)]
	switch strings.ToUpper(string(verb)) {
	case "LOGIN":
		t.secret = secretLogin
		return redactAfter(head, args)
	case "AUTHENTICATE":
		t.secret = secretAuth
		mechanism, initial, _ := bytes.Cut(args, []byte(" "))
		return redactAfter(line[:len(head)+min(1, len(args))+len(mechanism)], initial)
	}
	return line
}

func redactAfter(head, secret []byte) []byte {
	if len(secret) == 0 {
		return head
	}
	return append(append(head[:len(head):len(head)], ' '), engine.Redacted...)
}

func (t *Transcript) serverLine(line, tail []byte) {
	show := line
	if !t.server.more {
		switch {
		case bytes.HasPrefix(line, []byte("+")):
			if t.await > 0 {
				t.client.literal, t.await = t.await, 0
			}
			if t.secret == secretAuth && len(line) > 2 {
				show = []byte("+ " + engine.Redacted)
			}
		case t.tag != "" && bytes.HasPrefix(line, []byte(t.tag+" ")):
			if t.await > 0 {
				// Refused: the literal will not come.
				t.client.more, t.await = false, 0
			}
			t.late, t.secret = t.secret == secretAuth, secretNone
		}
	}
	t.server.more = false
	if n, _, ok := literalAtEnd(tail); ok {
		t.server.literal, t.server.more = n, true
	}
	t.Line(true, show)
}
