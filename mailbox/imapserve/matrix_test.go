package imapserve_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

var update = flag.Bool("update", false, "write golden files")

// A standpoint is where a session stands when a command comes.
type standpoint struct {
	name string
	sec  engine.Security
	// before are the commands that lead there.
	before []string
}

// standpoints returns the states of RFC 9051 §3, in both revisions, with a
// mailbox that may be written and one that may not.
func standpoints() []standpoint {
	tls := engine.Security{Encrypted: true}
	const login, rev2 = "LOGIN u p", "ENABLE IMAP4rev2"
	return []standpoint{
		{"not authenticated", engine.Security{}, nil},
		{"not authenticated, TLS", tls, nil},
		{"authenticated", tls, []string{login}},
		{"selected", tls, []string{login, "SELECT INBOX"}},
		{"examined", tls, []string{login, "EXAMINE INBOX"}},
		{"authenticated, rev2", tls, []string{login, rev2}},
		{"selected, rev2", tls, []string{login, rev2, "SELECT INBOX"}},
		{"examined, rev2", tls, []string{login, rev2, "EXAMINE INBOX"}},
		{"logout", tls, []string{login, "LOGOUT"}},
	}
}

// matrixCommands are every command, those on messages in both forms, and the
// items whose answer differs between the revisions.
var matrixCommands = []string{
	"CAPABILITY", "NOOP", "LOGOUT", "ID NIL", "STARTTLS", "AUTHENTICATE PLAIN AHUAcA==", "AUTHENTICATE PLAIN\r\nAHUAcA==", "AUTHENTICATE PLAIN AHUAeA==", "AUTHENTICATE X-NONE", "LOGIN u p", "LOGIN u x",
	"ENABLE IMAP4rev2", "ENABLE X-NONE", "SELECT box", "SELECT nosuch", "EXAMINE box", "EXAMINE nosuch", "SELECT INBOX (X-NONE)", "SELECT box (CONDSTORE)", "SELECT box (QRESYNC (1 1))", "ENABLE CONDSTORE", "ENABLE QRESYNC", "CREATE new", "CREATE box", "DELETE box", "DELETE nosuch", "DELETE INBOX", "RENAME box new", "RENAME nosuch new",
	"SUBSCRIBE box", "UNSUBSCRIBE box", `LIST "" *`, `LIST "" ""`, `LIST (SUBSCRIBED) "" * RETURN (CHILDREN STATUS (MESSAGES))`, `LIST "" * RETURN (STATUS (RECENT))`, `LIST (X-NONE) "" *`, `LSUB "" *`, "NAMESPACE",
	"STATUS box (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)", "STATUS box (RECENT)", "STATUS box (DELETED SIZE)", "STATUS nosuch (MESSAGES)", "STATUS box (X-NONE)", "STATUS box (DELETED-STORAGE)", `GETQUOTA ""`, "GETQUOTA nosuch", "GETQUOTAROOT box", "GETQUOTAROOT nosuch", `SETQUOTA "" (STORAGE 1)`, "APPEND box {3+}\r\nabc", "APPEND INBOX (\\Seen k) {3}\r\nabc", "APPEND nosuch {3+}\r\nabc", "IDLE\r\nDONE", "IDLE\r\nNOOP",
	"CHECK", "CLOSE", "UNSELECT", "EXPUNGE", "UID EXPUNGE 1:*", "UID EXPUNGE 99",
	"SEARCH ALL", "UID SEARCH ALL", "SEARCH RETURN (MIN MAX COUNT) ALL", "UID SEARCH RETURN (SAVE) ALL", "SEARCH NEW", "SEARCH NOT (OR OLD SEEN)", "UID SEARCH RECENT", "SEARCH RETURN (X-NONE) ALL", "SEARCH CHARSET X-NONE ALL", "SEARCH 99", "SEARCH MODSEQ 1", "UID SEARCH RETURN (MIN) MODSEQ 9",
	"FETCH 1 FLAGS", "UID FETCH 1:* (FLAGS UID)", "FETCH 1 BODY[]", "UID FETCH 1 BODY.PEEK[TEXT]", "FETCH 1 RFC822", "FETCH 1 RFC822.HEADER", "UID FETCH 1 (UID RFC822.TEXT)", "FETCH 1 RFC822.SIZE", "FETCH 1 BINARY[1]", "FETCH 1 ALL", "FETCH 1 MODSEQ", "FETCH 1 FLAGS (CHANGEDSINCE 1)", "UID FETCH 1:* FLAGS (CHANGEDSINCE 9 VANISHED)", "STORE 1 (UNCHANGEDSINCE 0) +FLAGS (x)", "UID STORE 1 (UNCHANGEDSINCE 9) +FLAGS.SILENT (x)", "FETCH 99 FLAGS", "UID FETCH 99 FLAGS", "FETCH 1 X-NONE",
	`STORE 1 +FLAGS (\Flagged)`, `UID STORE 1:* -FLAGS.SILENT (\Deleted)`, "STORE 1 FLAGS (k)", "STORE 99 FLAGS ()", "UID STORE 99 FLAGS ()", "STORE 1 (X-NONE 1) FLAGS ()", "COPY 1 box", "UID COPY 1:2 box", "COPY 1 nosuch", "COPY 99 box", "UID COPY 99 box", "MOVE 1 box", "UID MOVE 1:2 box", "MOVE 1 nosuch", "UID MOVE 99 box",
	"XFOO", "UID XFOO 1", "NOOP x", "FETCH",
}

// TestMatrix: invariants 12 and 13 and threat S1 over the whole path, from
// octets to the store and back. Every command in every state of both revisions:
// the class of its answer, the response code, and the names of the untagged
// responses.
func TestMatrix(t *testing.T) {
	var b strings.Builder
	for _, command := range matrixCommands {
		fmt.Fprintf(&b, "%q\n", command)
		for _, at := range standpoints() {
			f := newFixture(t, memstore.Options{})
			setup := f.login(t)
			setup.ok("CREATE box")
			setup.ok("SUBSCRIBE box")
			for i := range 3 {
				setup.append("INBOX", fmt.Sprint(i))
			}
			setup.ok("SELECT INBOX")
			setup.ok(`STORE 3 +FLAGS.SILENT (\Deleted)`)
			setup.ok("UNSELECT")
			setup.append("INBOX", "new") // \Recent
			c := f.connect(t, at.sec)
			c.drain()
			for i, before := range at.before {
				c.send(fmt.Sprintf("b%d %s\r\n", i, before))
			}
			answer := "closed"
			if c.sess.Want() == engine.WantInput {
				answer = describe(t, c.send("t "+command+"\r\n"))
			}
			fmt.Fprintf(&b, "\t%-23s %s\n", at.name, answer)
		}
	}
	path := filepath.Join("testdata", "matrix.txt")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// describe returns the tagged answer to the command t, then "+" and the names of
// the untagged responses, with how often one comes in a row. Answers to what
// stood behind the command follow in parentheses.
func describe(t fataler, out string) string {
	answer := ""
	var names, behind []string
	for _, frame := range responsesOf(t, out) {
		r, err := imapwire.ParseResponse(frame, imapwire.ParseOptions{UTF8: true})
		if err != nil {
			t.Fatalf("%q: %v", frame, err)
		}
		name := responseName(t, r)
		if s, isStatus := r.(*imapwire.StatusResponse); isStatus && s.Tag == "t" && answer == "" {
			answer = name
			continue
		} else if isStatus && (s.Tag != "" || answer != "") && s.Condition != imapwire.BYE {
			behind = append(behind, name)
			continue
		}
		if n := len(names); n > 0 && strings.TrimRight(names[n-1], "×0123456789") == name {
			count := 1
			fmt.Sscanf(names[n-1], name+"×%d", &count)
			names[n-1] = fmt.Sprintf("%s×%d", name, count+1)
			continue
		}
		names = append(names, name)
	}
	if answer == "" {
		answer = "nothing"
	}
	if len(names) > 0 {
		answer += ": " + strings.Join(names, ", ")
	}
	if len(behind) > 0 {
		answer += " (" + strings.Join(behind, ", ") + ")"
	}
	return answer
}

// responsesOf cuts what a server wrote.
func responsesOf(t fataler, out string) (frames [][]byte) {
	var f imapwire.Framer
	f.SetBounds(imapwire.Limits{}.Response(true))
	if err := f.Feed([]byte(out)); err != nil {
		t.Fatalf("%v", err)
	}
	for {
		switch fr := f.Next(); fr.Kind {
		case imapwire.FrameNone:
			if f.Partial() {
				t.Fatalf("half a response at the end of %q", out)
			}
			return frames
		case imapwire.FrameLiteral:
			if err := f.Buffer(); err != nil {
				t.Fatalf("%v", err)
			}
		case imapwire.FrameWhole:
			frames = append(frames, append([]byte(nil), fr.Data...))
		default:
			t.Fatalf("%q: %v", out, fr.Err)
		}
	}
}

func responseName(t fataler, r imapwire.Response) string {
	switch r := r.(type) {
	case *imapwire.Continue:
		return "+"
	case *imapwire.StatusResponse:
		s := r.Condition.String()
		switch code := r.Code.(type) {
		case nil:
		case imapwire.CodeAtom:
			s += " [" + string(code) + "]"
		case *imapwire.CodeNumber:
			s += " [" + code.Name + "]"
		case *imapwire.CodeCapability:
			s += " [CAPABILITY]"
		case *imapwire.CodePermanentFlags:
			s += " [PERMANENTFLAGS]"
		case *imapwire.CodeBadCharset:
			s += " [BADCHARSET]"
		case *imapwire.CodeAppendUID:
			s += " [APPENDUID]"
		case *imapwire.CodeModified:
			s += " [MODIFIED]"
		case *imapwire.CodeCopyUID:
			s += " [COPYUID]"
		default:
			t.Fatalf("code %#v", code)
		}
		return s
	case *imapwire.UnknownData:
		t.Fatalf("%q", r.Raw)
	case *imapwire.ListData:
		if r.Verb != "" {
			return r.Verb
		}
	}
	name := fmt.Sprintf("%T", r)
	name = strings.TrimSuffix(name[strings.LastIndex(name, ".")+1:], "Data")
	return strings.ToUpper(name)
}
