package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	v2 "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
	ours "github.com/mailwire/mailwire/imapwire/imapserver"
)

// How servers are driven
//
// A client has sent a session of commands at once; the server reads it in pieces
// of 4 KiB and parses each command, asks an application that has nothing to do,
// and writes the answer to a connection that drops it. Both servers say the same
// untagged responses. That is the row of the server engine: like against like.
//
// The parser of go-imap v2 can not be called alone. The row of framer and parser
// holds what somebody needs who wants the commands and nothing else against the
// least that go-imap v2 can be asked for, its server.

func commandRows() []row {
	return []row{
		{name: "client command, mixed session, server engine", unit: "command", library: "go-imap v2",
			ours: commandEngine, theirs: commandTheirs, times: 8},
		{name: "client command, mixed session, framer and parser alone", unit: "command", library: "go-imap v2",
			ours: commandParser, theirs: commandTheirs, times: 8},
	}
}

// mixed is what a busy client says, again and again.
var mixed = []string{
	`NOOP`,
	`UID FETCH 1:* (FLAGS UID)`,
	`UID FETCH 1000:1010 (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (Date From To Cc Subject Message-ID)])`,
	`FETCH 5 (BODY[1.2]<0.16384>)`,
	`STORE 2:4 +FLAGS.SILENT (\Seen \Deleted)`,
	`UID SEARCH UNSEEN SINCE 1-Feb-2026 SUBJECT "annual report"`,
	`LIST "" "*"`,
	`STATUS Drafts (MESSAGES UNSEEN UIDNEXT)`,
	`UID COPY 4,7:9 "Sent Messages"`,
	"CREATE {7}\r\nReports",
}

// sessionRepeats is how often a session says all that.
const sessionRepeats = 100

// commandBatch is the commands of a session, SELECT excepted.
var commandBatch = sessionRepeats * len(mixed)

var session = func() []byte {
	b := bytes.NewBufferString("S SELECT INBOX\r\n")
	for i := range sessionRepeats {
		for j, c := range mixed {
			fmt.Fprintf(b, "A%d%d %s\r\n", i, j, c)
		}
	}
	return b.Bytes()
}()

// Ours, the engine: from Feed to Done and the last octet of the answer.
func commandEngine() (*work, error) {
	serve := func(take func(imapwire.Command)) error {
		c, err := ours.New(now, ours.Options{PreAuth: true, Capabilities: ours.CapabilityLists{}})
		if err != nil {
			return err
		}
		defer c.Close()
		done := 0
		for in := session; ; {
			if err := c.Flush(now, io.Discard); err != nil {
				return err
			}
			switch ev := c.Next().(type) {
			case *ours.Command:
				var err error
				status := imapwire.StatusCondition{Condition: imapwire.OK, Text: "completed"}
				switch cmd := ev.Cmd.(type) {
				case *imapwire.Select:
					err = c.Send(&imapwire.ExistsData{Count: 1}, &imapwire.FlagsData{})
				case *imapwire.Status:
					err = c.Send(&imapwire.StatusData{Mailbox: cmd.Mailbox, Values: []imapwire.StatusValue{
						{Item: imapwire.StatusMessages, Number: 1}, {Item: imapwire.StatusUIDNext, Number: 2}, {Item: imapwire.StatusUnseen, Number: 3},
					}})
				case *imapwire.Search:
					err = c.Send(&imapwire.SearchData{Nums: []uint32{7}})
				case *imapwire.Copy:
					status.Code = &imapwire.CodeCopyUID{UIDValidity: 1, Source: imap.SetOf(4), Dest: imap.SetOf(9)}
				}
				if err != nil {
					return err
				}
				done++
				take(ev.Cmd)
				if err := c.Done(ev.ID, status); err != nil {
					return err
				}
			case nil:
				if len(in) == 0 {
					if done != commandBatch+1 {
						return fmt.Errorf("%d commands", done)
					}
					return nil
				}
				n := min(pieceSize, len(in))
				if err := c.Feed(now, in[:n]); err != nil {
					return err
				}
				in = in[n:]
			case *ours.Malformed:
				return ev.Err
			default:
				return fmt.Errorf("%T", ev)
			}
		}
	}
	return &work{
		run: func(n int) (int, error) {
			return batches(n, commandBatch, func() error { return serve(func(imapwire.Command) {}) })
		},
		understood: func() string {
			var s strings.Builder
			serve(func(cmd imapwire.Command) { s.WriteString(commandOurs(cmd)) })
			return s.String()
		},
	}, nil
}

// Ours, the syntax: a Framer and a Parser, as somebody uses them who wants no
// engine.
func commandParser() (*work, error) {
	parse := func(take func(imapwire.Command)) error {
		var f imapwire.Framer
		var p imapwire.Parser
		done := 0
		for in := session; len(in) > 0; {
			n := min(pieceSize, len(in))
			if err := f.Feed(in[:n]); err != nil {
				return err
			}
			in = in[n:]
			for fr := f.Next(); fr.Kind != imapwire.FrameNone; fr = f.Next() {
				switch fr.Kind {
				case imapwire.FrameLiteral:
					if err := f.Buffer(); err != nil {
						return err
					}
				case imapwire.FrameWhole:
					_, cmd, err := p.Command(fr.Data)
					if err != nil {
						return err
					}
					done++
					take(cmd)
				default:
					return fr.Err
				}
			}
		}
		if done != commandBatch+1 {
			return fmt.Errorf("%d commands", done)
		}
		return nil
	}
	return &work{
		run: func(n int) (int, error) {
			return batches(n, commandBatch, func() error { return parse(func(imapwire.Command) {}) })
		},
		understood: func() string {
			var s strings.Builder
			parse(func(cmd imapwire.Command) { s.WriteString(commandOurs(cmd)) })
			return s.String()
		},
	}, nil
}

// commandOurs says what a command is, in the words that both sides share: the
// arguments that the methods of a session of go-imap v2 are given.
func commandOurs(cmd imapwire.Command) string {
	switch cmd := cmd.(type) {
	case *imapwire.Noop:
		return ""
	case *imapwire.Select:
		return fmt.Sprintln("select", cmd.Mailbox)
	case *imapwire.Create:
		return fmt.Sprintln("create", cmd.Mailbox)
	case *imapwire.List:
		return fmt.Sprintf("list %q %q\n", cmd.Reference, cmd.Patterns)
	case *imapwire.Status:
		has := map[imapwire.StatusItem]bool{}
		for _, item := range cmd.Items {
			has[item] = true
		}
		return fmt.Sprintln("status", cmd.Mailbox, has[imapwire.StatusMessages], has[imapwire.StatusUIDNext], has[imapwire.StatusUnseen])
	case *imapwire.Copy:
		return fmt.Sprintln("copy", cmd.UID, cmd.Set.String(), cmd.Mailbox)
	case *imapwire.Store:
		return fmt.Sprintln("store", cmd.UID, cmd.Set.String(), cmd.Op == imapwire.StoreAdd, cmd.Silent, cmd.Flags)
	case *imapwire.Search:
		s := fmt.Sprint("search ", cmd.UID)
		and, _ := cmd.Key.(*imap.SearchAnd)
		for _, key := range and.Keys {
			switch key := key.(type) {
			case *imap.SearchFlag:
				s += fmt.Sprintf(" flag %s %v", key.Flag, !key.Unset)
			case *imap.SearchDate:
				s += fmt.Sprintf(" since %d-%d-%d", key.Date.Year, key.Date.Month, key.Date.Day)
			case *imap.SearchText:
				s += fmt.Sprintf(" subject %q", key.Value)
			}
		}
		return s + "\n"
	case *imapwire.Fetch:
		has := map[imapwire.FetchAttr]bool{}
		body := ""
		for _, item := range cmd.Items {
			switch item := item.(type) {
			case imapwire.FetchAttr:
				has[item] = true
			case *imapwire.FetchBody:
				partial := imap.Partial{}
				if item.Partial != nil {
					partial = *item.Partial
				}
				body = fmt.Sprint(item.Peek, item.Section.Part, item.Section.Fields, partial)
			}
		}
		return fmt.Sprintln("fetch", cmd.UID, cmd.Set.String(), has[imapwire.FetchFlags], has[imapwire.FetchUID] || cmd.UID,
			has[imapwire.FetchInternalDate], has[imapwire.FetchRFC822Size], body)
	}
	return fmt.Sprintf("%T\n", cmd)
}

// Theirs, v2: the server, a connection for each session.
func commandTheirs() (*work, error) {
	var app application
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &app, &imapserver.GreetingData{PreAuth: true}, nil
		},
		InsecureAuth: true,
	})
	l := listener{make(chan net.Conn)}
	go server.Serve(l)
	serve := func() error {
		c := &sessionConn{in: session, over: make(chan struct{})}
		l.conns <- c
		<-c.over
		if c.done != commandBatch+1 {
			return fmt.Errorf("%d commands", c.done)
		}
		return nil
	}
	return &work{
		run: func(n int) (int, error) { return batches(n, commandBatch, serve) },
		understood: func() string {
			var s strings.Builder
			app.log = &s
			serve()
			app.log = nil
			return s.String()
		},
		close: func() { server.Close() },
	}, nil
}

// A listener hands out connections that are prepared.
type listener struct{ conns chan net.Conn }

func (l listener) Accept() (net.Conn, error) {
	c, ok := <-l.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (l listener) Close() error   { close(l.conns); return nil }
func (l listener) Addr() net.Addr { return nil }

// A sessionConn is the connection of a client that has said everything at once,
// and drops what it is told.
type sessionConn struct {
	net.Conn // nil: whatever else is called is a mistake

	in   []byte
	done int // commands that were
	over chan struct{}
}

func (c *sessionConn) Read(p []byte) (int, error) {
	if len(c.in) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.in)
	c.in = c.in[n:]
	return n, nil
}

func (c *sessionConn) Write(p []byte) (int, error) {
	c.done += bytes.Count(p, []byte(" completed\r\n"))
	return len(p), nil
}

func (c *sessionConn) Close() error                     { close(c.over); return nil }
func (c *sessionConn) SetReadDeadline(time.Time) error  { return nil }
func (c *sessionConn) SetWriteDeadline(time.Time) error { return nil }

// An application is what a server of go-imap v2 asks.
type application struct {
	imapserver.Session // nil: whatever else is called is a mistake

	log *strings.Builder
}

func (a *application) logf(format string, args ...any) { fmt.Fprintf(a.log, format, args...) }

func (a *application) Close() error                              { return nil }
func (a *application) Poll(*imapserver.UpdateWriter, bool) error { return nil }

func (a *application) Select(mailbox string, _ *v2.SelectOptions) (*v2.SelectData, error) {
	if a.log != nil {
		a.logf("select %s\n", mailbox)
	}
	return &v2.SelectData{NumMessages: 1}, nil
}

func (a *application) Create(mailbox string, _ *v2.CreateOptions) error {
	if a.log != nil {
		a.logf("create %s\n", mailbox)
	}
	return nil
}

func (a *application) List(_ *imapserver.ListWriter, ref string, patterns []string, _ *v2.ListOptions) error {
	if a.log != nil {
		a.logf("list %q %q\n", ref, patterns)
	}
	return nil
}

func (a *application) Status(mailbox string, o *v2.StatusOptions) (*v2.StatusData, error) {
	if a.log != nil {
		a.logf("status %s %v %v %v\n", mailbox, o.NumMessages, o.UIDNext, o.NumUnseen)
	}
	messages, unseen := uint32(1), uint32(3)
	return &v2.StatusData{Mailbox: mailbox, NumMessages: &messages, UIDNext: 2, NumUnseen: &unseen}, nil
}

func (a *application) Search(kind imapserver.NumKind, c *v2.SearchCriteria, _ *v2.SearchOptions) (*v2.SearchData, error) {
	if a.log != nil {
		a.logf("search %v", kind == imapserver.NumKindUID)
		for _, f := range c.NotFlag {
			a.logf(" flag %s false", f)
		}
		a.logf(" since %d-%d-%d", c.Since.Year(), c.Since.Month(), c.Since.Day())
		for _, h := range c.Header {
			a.logf(" subject %q", h.Value)
		}
		a.logf("\n")
	}
	return &v2.SearchData{All: v2.UIDSetNum(7)}, nil
}

func (a *application) Fetch(_ *imapserver.FetchWriter, set v2.NumSet, o *v2.FetchOptions) error {
	if a.log != nil {
		_, uid := set.(v2.UIDSet)
		body := ""
		for _, b := range o.BodySection {
			partial := imap.Partial{}
			if b.Partial != nil {
				partial = imap.Partial{Offset: b.Partial.Offset, Count: b.Partial.Size}
			}
			body = fmt.Sprint(b.Peek, b.Part, b.HeaderFields, partial)
		}
		a.logf("%s", fmt.Sprintln("fetch", uid, set.String(), o.Flags, o.UID || uid, o.InternalDate, o.RFC822Size, body))
	}
	return nil
}

func (a *application) Store(_ *imapserver.FetchWriter, set v2.NumSet, f *v2.StoreFlags, _ *v2.StoreOptions) error {
	if a.log != nil {
		_, uid := set.(v2.UIDSet)
		a.logf("%s", fmt.Sprintln("store", uid, set.String(), f.Op == v2.StoreFlagsAdd, f.Silent, f.Flags))
	}
	return nil
}

func (a *application) Copy(set v2.NumSet, dest string) (*v2.CopyData, error) {
	if a.log != nil {
		_, uid := set.(v2.UIDSet)
		a.logf("copy %v %s %s\n", uid, set.String(), dest)
	}
	return &v2.CopyData{UIDValidity: 1, SourceUIDs: v2.UIDSetNum(4), DestUIDs: v2.UIDSetNum(9)}, nil
}
