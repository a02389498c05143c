package threats_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// gather lets a server say something to a command of a client that has a mailbox
// open, and returns what a Collector made of it.
func gather(t *testing.T, l imapclient.Limits, cmd imapwire.Command, said string, cut imapCut) *imapclient.Result {
	t.Helper()
	c := imapClientIn(t, imapclient.Options{}, imapclient.StateSelected)
	c.quiet = true
	col := imapclient.Collector{Limits: l}
	var result *imapclient.Result
	c.on = func(ev imapclient.Event) {
		if r := col.Take(ev); r != nil {
			result = r
		}
	}
	id, err := c.send(cmd)
	if err != nil {
		t.Fatal(err)
	}
	col.Sent(id, cmd)
	for _, p := range cut.pieces(said) {
		c.feed(p)
	}
	c.feed("A3 OK done\r\n")
	if result == nil {
		t.Fatal("no result")
	}
	return result
}

// mirrored lets a server tell of a mailbox, and returns the Mirror of it with the
// limits that were exceeded.
func mirrored(t *testing.T, l imapclient.Limits, said string, cut imapCut) (m *imapclient.Mirror, hit []string) {
	t.Helper()
	c := imapClientIn(t, imapclient.Options{}, imapclient.StateAuthenticated)
	c.quiet = true
	m = &imapclient.Mirror{Limits: l}
	c.on = func(ev imapclient.Event) {
		if e := (*engine.LimitError)(nil); errors.As(m.Take(ev), &e) {
			hit = append(hit, e.Name)
		}
	}
	cmd := m.Select("x", imap.Capabilities{imap.CapCondStore})
	id, err := c.send(cmd)
	if err != nil {
		t.Fatal(err)
	}
	m.Sent(id, cmd)
	c.feed("* 9 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 100] x\r\n* OK [HIGHESTMODSEQ 9] x\r\nA2 OK [READ-WRITE] open\r\n")
	for _, p := range cut.pieces(said) {
		c.feed(p)
	}
	return m, hit
}

// imapClientLimits tells for each field of imapclient.Limits whether n of what it
// counts were taken under a limit, given as the number that still may be.
var imapClientLimits = map[string]func(t *testing.T, most, n int, cut imapCut) (taken bool){
	"Section": func(t *testing.T, most, n int, cut imapCut) bool {
		r := gather(t, imapclient.Limits{Section: most}, &imapwire.Fetch{Set: imap.SetRange(1, 1), Items: []imapwire.FetchItem{&imapwire.FetchBody{}}}, fmt.Sprintf("* 1 FETCH (BODY[] {%d}\r\n%s)\r\n", n, xs(n)), cut)
		return hits(r.Err(), "Section", r.Err() != nil)
	},
	"Result": func(t *testing.T, most, n int, cut imapCut) bool {
		// Each counts with its octets and 256.
		const line = "* LIST () \"/\" x\r\n"
		r := gather(t, imapclient.Limits{Result: most * (len(line) + 256)}, &imapwire.List{Patterns: []string{"*"}}, rep(line, n), cut)
		if len(r.Lists()) != min(n, most) {
			t.Errorf("%d of %d mailboxes", len(r.Lists()), n)
		}
		return hits(r.Err(), "Result", n > most)
	},
	"Messages": func(t *testing.T, most, n int, cut imapCut) bool {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "* %d FETCH (UID %d FLAGS ())\r\n", i+1, 2*i+2)
		}
		m, hit := mirrored(t, imapclient.Limits{Messages: most}, b.String(), cut)
		known := 0
		for range m.Messages() {
			known++
		}
		if known != min(n, most) || len(hit) > 0 && hit[0] != "Messages" {
			t.Errorf("%d of %d messages are known, %v", known, n, hit)
		}
		return len(hit) == 0
	},
	"Flags": func(t *testing.T, most, n int, cut imapCut) bool {
		// Sets of one flag of ten octets, no two alike.
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "* %d FETCH (UID %d FLAGS (k%09d))\r\n", i+1, i+1, i)
		}
		_, hit := mirrored(t, imapclient.Limits{Flags: most * flagSetCost(t)}, b.String(), cut)
		if len(hit) > 0 && hit[0] != "Flags" {
			t.Error(hit)
		}
		return len(hit) == 0
	},
	"Known": func(t *testing.T, most, n int, cut imapCut) bool {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "* %d FETCH (UID %d FLAGS () MODSEQ (5))\r\n", i+1, 2*i+2)
		}
		m, hit := mirrored(t, imapclient.Limits{Known: most}, b.String(), cut)
		m.Take(&imapclient.Data{Response: &imapwire.EnabledData{Capabilities: imap.Capabilities{imap.CapQResync}}})
		sel := m.Select("x", imap.Capabilities{imap.CapEnable, imap.CapCondStore, imap.CapQResync})
		if sel.QResync == nil || len(hit) > 0 {
			t.Fatalf("%+v, %v", sel, hit)
		}
		return len(sel.QResync.Known) == n
	},
}

// hits reports whether nothing was refused, and checks that what was is of a
// limit.
func hits(err error, name string, want bool) bool {
	e := (*engine.LimitError)(nil)
	return !(errors.As(err, &e) && e.Name == name && want)
}

// flagSetCost is what a set of one flag of ten octets costs a Mirror: the least
// limit under which there may be one.
func flagSetCost(t *testing.T) int {
	t.Helper()
	for n := 1; n < 500; n++ {
		if _, hit := mirrored(t, imapclient.Limits{Flags: n}, "* 1 FETCH (UID 1 FLAGS (k000000000))\r\n", nil); len(hit) == 0 {
			return n
		}
	}
	t.Fatal("a set of flags costs more than 500")
	return 0
}

// TestLimitsClientIMAP: threats M8 and M14. Every field of imapclient.Limits, which
// bound what a Collector and a Mirror keep, at one below, at, and one above,
// however the input is cut.
func TestLimitsClientIMAP(t *testing.T) {
	fields := reflect.TypeFor[imapclient.Limits]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		try, ok := imapClientLimits[name]
		if !ok {
			t.Errorf("there is no case for %s", name)
			continue
		}
		const most = 4
		for n := most - 1; n <= most+1; n++ {
			for _, cut := range imapCuts(120) {
				if taken := try(t, most, n, cut); taken != (n <= most) {
					t.Errorf("%s: %d of %d, %v: taken %v", name, n, most, cut, taken)
				}
				if t.Failed() {
					t.FailNow()
				}
			}
		}
	}
}

// A pipeListener hands out connections that are made in memory, and come from
// where they are told.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

type pipeConn struct {
	net.Conn
	remote net.Addr
}

func (c pipeConn) RemoteAddr() net.Addr { return c.remote }

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 143} }

// TestLimitsDriveIMAP: threat M4. Every number of drive.Server that bounds
// connections, at one below, at, and one above: in all, of one address, of one
// user.
func TestLimitsDriveIMAP(t *testing.T) {
	const most = 3
	fields := reflect.TypeFor[drive.Server]()
	tried := 0
	for i := range fields.NumField() {
		f := fields.Field(i)
		if !f.IsExported() || f.Type.Kind() != reflect.Int {
			continue
		}
		tried++
		store := memstore.New(memstore.Options{Now: func() time.Time { return imapStart }})
		for user := range most + 1 {
			if err := store.AddUser(fmt.Sprint("u", user), "p"); err != nil {
				t.Fatal(err)
			}
		}
		mail, err := imapserve.NewServer(store, imapserve.Options{Auth: store, PlaintextAuth: engine.PlaintextAlways})
		if err != nil {
			t.Fatal(err)
		}
		srv := &drive.Server{NewSession: func(info drive.Info) (drive.Session, error) {
			return mail.Session(info.Now, imapserve.Info{Security: info.Security})
		}}
		reflect.ValueOf(srv).Elem().Field(i).SetInt(most)
		l := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
		ctx, stop := context.WithCancel(context.Background())
		served := make(chan error, 1)
		go func() { served <- srv.Serve(ctx, l) }()
		var ends []net.Conn
		for n := range most + 1 {
			addr, user := &net.TCPAddr{IP: net.IPv4(192, 0, 2, byte(10+n)), Port: 1000 + n}, fmt.Sprint("u", n)
			switch f.Name {
			case "MaxConns":
			case "MaxConnsPerAddr":
				addr.IP = net.IPv4(192, 0, 2, 9)
			case "MaxConnsPerUser":
				user = "u0"
			default:
				t.Errorf("there is no case for %s", f.Name)
			}
			near, far := net.Pipe()
			ends = append(ends, near)
			l.conns <- pipeConn{far, addr}
			said := make([]byte, 4096)
			in := ""
			var err error
			// Who is one too many is let in no further, or put out at once.
			for _, step := range []struct{ say, until string }{{"", "* OK "}, {"a LOGIN " + user + " p\r\n", "a OK "}, {"b NOOP\r\n", "b OK "}} {
				if step.say != "" && err == nil {
					_, err = io.WriteString(near, step.say)
				}
				for err == nil && !strings.Contains(in, step.until) {
					var k int
					k, err = near.Read(said)
					in += string(said[:k])
				}
			}
			if (err == nil) != (n < most) {
				t.Errorf("%s of %d: connection %d: %v, %q", f.Name, most, n+1, err, in)
			}
		}
		for _, c := range ends {
			c.Close()
		}
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
		mail.Close()
	}
	if tried != 3 {
		t.Errorf("%d numbers are tried", tried)
	}
}
