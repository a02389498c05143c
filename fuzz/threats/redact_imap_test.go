package threats_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

// A credential is a password, and the forms of it that must not be seen.
type credential struct{ password, quoted, plain, token string }

// credentials draws passwords, the same ones each time.
func credentials(n int) []credential {
	const letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	const odd = ` "\(){}%*]&`
	r := rand.New(rand.NewPCG(13, uint64(n)))
	var out []credential
	for i := range n {
		var b strings.Builder
		for j := range 8 + r.IntN(12) {
			if i%2 == 1 && j%3 == 1 {
				b.WriteByte(odd[r.IntN(len(odd))])
			} else {
				b.WriteByte(letters[r.IntN(len(letters))])
			}
		}
		p := b.String()
		out = append(out, credential{
			password: p,
			quoted:   `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(p) + `"`,
			plain:    base64.StdEncoding.EncodeToString([]byte("\x00ada\x00" + p)),
			token:    base64.StdEncoding.EncodeToString([]byte("user=ada\x01auth=Bearer " + p + "\x01\x01")),
		})
	}
	return out
}

// shows reports which part of a credential a text shows.
func (c credential) shows(text string) (string, bool) {
	core := c.password[1 : len(c.password)-1]
	for _, s := range []string{c.password, core, c.quoted, c.plain, c.plain[8:], c.token, c.token[32:]} {
		if strings.Contains(text, s) {
			return s, true
		}
	}
	// In base64 by itself, wherever it begins.
	for shift := range 3 {
		coded := base64.RawStdEncoding.EncodeToString([]byte(xs(shift) + c.password))
		if strings.Contains(text, coded[4:len(coded)-2]) {
			return coded, true
		}
	}
	return "", false
}

// logins are the ways in which a client may send a credential, well and badly:
// what it says up to each point where it waits for the server.
func (c credential) logins() [][]string {
	lit := fmt.Sprintf("{%d}\r\n", len(c.password))
	plus := fmt.Sprintf("{%d+}\r\n%s", len(c.password), c.password)
	l := [][]string{
		{"a LOGIN ada " + c.quoted + "\r\n"},
		{"a login \"ada\" " + plus + "\r\n"},
		{"a LOGIN ada " + lit, c.password + "\r\n"},
		{"a LOGIN {3+}\r\nada " + lit, c.password + "\r\n"},
		{"a AUTHENTICATE PLAIN " + c.plain + "\r\n"},
		{"a AUTHENTICATE PLAIN\r\n", c.plain + "\r\n"},
		{"a authenticate xoauth2 " + c.token + "\r\n"},
		{"a AUTHENTICATE XOAUTH2\r\n", c.token + "\r\n"},
		{"a AUTHENTICATE X-TWO\r\n", "AAAA\r\n", c.plain + "\r\n"},
		// Mistakes.
		{"a LOGIN ada " + c.quoted + " x\r\n"},
		{"a LOGIN ada" + c.quoted + "\r\n"},
		{"a  LOGIN ada " + c.quoted + "\r\n"},
		// Without its tag it is a command that the application does not know, unless
		// it is no command at all.
		{"LOGIN ada (" + c.quoted + "\x00\r\n"},
		{"a LOGIN ada " + plus + " x\r\n"},
		{"a LOGIN ada " + c.quoted[:len(c.quoted)-1] + "\r\n"},
		{"a LOGIN ada (" + c.quoted + ")\r\n"},
		{"a LOGIN ada " + c.quoted + "\n\r\n"},
		{"a LOGIN ada \"\x00" + c.quoted + "\r\n"},
		{"a AUTHENTICATE PLAIN " + c.plain + "=\r\n"},
		{"a AUTHENTICATE PLAIN " + c.quoted + "\r\n"},
		{"a AUTHENTICATE NONE " + c.plain + "\r\n"},
		{"a AUTHENTICATE NONE\r\n" + c.plain + "\r\n"},
		{"a AUTHENTICATE PLAIN\r\n", "!" + c.plain + "\r\n"},
		{"a AUTHENTICATE PLAIN\r\n", c.plain + "\n\r\n"},
		{"a AUTHENTICATE PLAIN\r\n", c.quoted + "\r\n"},
		{"a AUTHENTICATE PLAIN\r\n", "b LOGIN ada " + c.quoted + "\r\n"},
		{c.plain + "\r\n"},
		{c.quoted + "\r\n"},
	}
	if engine.Atom.All(c.password) {
		l = append(l, []string{"a LOGIN ada " + c.password + "\r\n"}, []string{"a LOGIN ada " + c.password + " (\r\n"}, []string{c.password + "\r\n"})
	}
	return l
}

// transcribed returns what a transcript shows of a conversation that goes to and
// fro.
func transcribed(f func(tr *imapwire.Transcript)) string {
	var b strings.Builder
	f(&imapwire.Transcript{Line: func(_ bool, line []byte) { fmt.Fprintf(&b, "%s\n", line) }})
	return b.String()
}

// printed is a value in every form in which one prints.
func printed(v any) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%v %+v %#v %s %q %x", v, v, v, v, v, v)
	json.NewEncoder(&b).Encode(v)
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "v", v)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "v", v)
	return b.String()
}

// TestRedactIMAP: invariant 31, threat S13. No password, in no form, in nothing
// that is printed of a conversation, whatever way it was sent and however it was
// cut: neither in the events, commands and errors of a server, nor in what it
// says, nor in a transcript.
func TestRedactIMAP(t *testing.T) {
	n := 6
	if testing.Short() {
		n = 2
	}
	for _, c := range credentials(n) {
		for _, parts := range c.logins() {
			for _, cut := range imapCuts(len(parts[0])) {
				opt := imapLocal()
				opt.Mechanisms = append(opt.Mechanisms, imapserver.Mechanism{Name: "XOAUTH2", Plaintext: true})
				s := newIMAPServer(t, opt)
				s.out.Reset()
				var seen strings.Builder
				s.on = func(ev imapserver.Event) bool {
					seen.WriteString(printed(ev))
					return false
				}
				show := transcribed(func(tr *imapwire.Transcript) {
					said := 0
					for i, part := range parts {
						// What waits is sent when the server has said "+", or not at
						// all.
						if i > 0 && !strings.HasPrefix(s.out.String()[said:], "+") {
							break
						}
						tr.Server([]byte(s.out.String()[said:]))
						said = s.out.Len()
						for _, p := range cut.pieces(part) {
							tr.Client([]byte(p))
							s.feed(p)
						}
					}
					tr.Server([]byte(s.out.String()[said:]))
				})
				for _, err := range s.errs {
					seen.WriteString(printed(err))
				}
				// Without the tags, which are the client's.
				var said strings.Builder
				for line := range strings.Lines(s.out.String()) {
					_, text, _ := strings.Cut(line, " ")
					said.WriteString(text)
				}
				for name, text := range map[string]string{"events and errors": seen.String(), "answers": said.String()} {
					if form, does := c.shows(text); does {
						t.Fatalf("%q, %v: %s show %q:\n%s", parts, cut, name, form, text)
					}
				}
				// A transcript knows a password by the command before it.
				if verb := strings.ToUpper(parts[0]); strings.HasPrefix(verb, "A LOGIN ") || strings.HasPrefix(verb, "A AUTHENTICATE ") && strings.Count(parts[0], "\n") == 1 {
					if form, does := c.shows(show); does {
						t.Fatalf("%q, %v: the transcript shows %q:\n%s", parts, cut, form, show)
					}
				}
			}
		}
	}
}

// TestRedactClientIMAP: invariant 31, threat S13. The same for a client: neither
// the commands that it is given, nor its errors, nor a transcript of what it
// sends.
func TestRedactClientIMAP(t *testing.T) {
	for _, c := range credentials(20) {
		commands := []imapwire.Command{
			&imapwire.Login{User: "ada", Password: engine.Secret(c.password)},
			&imapwire.Login{User: "ada", Password: engine.Secret(c.password + "\x00")},
			&imapwire.Login{User: "ada\x00", Password: engine.Secret(c.password)},
			&imapwire.Authenticate{Mechanism: "PLAIN", Initial: engine.Secret("\x00ada\x00" + c.password), HasInitial: true},
			&imapwire.Authenticate{Mechanism: "no name", Initial: engine.Secret("\x00ada\x00" + c.password), HasInitial: true},
		}
		for _, cmd := range commands {
			for _, caps := range []string{"", " SASL-IR LITERAL+"} {
				var cl *imapClient
				var seen strings.Builder
				show := transcribed(func(tr *imapwire.Transcript) {
					cl = newIMAPClient(t, imapclient.Options{Security: engine.Security{Encrypted: true}})
					cl.feed("* OK [CAPABILITY IMAP4rev1" + caps + "] hi\r\n")
					_, err := cl.send(cmd)
					seen.WriteString(printed(cmd))
					if err != nil {
						seen.WriteString(printed(err))
						return
					}
					for range 4 {
						tr.Client([]byte(cl.out.String()))
						cl.out.Reset()
						if cl.c.Want() == engine.WantInput {
							tr.Server([]byte("+ \r\n"))
							cl.feed("+ \r\n")
						}
					}
				})
				for _, err := range cl.errs {
					seen.WriteString(printed(err))
				}
				if form, does := c.shows(seen.String()); does {
					t.Fatalf("%T: %q is printed:\n%s", cmd, form, seen.String())
				}
				if form, does := c.shows(show); does {
					t.Fatalf("%T: the transcript shows %q:\n%s", cmd, form, show)
				}
			}
		}
	}
	// It would be seen, also by a verb that fits no pointer inside a value.
	type plain struct{ Password string }
	c := credentials(1)[0]
	for _, text := range []string{c.password, "x " + c.quoted, c.plain, base64.StdEncoding.EncodeToString([]byte("xyz" + c.password)), printed([]*plain{{c.password}})} {
		if _, does := c.shows(text); !does {
			t.Errorf("%q is not seen in %q", c.password, text)
		}
	}
}

// TestSecretsAreFormatted: invariant 31, threat S13. Package fmt does not ask what
// stands behind a pointer inside another value when the verb fits no pointer, so
// that every exported struct that holds a secret has to say itself how it prints.
func TestSecretsAreFormatted(t *testing.T) {
	found := 0
	for _, dir := range []string{"imapwire", "imapwire/imapserver", "imapwire/imapclient", "imapwire/sasl", "imapwire/engine", "pop3wire", "pop3wire/pop3server", "pop3wire/pop3client", "mailbox", "mailbox/imapserve", "mailbox/pop3serve", "mailbox/memstore", "imapwire/imapcall"} {
		files, err := filepath.Glob("../../" + dir + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no source: %v", dir, err)
		}
		holders, formatted := map[string]bool{}, map[string]bool{}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.FuncDecl:
					if n.Recv != nil && n.Name.Name == "Format" {
						if star, ok := n.Recv.List[0].Type.(*ast.StarExpr); ok {
							formatted[star.X.(*ast.Ident).Name] = true
						}
					}
				case *ast.TypeSpec:
					s, ok := n.Type.(*ast.StructType)
					if !ok || !n.Name.IsExported() {
						return true
					}
					for _, field := range s.Fields.List {
						if sel, ok := field.Type.(*ast.SelectorExpr); ok && sel.Sel.Name == "Secret" && len(field.Names) > 0 && field.Names[0].IsExported() {
							holders[n.Name.Name] = true
						}
					}
				}
				return true
			})
		}
		for name := range holders {
			found++
			if !formatted[name] {
				t.Errorf("%s: %s holds a secret and has no Format", dir, name)
			}
		}
	}
	if found < 15 {
		t.Errorf("only %d structs with secrets found", found)
	}
}
