package pop3client_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3client"
	"github.com/mailwire/mailwire/pop3wire/pop3server"
)

var maildrop = []string{
	"Subject: one\r\n\r\nHello\r\n",
	"Subject: dots\r\n\r\n.\r\n..two\r\n\n.\nlast\r\n",
	strings.Repeat("A line of text, and not the only one.\r\n", 300),
}

// A pair is both engines of one conversation, with an application of each side.
// What one sends reaches the other in pieces.
type pair struct {
	*player
	s     *pop3server.Conn
	size  int // of pieces; 0 is all at once
	toS   string
	toC   string
	shown []string // of a transcript
	tr    pop3wire.Transcript
	gone  map[uint32]bool
	rest  string // what a client sent behind STLS
}

const stamp = "<1896.697170952@dbc.mtview.ca.us>"

func newPair(t fataler, opt pop3client.Options, size int) *pair {
	s, err := pop3server.New(start, pop3server.Options{
		Security: opt.Security, PlaintextAuth: opt.PlaintextAuth, APOP: opt.APOP, Timestamp: stamp, STLS: true,
		Mechanisms: []pop3server.Mechanism{{Name: "PLAIN", Plaintext: true}, {Name: "X-TWO"}},
		Capabilities: pop3server.CapabilityLists{Authorization: []pop3wire.Capability{
			pop3wire.CapTop, pop3wire.CapUIDL, &pop3wire.CapUTF8{User: true}, pop3wire.CapLang, &pop3wire.CapExpire{Never: true},
		}},
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	p := &pair{player: newPlayer(t, opt), s: s, size: size, gone: map[uint32]bool{}}
	p.tr.Line = func(server bool, line []byte) {
		who := "C: "
		if server {
			who = "S: "
		}
		p.shown = append(p.shown, who+string(line))
	}
	return p
}

func (p *pair) must(err error) {
	if err != nil {
		p.t.Fatalf("%v", err)
	}
}

// run moves octets until nothing moves.
func (p *pair) run() {
	for moved := true; moved; {
		moved = false
		for ev := p.c.Next(); ev != nil; ev = p.c.Next() {
			p.event(ev)
			if ch, is := ev.(*pop3client.Challenge); is {
				p.must(p.c.Respond(ch.ID, engine.Secret("answer to "+string(ch.Data))))
			}
			moved = true
		}
		for ev := p.s.Next(); ev != nil; ev = p.s.Next() {
			p.serve(ev)
			moved = true
		}
		var out strings.Builder
		p.must(p.c.Flush(start, &out))
		p.toS += out.String()
		p.tr.Client([]byte(out.String()))
		out.Reset()
		p.must(p.s.Flush(start, &out))
		p.toC += out.String()
		p.tr.Server([]byte(out.String()))
		if p.c.Want() == engine.WantUpgrade && p.s.Want() == engine.WantUpgrade && p.toS+p.toC == "" {
			p.c.Upgraded(start, engine.LayerTLS, engine.Security{Encrypted: true})
			p.s.Upgraded(start, engine.LayerTLS, engine.Security{Encrypted: true})
			moved = true
		}
		if p.toS != "" && p.s.Want() == engine.WantInput {
			n := p.next(p.toS)
			if p.s.Feed(start, []byte(p.toS[:n])) == nil {
				p.toS = p.toS[n:]
				moved = true
			}
		}
		if p.toC != "" && p.c.Want() == engine.WantInput {
			n := p.next(p.toC)
			b := []byte(p.toC[:n])
			p.must(p.c.Feed(start, b))
			p.toC = p.toC[n:]
			for ev := p.c.Next(); ev != nil; ev = p.c.Next() {
				p.event(ev)
				if ch, is := ev.(*pop3client.Challenge); is {
					p.must(p.c.Respond(ch.ID, engine.Secret("answer to "+string(ch.Data))))
				}
			}
			for i := range b {
				b[i] = '#'
			}
			moved = true
		}
	}
}

func (p *pair) next(s string) int {
	if p.size == 0 {
		return len(s)
	}
	return min(p.size, len(s))
}

// serve answers as a server with a maildrop does.
func (p *pair) serve(ev pop3server.Event) {
	s := p.s
	ok, no := pop3wire.Status{OK: true, Text: "done"}, pop3wire.Status{Text: "no"}
	switch ev := ev.(type) {
	case *pop3server.Login:
		p.must(s.Done(ev.ID, pop3wire.Status{OK: ev.User == "ada" && ev.Password == "secret", Text: "login"}))
	case *pop3server.Apop:
		p.must(s.Done(ev.ID, pop3wire.Status{OK: ev.Verify("secret"), Text: "apop"}))
	case *pop3server.Auth:
		if ev.HasInitial {
			p.must(s.Done(ev.ID, pop3wire.Status{OK: ev.Initial == "\x00ada\x00secret", Text: "auth", Code: ""}))
			return
		}
		p.must(s.Challenge(ev.ID, []byte("who?")))
	case *pop3server.AuthResponse:
		if !ev.Cancelled {
			p.must(s.Done(ev.ID, pop3wire.Status{OK: ev.Data == "answer to who?" || ev.Data == "\x00ada\x00secret", Text: "auth"}))
		}
	case *pop3server.Upgrade:
		p.rest += string(ev.Rest)
	case *pop3server.Command:
		p.command(ev.ID, ev.Cmd, ok, no)
	case *pop3server.Malformed:
		p.t.Fatalf("the server can not read %q: %v", ev.Raw, ev.Err)
	}
}

func (p *pair) command(id engine.ID, cmd pop3wire.Command, ok, no pop3wire.Status) {
	s := p.s
	there := func(n uint32) bool { return int(n) <= len(maildrop) && !p.gone[n] }
	body := func(n uint32, b pop3server.Body) {
		if !there(n) {
			p.must(s.Done(id, no))
			return
		}
		b.Reader, b.Size = io.NopCloser(strings.NewReader(maildrop[n-1])), int64(len(maildrop[n-1]))
		p.must(s.Body(id, ok, b))
	}
	list := func(num uint32, line func(n uint32) pop3wire.Line) {
		if num > 0 {
			if there(num) {
				p.must(s.Answer(id, line(num)))
			} else {
				p.must(s.Done(id, no))
			}
			return
		}
		p.must(s.Begin(id, ok))
		for i := range maildrop {
			if n := uint32(i + 1); there(n) {
				p.must(s.Send(id, line(n)))
			}
		}
		p.must(s.End(id))
	}
	switch cmd := cmd.(type) {
	case *pop3wire.Stat:
		p.must(s.Answer(id, &pop3wire.DropListing{Count: uint32(len(maildrop) - len(p.gone)), Size: 7}))
	case *pop3wire.List:
		list(cmd.Num, func(n uint32) pop3wire.Line {
			return &pop3wire.ScanListing{Num: n, Size: int64(len(maildrop[n-1]))}
		})
	case *pop3wire.Uidl:
		list(cmd.Num, func(n uint32) pop3wire.Line { return &pop3wire.UniqueID{Num: n, ID: fmt.Sprint("u", n)} })
	case *pop3wire.Retr:
		body(cmd.Num, pop3server.Body{})
	case *pop3wire.Top:
		body(cmd.Num, pop3server.Body{Top: true, Lines: cmd.Lines})
	case *pop3wire.Dele:
		if there(cmd.Num) {
			p.gone[cmd.Num] = true
			p.must(s.Done(id, ok))
		} else {
			p.must(s.Done(id, no))
		}
	case *pop3wire.Lang:
		if cmd.Range != "" {
			p.must(s.Answer(id, &pop3wire.Language{Tag: "es", Text: "sí"}))
			return
		}
		p.must(s.Begin(id, ok))
		p.must(s.Send(id, &pop3wire.Language{Tag: "en", Text: "English"}))
		p.must(s.End(id))
	case *pop3wire.UnknownCommand:
		p.must(s.Begin(id, ok))
		p.must(s.Send(id, pop3wire.RawLine(".x"), pop3wire.RawLine("")))
		p.must(s.End(id))
	default:
		p.must(s.Done(id, ok))
	}
}

// TestPair: invariants 1, 31, 32 and 38. Both engines with each other: the same is
// told in pieces of every size, commands go ahead or do not, and a transcript
// shows no secret.
func TestPair(t *testing.T) {
	login := []pop3wire.Command{&pop3wire.User{Name: "ada"}, &pop3wire.Pass{Password: "secret"}}
	work := []pop3wire.Command{
		&pop3wire.Capa{}, &pop3wire.Stat{}, &pop3wire.List{}, &pop3wire.List{Num: 2}, &pop3wire.List{Num: 9}, &pop3wire.Uidl{}, &pop3wire.Uidl{Num: 3},
		&pop3wire.Retr{Num: 1}, &pop3wire.Retr{Num: 2}, &pop3wire.Retr{Num: 9}, &pop3wire.Top{Num: 2, Lines: 1}, &pop3wire.Retr{Num: 3}, &pop3wire.Dele{Num: 1}, &pop3wire.Noop{},
		&pop3wire.Lang{}, &pop3wire.Lang{Range: "es"}, &pop3wire.List{}, &pop3wire.Rset{}, &pop3wire.Quit{},
	}
	for _, tt := range []struct {
		name   string
		first  []pop3wire.Command
		ignore []string
	}{
		{"user", append([]pop3wire.Command{&pop3wire.Capa{}}, login...), nil},
		{"one at a time", login, []string{"PIPELINING"}},
		{"apop", []pop3wire.Command{&pop3wire.Apop{Name: "ada", Digest: pop3wire.APOPDigest(stamp, "secret")}}, nil},
		{"auth", []pop3wire.Command{&pop3wire.Auth{}, &pop3wire.Auth{Mechanism: "X-TWO"}}, nil},
		{"initial", []pop3wire.Command{&pop3wire.Capa{}, &pop3wire.Auth{Mechanism: "PLAIN", Initial: "\x00ada\x00secret", HasInitial: true}}, nil},
		{"initial, held back", []pop3wire.Command{&pop3wire.Auth{Mechanism: "PLAIN", Initial: "\x00ada\x00secret", HasInitial: true}}, nil},
		{"stls", append([]pop3wire.Command{&pop3wire.Capa{}, &pop3wire.Stls{}, &pop3wire.Capa{}}, login...), nil},
		{"utf8", append([]pop3wire.Command{&pop3wire.Capa{}, &pop3wire.UTF8{}, &pop3wire.User{Name: "é"}}, login...), nil},
	} {
		var whole []string
		for size := range 40 {
			opt := loopback
			opt.Ignore = tt.ignore
			p := newPair(t, opt, size)
			if tt.name == "apop" || tt.name == "utf8" {
				p.run() // the greeting comes first
			}
			for _, cmd := range append(tt.first[:len(tt.first):len(tt.first)], work...) {
				if _, err := p.c.Send(cmd); err != nil {
					t.Fatalf("%s: %s: %v", tt.name, cmd.Verb(), err)
				}
				if tt.name == "utf8" {
					p.run()
				}
			}
			if tt.name == "one at a time" {
				p.c.SendListing(&pop3wire.UnknownCommand{Name: "XTND"})
			}
			p.run()
			log := p.lines("E: ")
			if size == 0 {
				whole = log
				text := strings.Join(log, "\n")
				for i, msg := range maildrop {
					// The server makes line ends of a message CRLF.
					if want := fmt.Sprintf("is %q", strings.ReplaceAll(strings.ReplaceAll(msg, "\r\n", "\n"), "\n", "\r\n")); !strings.Contains(text, want) {
						t.Fatalf("%s: message %d is not there:\n%s", tt.name, i+1, text)
					}
				}
				if !strings.HasSuffix(text, "E: closed: <nil>") || strings.Contains(text, "E: malformed") || strings.Contains(text, "E: tolerated") || p.c.State() != pop3client.StateClosed {
					t.Fatalf("%s:\n%s", tt.name, text)
				}
			} else if d := cmp.Diff(whole, log); d != "" {
				t.Fatalf("%s in pieces of %d (-whole +pieces):\n%s", tt.name, size, d)
			}
			if p.rest != "" {
				t.Fatalf("%s: %q behind STLS", tt.name, p.rest)
			}
			for _, line := range p.shown {
				for _, s := range []string{"secret", "AGFkYQBzZWNyZXQ=", "YW5zd2VyIHRvIHdobz8=", string(pop3wire.APOPDigest(stamp, "secret"))} {
					if strings.Contains(line, s) {
						t.Fatalf("%s: a transcript shows %s", tt.name, line)
					}
				}
			}
		}
	}
}
