package pop3wire

import (
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// To add a command:
//
//  1. Write its struct, parser and encode method in the file named for it, with
//     the ABNF above the parser, and the rows of its test beside it.
//  2. Add its keyword to parseArguments below and its type to the list in the
//     comment of Command.
//  3. Say in pop3server/gate.go in which states it is allowed, and whether it
//     is a barrier.
//  4. Answer it in mailbox/pop3serve, in the file of the same name.

// A Command is what a client asks. The kinds, by file:
// [*Quit], [*Stat], [*Noop], [*Rset], [*Stls], [*UnknownCommand] (command.go),
// [*User], [*Pass], [*Apop], [*Auth] (auth.go), [*Capa] (capa.go), [*List],
// [*Uidl] (list.go), [*Retr], [*Top], [*Dele] (retr.go), [*UTF8] and [*Lang]
// (lang.go).
type Command interface {
	// Verb returns the keyword of the command in upper case.
	Verb() string
	// encode appends the arguments, each with the space before it.
	encode(b []byte) ([]byte, error)
}

// MaxCommandLine is the most octets of a command, its line end included, that a
// server has to take: RFC 2449 §4.
const MaxCommandLine = 255

// A Quit is QUIT, RFC 1939 §4 and §6.
type Quit struct{}

// A Stat is STAT, RFC 1939 §5.
type Stat struct{}

// A Noop is NOOP, RFC 1939 §5.
type Noop struct{}

// An Rset is RSET, RFC 1939 §5.
type Rset struct{}

// An Stls is STLS, RFC 2595 §4.
type Stls struct{}

// An UnknownCommand is a command that this package has no type for.
type UnknownCommand struct {
	// Name is the keyword in upper case.
	Name string
	// Args are the octets that follow it, the space before them included.
	Args string
}

// Verb implements Command.
func (*Quit) Verb() string { return "QUIT" }

// Verb implements Command.
func (*Stat) Verb() string { return "STAT" }

// Verb implements Command.
func (*Noop) Verb() string { return "NOOP" }

// Verb implements Command.
func (*Rset) Verb() string { return "RSET" }

// Verb implements Command.
func (*Stls) Verb() string { return "STLS" }

// Verb implements Command.
func (u *UnknownCommand) Verb() string { return u.Name }

// ParseCommand reads a line that a client sent, without its CRLF. The error is
// a [*engine.SyntaxError], which quotes nothing of a password.
//
//	command = keyword *(SP param) CRLF    ;255 octets maximum
//	keyword = 3*4VCHAR
//
// A keyword is read as letters, digits, "-" and "_", up to 16 of them, the first
// one a letter: extensions have longer ones, such as XCLIENT, and a line of
// base64 or a password that lost its command should seldom be taken for one.
func ParseCommand(line []byte) (Command, error) {
	c := cursor{b: line}
	verb := keyword(line)
	if verb == "" {
		c.secret = true
		c.fail("keyword", "a keyword")
		return nil, c.err
	}
	c.pos, c.tag = len(verb), verb
	cmd := parseArguments(&c, verb)
	c.end("command")
	if c.err != nil {
		return nil, c.err
	}
	return cmd, nil
}

// maxKeyword is the most octets of a keyword.
const maxKeyword = 16

// keyword returns the keyword of a command in upper case, or "" when the line
// does not begin with one.
func keyword(line []byte) string {
	n := 0
	for n < len(line) && (engine.Alpha|engine.Digit).Is(line[n]) || n < len(line) && n > 0 && (line[n] == '-' || line[n] == '_') {
		n++
	}
	if n == 0 || n > maxKeyword || engine.Digit.Is(line[0]) || n < len(line) && line[n] != ' ' {
		return ""
	}
	return strings.ToUpper(string(line[:n]))
}

// CommandVerb returns the keyword of a line that may be no valid command, in
// upper case, or "" when it has none.
func CommandVerb(line []byte) string { return keyword(line) }

// parseArguments reads what follows the keyword.
func parseArguments(c *cursor, verb string) Command {
	switch verb {
	case "QUIT":
		return &Quit{}
	case "STAT":
		return &Stat{}
	case "NOOP":
		return &Noop{}
	case "RSET":
		return &Rset{}
	case "STLS":
		return &Stls{}
	case "CAPA":
		return &Capa{}
	case "USER":
		return parseUser(c)
	case "PASS":
		return parsePass(c)
	case "APOP":
		return parseApop(c)
	case "AUTH":
		return parseAuth(c)
	case "LIST":
		return parseList(c)
	case "UIDL":
		return parseUidl(c)
	case "RETR":
		return parseRetr(c)
	case "TOP":
		return parseTop(c)
	case "DELE":
		return parseDele(c)
	case "UTF8":
		return &UTF8{}
	case "LANG":
		return parseLang(c)
	}
	return &UnknownCommand{Name: verb, Args: c.rest("command")}
}

// AppendCommand appends a command with its CRLF to dst. A value that has no form
// on the wire, or a command of more than [MaxCommandLine] octets, is an error
// that wraps [ErrEncode], and dst is returned as it was.
func AppendCommand(dst []byte, cmd Command) ([]byte, error) {
	b := append(dst, cmd.Verb()...)
	b, err := cmd.encode(b)
	if err != nil {
		return dst, err
	}
	b = append(b, "\r\n"...)
	if n := len(b) - len(dst); n > MaxCommandLine {
		return dst, failEncode("a command of %d octets is longer than %d", n, MaxCommandLine)
	}
	return b, nil
}

func (*Quit) encode(b []byte) ([]byte, error) { return b, nil }
func (*Stat) encode(b []byte) ([]byte, error) { return b, nil }
func (*Noop) encode(b []byte) ([]byte, error) { return b, nil }
func (*Rset) encode(b []byte) ([]byte, error) { return b, nil }
func (*Stls) encode(b []byte) ([]byte, error) { return b, nil }

func (u *UnknownCommand) encode(b []byte) ([]byte, error) {
	switch {
	case keyword([]byte(u.Name)) != u.Name || u.Name == "":
		return nil, failEncode("%q is not a keyword in upper case", cut(u.Name))
	case u.Args != "" && u.Args[0] != ' ':
		return nil, failEncode("arguments %q do not start with a space", cut(u.Args))
	}
	if _, unknown := parseArguments(&cursor{}, u.Name).(*UnknownCommand); !unknown {
		return nil, failEncode("%s has a type of its own", u.Name)
	}
	return append(b, u.Args...), lineOctets("an argument", u.Args)
}
