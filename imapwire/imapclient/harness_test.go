package imapclient_test

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// start is the moment at which all tests happen.
var start = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

type fataler interface{ Fatalf(string, ...any) }

// A player plays the server and the application of a Conn, and logs what the
// Conn does: "C: " lines that it sent, "E: " events.
type player struct {
	t     fataler
	c     *imapclient.Conn
	cut   int // octets of each Feed; 0 is all at once
	reuse bool
	log   []string
	out   string // octets written that are not logged
	piece string // of a content, until it is whole
	ids   map[string]engine.ID
}

func newPlayer(t fataler, opt imapclient.Options) *player {
	c, err := imapclient.New(start, opt)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return &player{t: t, c: c, reuse: opt.Reuse, ids: map[string]engine.ID{}}
}

func (p *player) logf(format string, args ...any) {
	p.log = append(p.log, strings.ReplaceAll(fmt.Sprintf(format, args...), "\r\n", `\r\n`))
}

// work flushes and takes events until nothing is left to do.
func (p *player) work() {
	for {
		p.flush()
		ev := p.c.Next()
		if ev == nil {
			return
		}
		p.event(ev)
	}
}

func (p *player) flush() {
	var b strings.Builder
	p.c.Flush(start, &b)
	p.out += b.String()
	for {
		line, rest, ok := strings.Cut(p.out, "\r\n")
		if !ok {
			break
		}
		p.logf("C: %s", line)
		p.out = rest
	}
}

// settle logs octets that end in no line.
func (p *player) settle() {
	if p.out != "" {
		p.logf("C: %s\\", p.out)
		p.out = ""
	}
}

func (p *player) event(ev imapclient.Event) {
	switch ev := ev.(type) {
	case *imapclient.Greeting:
		p.logf("E: greeting %s", status(ev.StatusCondition))
	case *imapclient.Data:
		p.logf("E: data %s", wire(p.t, ev.Response))
		poison(ev)
	case *imapclient.FetchStart:
		p.logf("E: fetch %d", ev.Num)
	case *imapclient.Body:
		p.logf("E: body %d %s, behind %s", ev.Num, section(p.t, ev.Section), items(p.t, ev.So))
	case *imapclient.BodyData:
		p.piece += string(ev.Data)
		last := ev.Last
		// What is borrowed is poisoned behind the test of it.
		clear(ev.Data)
		*ev = imapclient.BodyData{}
		if last {
			p.logf("E: content %q", p.piece)
			p.piece = ""
		}
	case *imapclient.FetchEnd:
		err := ""
		if ev.Err != nil {
			err = ": " + ev.Err.Error()
			if p.piece != "" {
				err = fmt.Sprintf(" behind %q", p.piece) + err
				p.piece = ""
			}
		}
		p.logf("E: fetched %d %s%s", ev.Num, items(p.t, ev.Data), err)
		if p.reuse {
			for i := range ev.Data.Flags {
				ev.Data.Flags[i] = "poisoned"
			}
			*ev.Data = imapwire.FetchData{Num: 666, Has: 0xffff, UID: 666}
			*ev = imapclient.FetchEnd{Num: 666}
		}
	case *imapclient.Ready:
		p.logf("E: ready %d, %d octets", ev.ID, ev.Size)
	case *imapclient.Challenge:
		p.logf("E: challenge %d %q", ev.ID, ev.Data)
	case *imapclient.Idling:
		p.logf("E: idling %d", ev.ID)
	case *imapclient.Done:
		if ev.Err != nil {
			p.logf("E: done %d: %v", ev.ID, ev.Err)
		} else {
			p.logf("E: done %d %s", ev.ID, status(ev.Status))
		}
	case *imapclient.Malformed:
		p.logf("E: malformed %q: %v", ev.Raw, ev.Err)
	case *imapclient.Tolerated:
		for _, d := range ev.Diagnostics {
			p.logf("E: tolerated %v at octet %d: %q", d.Tolerance, d.Offset, d.Got)
		}
	case *imapclient.Upgrade:
		p.logf("E: upgrade %v", ev.Layer)
	case *imapclient.Closed:
		p.logf("E: closed: %v", ev.Err)
	default:
		p.t.Fatalf("event %T", ev)
	}
}

// poison makes nonsense of the numbers that are borrowed in a piece of a long list.
func poison(ev *imapclient.Data) {
	if ev.Clone() == ev {
		return
	}
	switch r := ev.Response.(type) {
	case *imapwire.SearchData:
		for i := range r.Nums {
			r.Nums[i] = 666
		}
	case *imapwire.ESearchData:
		for i := range r.All {
			r.All[i] = imap.Range{First: 666, Last: 6}
		}
	}
}

func status(s imapwire.StatusCondition) string {
	if s.Condition == imapwire.PREAUTH || s.Condition == imapwire.BYE {
		return s.Condition.String() + " " + s.Text
	}
	b, err := imapwire.AppendResponse(nil, &imapwire.StatusResponse{StatusCondition: s}, imapwire.ResponseOptions{})
	if err != nil {
		return err.Error()
	}
	return strings.TrimSuffix(string(b[2:]), "\r\n")
}

func wire(t fataler, r imapwire.Response) string {
	b, err := imapwire.AppendResponse(nil, r, imapwire.ResponseOptions{UTF8: true})
	if err != nil {
		return fmt.Sprintf("%T: %v", r, err)
	}
	return strings.TrimSuffix(string(b), "\r\n")
}

// items shows what a FETCH response told, contents by their size.
func items(t fataler, f *imapwire.FetchData) string {
	rest := *f
	rest.Sections = nil
	rest.Part = imapwire.FetchLast
	b, err := imapwire.AppendResponse(nil, &rest, imapwire.ResponseOptions{UTF8: true})
	if err != nil {
		return err.Error()
	}
	s := strings.TrimSpace(strings.TrimSuffix(string(b), ")\r\n"))
	for _, d := range f.Sections {
		s = strings.TrimSpace(s + " " + section(t, d))
	}
	return "(" + s + ")"
}

func section(t fataler, d imapwire.SectionData) string {
	f := &imapwire.FetchData{Num: 1, Sections: []imapwire.SectionData{d}, Part: imapwire.FetchFirst}
	b, _, err := imapwire.EncodeFetch(nil, f, imapwire.ResponseOptions{UTF8: true})
	if err != nil {
		return err.Error()
	}
	return strings.TrimSuffix(strings.TrimPrefix(string(b), "* 1 FETCH ("), "\r\n")
}

// feed gives input, and works.
func (p *player) feed(s string) {
	for s != "" {
		n := len(s)
		if p.cut > 0 {
			n = min(n, p.cut)
		}
		p.work()
		b := []byte(s[:n])
		if err := p.c.Feed(start, b); err != nil {
			p.logf("E: feed: %v", err)
			return
		}
		p.work()
		clear(b)
		s = s[n:]
	}
}

// act does what a line of a transcript says: an action in capitals of the
// test's own, or a command.
func (p *player) act(line string) {
	verb, arg, _ := strings.Cut(line, " ")
	unescaped := strings.NewReplacer(`\r`, "\r", `\n`, "\n").Replace(arg)
	var err error
	switch verb {
	case "EOF":
		p.c.FeedEOF(start)
	case "EXPIRE":
		p.c.Expire(p.c.Deadline())
	case "UPGRADED":
		p.c.Upgraded(start, engine.LayerTLS, engine.Security{Encrypted: true})
	case "FAILED":
		p.c.UpgradeFailed(io.ErrNoProgress)
	case "END":
		err = p.c.EndIdle(p.ids["IDLE"])
	case "RESPOND":
		err = p.c.Respond(p.ids["AUTHENTICATE"], engine.Secret(unescaped))
	case "CANCEL":
		err = p.c.Cancel(p.ids["AUTHENTICATE"])
	case "PUSH":
		var n int
		if n, err = p.c.Push([]byte(unescaped)); err == nil && n < len(unescaped) {
			p.logf("E: pushed %d of %d", n, len(unescaped))
		}
	case "OPEN": // OPEN mailbox size
		box, size, _ := strings.Cut(arg, " ")
		var n int64
		fmt.Sscan(size, &n)
		p.ids["APPEND"], err = p.c.Send(&imapwire.Append{Mailbox: box, Open: true, Messages: []imapwire.AppendMessage{{Size: n, Pushed: true}}})
	case "MORE":
		var n int64
		fmt.Sscan(arg, &n)
		err = p.c.SendAppend(p.ids["APPEND"], []imapwire.AppendMessage{{Size: n, Pushed: true}}, false)
	case "LAST":
		err = p.c.SendAppend(p.ids["APPEND"], nil, true)
	case "ABORT":
		err = p.c.AbortAppend(p.ids["APPEND"])
	default:
		_, cmd, perr := imapwire.ParseCommand([]byte("x "+strings.NewReplacer(`\r`, "\r", `\n`, "\n").Replace(line)+"\r\n"), imapwire.ParseOptions{UTF8: true})
		if perr != nil {
			p.t.Fatalf("%s: %v", line, perr)
		}
		p.ids[verb], err = p.c.Send(cmd)
	}
	if err != nil {
		p.logf("E: %s: %v", verb, err)
	}
	p.work()
}
