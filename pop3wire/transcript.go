package pop3wire

import (
	"bytes"
	"slices"
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// maxTranscriptLine is how many octets of a line a transcript shows.
const maxTranscriptLine = 1024

// maxOutstanding is how many commands without an answer a transcript follows.
const maxOutstanding = 4096

// A Transcript turns the octets of a conversation into lines to show, without
// its secrets: what follows PASS and the name of APOP, and the initial response
// and all lines of an AUTH, up to its status, and beyond one that refuses up to a
// command, since answers may be on their way. The lines of messages, which RETR and
// TOP give, are left out up to their terminator. Everything else is shown as it is,
// lines cut at 1024 octets.
//
// Both directions have to be given in the order in which the server saw them,
// from the greeting on. It holds no more than a line of each, and an octet for
// each command that has no answer yet; of a client that sends more than 4096 of
// them ahead, nothing is shown from there on. The zero value, with Line set, is
// ready.
type Transcript struct {
	// Line is called with each line, without its end; line is borrowed.
	Line func(server bool, line []byte)

	client, server transcriptSide
	greeted        bool
	// ahead are the commands without an answer, the oldest first.
	ahead []answerKind
	// open is what the server is in the middle of.
	open answerKind
	// answers is how many lines of a SASL exchange the client owes. late: the
	// server has ended the exchange, and what the client says may still be part
	// of it.
	answers int
	late    bool
	lost    bool
}

// An answerKind says what a command is answered, when all goes well.
type answerKind uint8

const (
	answerLine    answerKind = iota
	answerListing            // lines that are shown
	answerMessage            // lines that are left out
	answerAuth               // challenges, then a line
	answerSTLS               // a line; what the client sent ahead is not answered
)

// answerTo returns what a line of a client is answered.
func answerTo(line []byte) answerKind {
	verb, args, has := bytes.Cut(line, []byte(" "))
	switch strings.ToUpper(string(verb)) {
	case "RETR", "TOP":
		return answerMessage
	case "CAPA":
		return answerListing
	case "LIST", "UIDL", "LANG":
		if !has {
			return answerListing
		}
	case "AUTH":
		if len(args) > 0 {
			return answerAuth
		}
		return answerListing
	case "STLS":
		return answerSTLS
	}
	return answerLine
}

// A transcriptSide is the state of one direction: at most maxTranscriptLine
// octets of the line.
type transcriptSide struct {
	line []byte
	long bool // there was more
}

// take feeds p to one direction and calls full with every complete line.
func (s *transcriptSide) take(p []byte, full func(line []byte)) {
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		end := i
		if i < 0 {
			end = len(p)
		}
		// One more than is shown, for a CR.
		n := min(end, max(0, maxTranscriptLine+1-len(s.line)))
		s.line = append(s.line, p[:n]...)
		s.long = s.long || n < end
		if i < 0 {
			return
		}
		p = p[i+1:]
		line := s.line
		if !s.long {
			line = bytes.TrimSuffix(line, []byte("\r"))
		}
		full(line[:min(len(line), maxTranscriptLine)])
		s.line, s.long = s.line[:0], false
	}
}

// Client takes octets that the client sent.
func (t *Transcript) Client(p []byte) { t.client.take(p, t.clientLine) }

// Server takes octets that the server sent.
func (t *Transcript) Server(p []byte) { t.server.take(p, t.serverLine) }

func (t *Transcript) clientLine(line []byte) {
	switch {
	case t.lost:
		line = []byte(engine.Redacted)
	case t.answers > 0:
		t.answers--
		line = []byte(engine.Redacted)
	default:
		// What follows an AUTH is its exchange, or commands when the server
		// refuses it: which of the two shows later.
		t.late = t.late && !isCommand(line)
		hide := slices.Contains(t.ahead, answerAuth) || t.late
		t.lost = len(t.ahead) >= maxOutstanding
		t.ahead = append(t.ahead, answerTo(line))
		if line = redactCommand(line); hide || t.lost {
			line = []byte(engine.Redacted)
		}
	}
	t.Line(false, line)
}

// isCommand reports whether a line is a command that this package has a type for.
func isCommand(line []byte) bool {
	cmd, err := ParseCommand(line)
	_, unknown := cmd.(*UnknownCommand)
	return err == nil && !unknown
}

// redactCommand returns what may be shown of a command.
func redactCommand(line []byte) []byte {
	verb, args, has := bytes.Cut(line, []byte(" "))
	if !has {
		return line
	}
	shown := len(verb) + 1
	switch strings.ToUpper(string(verb)) {
	case "PASS":
	case "APOP":
		// A name may have spaces, but a digest that is missing may be a
		// password.
		name, rest, _ := bytes.Cut(args, []byte(" "))
		if len(rest) > 0 {
			shown += len(name) + 1
		}
	case "AUTH":
		mechanism, rest, _ := bytes.Cut(args, []byte(" "))
		if len(rest) == 0 && len(mechanism) <= maxMechanism {
			return line
		}
		if len(mechanism) <= maxMechanism {
			shown += len(mechanism) + 1
		}
	default:
		return line
	}
	return append(line[:shown:shown], engine.Redacted...)
}

func (t *Transcript) serverLine(line []byte) {
	switch {
	case t.lost:
		line = []byte(engine.Redacted)
	case !t.greeted:
		t.greeted = true
	case t.open == answerListing || t.open == answerMessage:
		end := string(line) == "."
		hide := t.open == answerMessage && !end
		if end {
			t.open = answerLine
		}
		if hide {
			return
		}
	case len(t.ahead) == 0:
	case bytes.HasPrefix(line, []byte("+OK")), bytes.HasPrefix(line, []byte("-ERR")):
		kind, ok := t.ahead[0], line[0] == '+'
		t.ahead = append(t.ahead[:0], t.ahead[1:]...)
		switch kind {
		case answerListing, answerMessage:
			if ok {
				t.open = kind
			}
		case answerAuth:
			t.late, t.answers = !ok || t.answers > 0, 0
		case answerSTLS:
			if ok {
				t.ahead = t.ahead[:0]
			}
		}
	case bytes.HasPrefix(line, []byte("+")) && t.ahead[0] == answerAuth:
		// The line that the client sent ahead was the answer to this.
		if len(t.ahead) > 1 {
			t.ahead = append(t.ahead[:1], t.ahead[2:]...)
		} else {
			t.answers++
		}
		if len(line) > len("+ ") {
			line = []byte("+ " + engine.Redacted)
		}
	}
	t.Line(true, line)
}
