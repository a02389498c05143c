package imapwire

import (
	"errors"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
)

var authRows = []commandRow{
	{in: "LOGIN fred secret", want: &Login{User: "fred", Password: "secret"}},
	{in: `login "fred foobar" "se\"cr\\et"`, want: &Login{User: "fred foobar", Password: `se"cr\et`}, canon: `LOGIN "fred foobar" "se\"cr\\et"`},
	{in: "LOGIN {5}\r\nfredx \"x\"", want: &Login{User: "fredx", Password: "x"}, canon: "LOGIN fredx x"},
	{in: "LOGIN {5+}\r\nfredx {3+}\r\na\nb", want: &Login{User: "fredx", Password: "a\nb"}, canon: "LOGIN fredx {3}\r\na\nb"},
	{in: "LOGIN {9}\r\nm\xc3\xbc\r\n{5+} {2}\r\n\r\n", want: &Login{User: "m\xc3\xbc\r\n{5+}"[:9], Password: "\r\n"}, canon: "LOGIN {9}\r\nm\xc3\xbc\r\n{5+} {2}\r\n\r\n"},
	{in: `LOGIN "" ""`, want: &Login{}},
	{in: `LOGIN a]b NIL`, want: &Login{User: "a]b", Password: "NIL"}, canon: `LOGIN a]b "NIL"`},
	{in: "AUTHENTICATE PLAIN", want: &Authenticate{Mechanism: "PLAIN"}},
	{in: "authenticate scram-sha-256", want: &Authenticate{Mechanism: "SCRAM-SHA-256"}, canon: "AUTHENTICATE SCRAM-SHA-256"},
	{in: "AUTHENTICATE PLAIN AHRlc3QAdGVzdA==", want: &Authenticate{Mechanism: "PLAIN", Initial: "\x00test\x00test", HasInitial: true}},
	{in: "AUTHENTICATE PLAIN AHRlc3QAdGVz", want: &Authenticate{Mechanism: "PLAIN", Initial: "\x00test\x00tes", HasInitial: true}},
	{in: "AUTHENTICATE PLAIN AHRlc3QAdGU=", want: &Authenticate{Mechanism: "PLAIN", Initial: "\x00test\x00te", HasInitial: true}},
	{in: "AUTHENTICATE EXTERNAL =", want: &Authenticate{Mechanism: "EXTERNAL", HasInitial: true}},
}

var authRejects = []rejectRow{
	{"LOGIN", 5},
	{"LOGIN ", 6},
	{"LOGIN fred", 10},
	{"LOGIN fred ", 11},
	{"LOGIN  fred x", 6},
	{"LOGIN fred x ", 12},
	{"LOGIN fred x y", 12},
	{"LOGIN (fred) x", 6},
	{`LOGIN "fred x`, 13},
	{`LOGIN "fr\ed" x`, 10},
	{"LOGIN fr\"ed x", 8},
	{"LOGIN fr\xc3\xa4d x", 8},
	{"LOGIN \"fr\xc3\xa4d\" x", 9},
	{"LOGIN a* x", 7},
	{"LOGIN a% x", 7},
	{"LOGIN {4}\r\nfredx", 15},
	{"LOGIN {4}\r\nf\x00ed x", 12},
	{"LOGIN {9}\r\nfred x", 19},
	{"LOGIN ~{4}\r\nfred x", 7},
	{"AUTHENTICATE", 12},
	{"AUTHENTICATE ", 13},
	{`AUTHENTICATE "PLAIN"`, 13},
	{"AUTHENTICATE PLAIN ", 19},
	{"AUTHENTICATE PLAIN ==", 20},
	{"AUTHENTICATE PLAIN A", 19},
	{"AUTHENTICATE PLAIN AHR", 19},
	{"AUTHENTICATE PLAIN AHRlc3QAdGVzdB==", 19},
	{"AUTHENTICATE PLAIN AHRl=", 19},
	{"AUTHENTICATE PLAIN AHRl AHRl", 23},
	{"AUTHENTICATE PLAIN *", 19},
}

// What stands where a password stands is in no error.
func TestPasswordsStayOutOfErrors(t *testing.T) {
	for _, in := range []string{
		`LOGIN fred "hunter2`, `LOGIN fred (hunter2)`, `LOGIN fred hun"hunter2`, `LOGIN fred x hunter2`, `LOGIN "hunter2`,
		`AUTHENTICATE PLAIN *hunter2`, `AUTHENTICATE PLAIN AHRl hunter2`, `AUTHENTICATE PLAIN hunter2`,
	} {
		_, _, err := ParseCommand([]byte("A1 "+in+"\r\n"), ParseOptions{})
		var se *engine.SyntaxError
		if !errors.As(err, &se) || strings.Contains(err.Error(), "unter") {
			t.Errorf("%q: %v", in, err)
		}
	}
}
