package imapcall_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapcall"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// plain lets passwords travel on this machine.
var plain = imapcall.Options{Engine: imapclient.Options{PlaintextAuth: engine.PlaintextLoopback}}

// mailServer serves IMAP on a loopback address.
func mailServer(t testing.TB) string {
	t.Helper()
	store := memstore.New(memstore.Options{Now: time.Now, KeepSecrets: true})
	if err := store.AddUser("ada", "secret"); err != nil {
		t.Fatal(err)
	}
	srv, err := imapserve.NewServer(store, imapserve.Options{
		Auth: store, PlaintextAuth: engine.PlaintextLoopback, Random: rand.Reader, Pepper: engine.Secret(rand.Text()),
	})
	if err != nil {
		t.Fatal(err)
	}
	d := &drive.Server{NewSession: func(info drive.Info) (drive.Session, error) {
		return srv.Session(info.Now, imapserve.Info{Security: info.Security})
	}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- d.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		srv.Close()
	})
	return l.Addr().String()
}

// login returns a session at a server of its own.
func login(t testing.TB, addr string, opt imapcall.Options) *imapcall.Client {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	c, err := imapcall.New(t.Context(), nc, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Login(t.Context(), "ada", "secret"); err != nil {
		t.Fatal(err)
	}
	return c
}

func do(t testing.TB, c *imapcall.Client, cmd imapwire.Command) *imapcall.Result {
	t.Helper()
	res, err := c.Do(t.Context(), cmd)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func message(text string) imapwire.AppendMessage {
	return imapwire.AppendMessage{Size: int64(len(text)), Content: strings.NewReader(text)}
}

var all = imap.SetRange(1, imap.Star)

// TestDo: results of single commands, contents gathered or sent on, and failures.
func TestDo(t *testing.T) {
	var news []imapwire.Response
	opt := plain
	opt.MaxContent = 100
	opt.OnData = func(r imapwire.Response) { news = append(news, r) }
	c := login(t, mailServer(t), opt)
	do(t, c, &imapwire.Select{Mailbox: "INBOX"})
	for _, text := range []string{"Subject: one\r\n\r\nfirst", "Subject: two\r\n\r\nsecond", strings.Repeat("x", 99)} {
		do(t, c, &imapwire.Append{Mailbox: "INBOX", Messages: []imapwire.AppendMessage{message(text)}})
	}
	if len(news) == 0 {
		t.Error("nobody was told of what came")
	}
	fetch := &imapwire.Fetch{UID: true, Set: imap.SetRange(1, 2), Items: []imapwire.FetchItem{imapwire.FetchFlags, &imapwire.FetchBody{Peek: true}}}
	res := do(t, c, fetch)
	if len(res.Fetches) != 2 || res.Fetches[1].UID != 2 || res.Fetches[1].Sections[0].Content.Data != "Subject: two\r\n\r\nsecond" {
		t.Errorf("%+v", res.Fetches)
	}
	fetch.Set = all
	if res, err := c.Do(t.Context(), fetch); !errors.Is(err, imapcall.ErrContent) || res.Status.Condition != imapwire.OK {
		t.Errorf("too much content: %v", err)
	}
	var got strings.Builder
	call, err := c.Start(fetch)
	if err != nil {
		t.Fatal(err)
	}
	call.Body(func(f *imapwire.FetchData, _ imapwire.SectionData) io.Writer {
		fmt.Fprintf(&got, "%d:", f.UID)
		return &got
	})
	if _, err := call.Wait(t.Context()); err != nil || !strings.HasPrefix(got.String(), "1:Subject: one") || !strings.Contains(got.String(), "3:xxx") {
		t.Errorf("%v, %q", err, got.String())
	}
	search := do(t, c, &imapwire.Search{Key: &imap.SearchText{Field: imap.TextSubject, Value: "two"}})
	if s, ok := search.Data[0].(*imapwire.SearchData); !ok || len(s.Nums) != 1 || s.Nums[0] != 2 {
		t.Errorf("%+v", search.Data)
	}
	status := (*imapcall.StatusError)(nil)
	if _, err := c.Do(t.Context(), &imapwire.Select{Mailbox: "none"}); !errors.As(err, &status) || status.Status.Code != imapwire.CodeNonExistent {
		t.Errorf("%v", err)
	}
	if err := c.Logout(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := c.Do(t.Context(), &imapwire.Noop{}); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("behind the end: %v", err)
	}
}

// TestMany: calls of many goroutines, several of each at once.
func TestMany(t *testing.T) {
	c := login(t, mailServer(t), plain)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			name := fmt.Sprint("box", i)
			var calls []*imapcall.Call
			for _, cmd := range []imapwire.Command{
				&imapwire.Create{Mailbox: name},
				&imapwire.Append{Mailbox: name, Messages: []imapwire.AppendMessage{message("x")}},
				&imapwire.Status{Mailbox: name, Items: []imapwire.StatusItem{imapwire.StatusMessages}},
			} {
				call, err := c.Start(cmd)
				if err != nil {
					t.Error(err)
					return
				}
				calls = append(calls, call)
			}
			for k := range calls {
				if _, err := calls[len(calls)-1-k].Wait(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	res := do(t, c, &imapwire.List{Patterns: []string{"*"}})
	if len(res.Data) != 9 {
		t.Errorf("%d folders", len(res.Data))
	}
}

// TestGivenUp: a context gives up one call; the session goes on, unless a message
// is half sent.
func TestGivenUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	answer := make(chan struct{})
	go func() {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		r := bufio.NewReader(nc)
		fmt.Fprint(nc, "* PREAUTH [CAPABILITY IMAP4rev1] in\r\n")
		r.ReadString('\n')
		<-answer
		fmt.Fprint(nc, "* LIST () \"/\" late\r\nA1 OK\r\n")
		r.ReadString('\n')
		fmt.Fprint(nc, "* LIST () \"/\" now\r\nA2 OK\r\n")
		io.Copy(io.Discard, r)
	}()
	nc, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c, err := imapcall.New(t.Context(), nc, plain)
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Do(short, &imapwire.List{Patterns: []string{"*"}}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%v", err)
	}
	close(answer)
	res := do(t, c, &imapwire.List{Patterns: []string{"*"}})
	if len(res.Data) != 1 || res.Data[0].(*imapwire.ListData).Mailbox != "now" {
		t.Errorf("%+v", res.Data)
	}
	short, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Do(short, &imapwire.Append{Mailbox: "x", Messages: []imapwire.AppendMessage{message("half")}}); !errors.Is(err, imapcall.ErrHalfSent) {
		t.Errorf("half sent: %v", err)
	}
	if _, err := c.Start(&imapwire.Noop{}); err == nil {
		t.Error("the session goes on behind half a message")
	}
}

// TestIdle: news of another session's, until the context ends; then the session
// goes on.
func TestIdle(t *testing.T) {
	addr := mailServer(t)
	c, other := login(t, addr, plain), login(t, addr, plain)
	do(t, c, &imapwire.Select{Mailbox: "INBOX"})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		time.Sleep(20 * time.Millisecond)
		if _, err := other.Do(t.Context(), &imapwire.Append{Mailbox: "INBOX", Messages: []imapwire.AppendMessage{message("x")}}); err != nil {
			t.Error(err)
		}
	}()
	err := c.Idle(ctx, func(r imapwire.Response) {
		if e, ok := r.(*imapwire.ExistsData); ok && e.Count == 1 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	do(t, c, &imapwire.Noop{})
}

// TestPolicy: no password in the clear, unless it may; no server that is none.
func TestPolicy(t *testing.T) {
	nc, err := net.Dial("tcp", mailServer(t))
	if err != nil {
		t.Fatal(err)
	}
	c, err := imapcall.New(t.Context(), nc, imapcall.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login(t.Context(), "ada", "secret"); !errors.Is(err, imapclient.ErrPlaintext) {
		t.Errorf("%v", err)
	}
	a, b := net.Pipe()
	go func() { fmt.Fprint(b, "HTTP/1.1 400 Bad Request\r\n\r\n") }()
	if _, err := imapcall.New(t.Context(), a, imapcall.Options{}); !errors.Is(err, engine.ErrProtocol) {
		t.Errorf("%v", err)
	}
}

// TestLongSearch: the pieces of a long answer are the caller's, each with its own
// numbers.
func TestLongSearch(t *testing.T) {
	const found = 10_000
	a, b := net.Pipe()
	go func() {
		r := bufio.NewReader(b)
		fmt.Fprint(b, "* PREAUTH [CAPABILITY IMAP4rev1] in\r\n")
		r.ReadString('\n')
		fmt.Fprint(b, "A1 OK\r\n")
		r.ReadString('\n')
		answer := []byte("* SEARCH")
		for n := range found {
			answer = fmt.Append(answer, " ", n+1)
		}
		b.Write(append(answer, "\r\nA2 OK\r\n"...))
		io.Copy(io.Discard, r)
	}()
	c, err := imapcall.New(t.Context(), a, plain)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	do(t, c, &imapwire.Select{Mailbox: "INBOX"})
	next := uint32(1)
	for _, d := range do(t, c, &imapwire.Search{Key: &imap.SearchAll{}}).Data {
		for _, n := range d.(*imapwire.SearchData).Nums {
			if n != next {
				t.Fatalf("%d in place of %d", n, next)
			}
			next++
		}
	}
	if next != found+1 {
		t.Errorf("%d found", next-1)
	}
}
