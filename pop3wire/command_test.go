package pop3wire_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
)

const digest = "c4c9334bac560ecc979e58001b3e22fb"

// commandRows are read and written: line is the form that is written, also are
// others that read as the same value.
var commandRows = []struct {
	line string
	cmd  pop3wire.Command
	also []string
}{
	{"QUIT", &pop3wire.Quit{}, []string{"quit", "Quit"}},
	{"STAT", &pop3wire.Stat{}, []string{"sTaT"}},
	{"NOOP", &pop3wire.Noop{}, nil},
	{"RSET", &pop3wire.Rset{}, nil},
	{"STLS", &pop3wire.Stls{}, nil},
	{"CAPA", &pop3wire.Capa{}, nil},
	{"USER mrose", &pop3wire.User{Name: "mrose"}, []string{"user mrose"}},
	{"USER John Q. Public ", &pop3wire.User{Name: "John Q. Public "}, nil},
	{"USER  x", &pop3wire.User{Name: " x"}, nil},
	{"USER jörg", &pop3wire.User{Name: "jörg"}, nil},
	{"PASS secret", &pop3wire.Pass{Password: "secret"}, []string{"pass secret"}},
	{"PASS  two  spaces ", &pop3wire.Pass{Password: " two  spaces "}, nil},
	{"PASS \xff\x01", &pop3wire.Pass{Password: "\xff\x01"}, nil},
	{"PASS ", &pop3wire.Pass{}, nil},
	{"APOP mrose " + digest, &pop3wire.Apop{Name: "mrose", Digest: digest}, []string{"apop mrose " + digest}},
	{"APOP two words " + digest, &pop3wire.Apop{Name: "two words", Digest: digest}, nil},
	{"AUTH", &pop3wire.Auth{}, []string{"AUTH ", "auth"}},
	{"AUTH PLAIN", &pop3wire.Auth{Mechanism: "PLAIN"}, []string{"auth plain"}},
	{"AUTH SCRAM-SHA-256-PLUS", &pop3wire.Auth{Mechanism: "SCRAM-SHA-256-PLUS"}, nil},
	{"AUTH PLAIN =", &pop3wire.Auth{Mechanism: "PLAIN", HasInitial: true}, nil},
	{"AUTH PLAIN AHUAcA==", &pop3wire.Auth{Mechanism: "PLAIN", HasInitial: true, Initial: "\x00u\x00p"}, nil},
	{"LIST", &pop3wire.List{}, nil},
	{"LIST 1", &pop3wire.List{Num: 1}, []string{"LIST 01", "list 0000000000000001"}},
	{"LIST 4294967295", &pop3wire.List{Num: 1<<32 - 1}, nil},
	{"UIDL", &pop3wire.Uidl{}, nil},
	{"UIDL 7", &pop3wire.Uidl{Num: 7}, nil},
	{"RETR 1", &pop3wire.Retr{Num: 1}, nil},
	{"TOP 1 0", &pop3wire.Top{Num: 1}, nil},
	{"TOP 10 9223372036854775807", &pop3wire.Top{Num: 10, Lines: 1<<63 - 1}, nil},
	{"DELE 2", &pop3wire.Dele{Num: 2}, nil},
	{"UTF8", &pop3wire.UTF8{}, []string{"utf8"}},
	{"LANG", &pop3wire.Lang{}, nil},
	{"LANG *", &pop3wire.Lang{Range: "*"}, nil},
	{"LANG en-boont", &pop3wire.Lang{Range: "en-boont"}, nil},
	{"LANG de-1996", &pop3wire.Lang{Range: "de-1996"}, nil},
	{"XTND XMIT a  b", &pop3wire.UnknownCommand{Name: "XTND", Args: " XMIT a  b"}, []string{"xtnd XMIT a  b"}},
	{"XCLIENT ADDR=1.2.3.4", &pop3wire.UnknownCommand{Name: "XCLIENT", Args: " ADDR=1.2.3.4"}, nil},
	{"X", &pop3wire.UnknownCommand{Name: "X"}, nil},
	{"X ", &pop3wire.UnknownCommand{Name: "X", Args: " "}, nil},
	{"ABCDEFGHIJKLMNOP", &pop3wire.UnknownCommand{Name: "ABCDEFGHIJKLMNOP"}, nil},
}

// TestCommands: every command both ways (invariants 2 and 3).
func TestCommands(t *testing.T) {
	for _, tt := range commandRows {
		for _, line := range append([]string{tt.line}, tt.also...) {
			got, err := pop3wire.ParseCommand([]byte(line))
			if err != nil {
				t.Errorf("%q: %v", line, err)
				continue
			}
			if d := cmp.Diff(tt.cmd, got); d != "" {
				t.Errorf("%q (-want +got):\n%s", line, d)
			}
			if v := got.Verb(); v != strings.ToUpper(strings.Fields(line)[0]) || v != pop3wire.CommandVerb([]byte(line)) {
				t.Errorf("%q: verb %q", line, v)
			}
		}
		b, err := pop3wire.AppendCommand([]byte("x"), tt.cmd)
		if err != nil || string(b) != "x"+tt.line+"\r\n" {
			t.Errorf("%q, %v, want %q", b, err, tt.line)
		}
	}
}

// TestBadCommands: threats Q1, Q6 and Q9. What is wrong, where, and with nothing of a password in it.
func TestBadCommands(t *testing.T) {
	for _, tt := range []struct {
		line       string
		offset     int64
		production string
		got        string
	}{
		{"", 0, "keyword", ""},
		{" QUIT", 0, "keyword", engine.Redacted},
		{"1ST", 0, "keyword", engine.Redacted},
		{"AGFubgBzM2NyZXQ=", 0, "keyword", engine.Redacted},
		{"ABCDEFGHIJKLMNOPQ", 0, "keyword", engine.Redacted},
		{"QUIT\t", 0, "keyword", engine.Redacted},
		{"QUIT ", 4, "command", " "},
		{"STAT 1", 4, "command", " 1"},
		{"NOOP x", 4, "command", " x"},
		{"STLS x", 4, "command", " x"},
		{"CAPA x", 4, "command", " x"},
		{"UTF8 x", 4, "command", " x"},
		{"USER", 4, "user", ""},
		{"USER ", 5, "name", ""},
		{"USER a\x00b", 6, "name", "\x00b"},
		{"USER a\rb", 6, "name", "\rb"},
		{"PASS", 4, "pass", ""},
		{"PASS a\x00b", 6, "string", engine.Redacted},
		{"APOP", 4, "apop", ""},
		{"APOP mrose", 10, "apop", ""},
		{"APOP  " + digest, 38, "apop", ""},
		{"APOP mrose abc", 11, "digest", engine.Redacted},
		{"APOP mrose " + strings.ToUpper(digest), 11, "digest", engine.Redacted},
		{"AUTH  PLAIN", 5, "sasl-mech", engine.Redacted},
		{"AUTH PL.AIN", 7, "auth-command", engine.Redacted},
		{"AUTH ABCDEFGHIJKLMNOPQRSTU", 5, "sasl-mech", engine.Redacted},
		{"AUTH PLAIN ", 11, "initial-response", ""},
		{"AUTH PLAIN AHU", 14, "initial-response", ""},
		{"AUTH PLAIN A!UA", 12, "initial-response", engine.Redacted},
		{"AUTH PLAIN A===", 12, "initial-response", engine.Redacted},
		{"AUTH PLAIN AHUAcA== x", 17, "initial-response", engine.Redacted},
		{"LIST ", 5, "message-number", ""},
		{"LIST 0", 5, "message-number", "0"},
		{"LIST -1", 5, "message-number", "-1"},
		{"LIST +1", 5, "message-number", "+1"},
		{"LIST 1 ", 6, "command", " "},
		{"LIST 1 2", 6, "command", " 2"},
		{"LIST 4294967296", 5, "message-number", "4294967296"},
		{"LIST 99999999999999999999999", 5, "message-number", "99999999999999999999999"},
		{"UIDL x", 5, "message-number", "x"},
		{"RETR", 4, "retr", ""},
		{"RETR 0", 5, "message-number", "0"},
		{"DELE", 4, "dele", ""},
		{"DELE  1", 5, "message-number", " 1"},
		{"TOP 1", 5, "top", ""},
		{"TOP 1 ", 6, "top", ""},
		{"TOP 1 -1", 6, "top", "-1"},
		{"TOP 1 9223372036854775808", 6, "top", "9223372036854775808"},
		{"TOP 1 18446744073709551616", 6, "top", "18446744073709551616"},
		{"LANG ", 5, "language-range", ""},
		{"LANG en-", 7, "language-range", "-"},
		{"LANG 1x", 5, "language-range", "1x"},
		{"LANG abcdefghi", 13, "language-range", "i"},
		{"LANG de *", 7, "language-range", " *"},
		{"XTND a\x00", 6, "command", "\x00"},
	} {
		_, err := pop3wire.ParseCommand([]byte(tt.line))
		syntax := (*engine.SyntaxError)(nil)
		if !errors.As(err, &syntax) {
			t.Errorf("%q: %v", tt.line, err)
			continue
		}
		if syntax.Offset != tt.offset || syntax.Production != tt.production || syntax.Got != tt.got || syntax.Expected == "" || syntax.Tag != pop3wire.CommandVerb([]byte(tt.line)) {
			t.Errorf("%q: %+v", tt.line, *syntax)
		}
	}
}

// TestCommandInjection: invariant 4. Whatever stands in the arguments, the
// encoder gives one line that reads as the same command, or an error.
func TestCommandInjection(t *testing.T) {
	for _, cmd := range []pop3wire.Command{
		&pop3wire.User{}, &pop3wire.Apop{Digest: digest}, &pop3wire.Apop{Name: "x"}, &pop3wire.Apop{Name: "x", Digest: "short"},
		&pop3wire.Auth{Mechanism: "P L"}, &pop3wire.Auth{HasInitial: true}, &pop3wire.Auth{Mechanism: "X", Initial: "x"},
		&pop3wire.Retr{}, &pop3wire.Dele{}, &pop3wire.Top{}, &pop3wire.Top{Num: 1, Lines: -1},
		&pop3wire.UnknownCommand{}, &pop3wire.UnknownCommand{Name: "xtnd"}, &pop3wire.UnknownCommand{Name: "QUIT"},
		&pop3wire.UnknownCommand{Name: "X", Args: "y"}, &pop3wire.UnknownCommand{Name: "X\r\nQUIT"},
		&pop3wire.User{Name: strings.Repeat("x", 255-len("USER \r\n")+1)},
	} {
		if b, err := pop3wire.AppendCommand([]byte("x"), cmd); !errors.Is(err, pop3wire.ErrEncode) || string(b) != "x" {
			t.Errorf("%#v: %q, %v", cmd, b, err)
		}
	}
	// 255 octets are allowed, 256 are not (invariant 37).
	if b, err := pop3wire.AppendCommand(nil, &pop3wire.User{Name: strings.Repeat("x", 255-len("USER \r\n"))}); err != nil || len(b) != 255 {
		t.Errorf("%d octets, %v", len(b), err)
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.SampledFrom([]rune("ab \r\n\x00*=.-é1"))).Draw(t, "s")
		for _, cmd := range []pop3wire.Command{
			&pop3wire.User{Name: s}, &pop3wire.Pass{Password: engine.Secret(s)}, &pop3wire.Apop{Name: s, Digest: digest},
			&pop3wire.Auth{Mechanism: s}, &pop3wire.Auth{Mechanism: "X", HasInitial: true, Initial: engine.Secret(s)},
			&pop3wire.Lang{Range: s}, &pop3wire.UnknownCommand{Name: s}, &pop3wire.UnknownCommand{Name: "XTND", Args: s},
		} {
			b, err := pop3wire.AppendCommand(nil, cmd)
			if err != nil {
				if !errors.Is(err, pop3wire.ErrEncode) || b != nil {
					t.Fatalf("%v, %q", err, b)
				}
				continue
			}
			line, crlf := strings.CutSuffix(string(b), "\r\n")
			if !crlf || strings.ContainsAny(line, "\r\n\x00") {
				t.Fatalf("%q", b)
			}
			back, err := pop3wire.ParseCommand([]byte(line))
			if auth, is := cmd.(*pop3wire.Auth); is {
				auth.Mechanism = strings.ToUpper(auth.Mechanism)
			}
			if err != nil || !cmp.Equal(back, cmd) {
				t.Fatalf("%q: %#v, %v", b, back, err)
			}
		}
	})
}

// TestAPOPDigest is the example of RFC 1939 §7.
func TestAPOPDigest(t *testing.T) {
	const stamp = "<1896.697170952@dbc.mtview.ca.us>"
	if got := pop3wire.APOPDigest(stamp, "tanstaaf"); string(got) != digest {
		t.Errorf("%s", string(got))
	}
	a := &pop3wire.Apop{Name: "mrose", Digest: digest}
	if !a.Verify(stamp, "tanstaaf") || a.Verify(stamp, "tanstaa") || a.Verify("<2@x>", "tanstaaf") || (&pop3wire.Apop{}).Verify(stamp, "tanstaaf") {
		t.Error("Verify")
	}
}

// TestSASLLines: challenges and answers both ways.
func TestSASLLines(t *testing.T) {
	for _, tt := range []struct{ data, coded string }{{"", ""}, {"x", "eA=="}, {"\x00u\x00p", "AHUAcA=="}, {"abc", "YWJj"}} {
		if got, err := pop3wire.ParseChallenge([]byte("+ " + tt.coded)); err != nil || string(got) != tt.data {
			t.Errorf("%q: %q, %v", tt.coded, got, err)
		}
		if got := pop3wire.AppendChallenge([]byte("x"), []byte(tt.data)); string(got) != "x+ "+tt.coded+"\r\n" {
			t.Errorf("%q", got)
		}
		if got, err := pop3wire.ParseAuthLine([]byte(tt.coded)); err != nil || string(got.Data) != tt.data || got.Cancel {
			t.Errorf("%q: %+v, %v", tt.coded, got, err)
		}
		if got, err := pop3wire.AppendAuthLine([]byte("x"), pop3wire.AuthLine{Data: engine.Secret(tt.data)}); err != nil || string(got) != "x"+tt.coded+"\r\n" {
			t.Errorf("%q, %v", got, err)
		}
	}
	if got, err := pop3wire.ParseAuthLine([]byte("*")); err != nil || got != (pop3wire.AuthLine{Cancel: true}) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := pop3wire.AppendAuthLine(nil, pop3wire.AuthLine{Cancel: true}); err != nil || string(got) != "*\r\n" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := pop3wire.AppendAuthLine(nil, pop3wire.AuthLine{Cancel: true, Data: "x"}); !errors.Is(err, pop3wire.ErrEncode) {
		t.Error(err)
	}
	for _, bad := range []string{"**", "a", "ab=c", "YWJj ", " YWJj", "YW\rJj", "=", "====", "YR=="} {
		if l, err := pop3wire.ParseAuthLine([]byte(bad)); err == nil || strings.Contains(err.Error(), bad) && len(bad) > 1 && bad != "**" {
			t.Errorf("%q: %+v, %v", bad, l, err)
		}
	}
	for _, bad := range []string{"", "+", "+YWJj", "-ERR", "+OK", "+ go ahead"} {
		if _, err := pop3wire.ParseChallenge([]byte(bad)); err == nil {
			t.Errorf("%q", bad)
		}
	}
}

// TestSecretsRedacted: invariant 31 for values. No verb of package fmt shows what a
// command keeps secret.
func TestSecretsRedacted(t *testing.T) {
	for _, cmd := range []pop3wire.Command{
		&pop3wire.Pass{Password: "hunter2"}, &pop3wire.Apop{Name: "x", Digest: "hunter2"}, &pop3wire.Auth{Initial: "hunter2"},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if s := fmt.Sprintf(verb, cmd); strings.Contains(s, "hunter2") {
				t.Errorf("%s: %s", verb, s)
			}
		}
	}
}
