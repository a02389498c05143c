package imapcall

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/imapwire/sasl"
)

// A Result is what the server said to a command.
type Result struct {
	Status imapwire.StatusCondition
	// Data are the untagged responses of the command, FETCH excepted.
	Data []imapwire.Response
	// Fetches are what FETCH told. The contents that went to no sink are in the
	// Data of their sections.
	Fetches []*imapwire.FetchData
}

// A Call is a command that was sent.
type Call struct {
	c    *Client
	id   engine.ID
	verb string
	// content: it sends a message; owed are the octets that have to be pushed.
	content bool
	owed    int64
	// exchange is that of AUTHENTICATE.
	exchange sasl.Client
	body     func(f *imapwire.FetchData, section imapwire.SectionData) io.Writer
	tell     func(imapwire.Response)

	res      Result
	size     int64 // octets of content gathered
	err      error
	done     bool
	given    bool // nobody waits any more
	contents []string
}

// Body makes contents go where open says, as they come: f is what was told of the
// message until then, with its UID if the server tells that first. A nil writer
// drops the content. An error of a writer fails the call. It has to be called
// before anybody waits; the functions run on the goroutine of whoever does.
func (call *Call) Body(open func(f *imapwire.FetchData, section imapwire.SectionData) io.Writer) *Call {
	call.c.mu.Lock()
	defer call.c.mu.Unlock()
	call.body = open
	return call
}

// Wait waits for the answer to the command. It may be called more than once. When
// ctx ends first, the call is given up.
func (call *Call) Wait(ctx context.Context) (*Result, error) {
	c := call.c
	err := c.wait(ctx, func() bool { return call.done })
	if err == nil {
		return call.outcome()
	}
	return nil, call.giveUp(err)
}

// giveUp gives a call up because of err, and returns the error to report.
func (call *Call) giveUp(err error) error {
	c := call.c
	c.mu.Lock()
	call.given = true
	half := c.conn.Withdraw(call.id) != nil && call.content && !c.conn.Sent(call.id)
	c.mu.Unlock()
	if half {
		c.Close()
		return errors.Join(err, ErrHalfSent)
	}
	return err
}

func (call *Call) outcome() (*Result, error) {
	call.c.mu.Lock()
	defer call.c.mu.Unlock()
	res := call.res
	switch {
	case call.err != nil:
		return &res, call.err
	case res.Status.Condition != imapwire.OK:
		return &res, &StatusError{Verb: call.verb, Status: res.Status}
	}
	return &res, nil
}

// A sink takes the content that comes.
type sink struct {
	w    io.Writer
	kept *bytes.Buffer
}

// event hands what the engine reports to the call it belongs to.
func (c *Client) event(ev imapclient.Event) {
	switch ev := ev.(type) {
	case *imapclient.Greeting:
		c.greet = ev
	case *imapclient.Data:
		ev = ev.Clone()
		call := c.owner(ev)
		switch {
		case call != nil && call.tell != nil:
			call.tell(ev.Response)
		case call != nil && call.given:
		case call != nil:
			call.res.Data = append(call.res.Data, ev.Response)
		case c.opt.OnData != nil:
			c.opt.OnData(ev.Response)
		}
	case *imapclient.FetchStart:
		c.to = c.asked("FETCH", "UID FETCH")
	case *imapclient.Body:
		c.open(ev)
	case *imapclient.BodyData:
		c.content(ev)
	case *imapclient.FetchEnd:
		c.fetched(ev)
	case *imapclient.Challenge:
		c.challenged(ev)
	case *imapclient.Ready:
		c.ready(ev)
	case *imapclient.Done:
		for i, call := range c.calls {
			if call.id == ev.ID {
				c.calls = append(c.calls[:i:i], c.calls[i+1:]...)
				call.res.Status, call.done = ev.Status, true
				c.refused(call)
				if call.err == nil {
					call.err = ev.Err
				}
				break
			}
		}
	case *imapclient.Closed:
		c.over, c.closed = true, ev.Err
	}
}

// asked returns the oldest call with one of the verbs; nil when there is none.
func (c *Client) asked(verbs ...string) *Call {
	for _, call := range c.calls {
		for _, v := range verbs {
			if call.verb == v {
				return call
			}
		}
	}
	return nil
}

// owner returns the call that asked for data: the oldest for whose command it is
// an answer. News of the mailbox belong to whoever selects or idles.
func (c *Client) owner(ev *imapclient.Data) *Call {
	for _, call := range c.calls {
		if ev.ID != 0 && call.id == ev.ID {
			return call
		}
	}
	switch ev.Response.(type) {
	case *imapwire.CapabilityData:
		return c.asked("CAPABILITY")
	case *imapwire.EnabledData:
		return c.asked("ENABLE")
	case *imapwire.IDData:
		return c.asked("ID")
	case *imapwire.ListData:
		return c.asked("LIST", "LSUB", "SELECT", "EXAMINE", "CREATE", "RENAME")
	case *imapwire.StatusData:
		return c.asked("STATUS", "LIST")
	case *imapwire.QuotaRootData:
		return c.asked("GETQUOTAROOT")
	case *imapwire.QuotaData:
		return c.asked("GETQUOTA", "GETQUOTAROOT", "SETQUOTA")
	case *imapwire.NamespaceData:
		return c.asked("NAMESPACE")
	case *imapwire.SearchData, *imapwire.ESearchData:
		return c.asked("SEARCH", "UID SEARCH")
	case *imapwire.FlagsData, *imapwire.ExistsData, *imapwire.RecentData, *imapwire.ExpungeData, *imapwire.StatusResponse:
		return c.asked("SELECT", "EXAMINE", "IDLE", "EXPUNGE", "UID EXPUNGE", "MOVE", "UID MOVE")
	case *imapwire.VanishedData:
		return c.asked("SELECT", "EXAMINE", "IDLE", "EXPUNGE", "UID EXPUNGE", "MOVE", "UID MOVE", "UID FETCH")
	}
	if len(c.calls) > 0 {
		return c.calls[0] // what this package has no name for
	}
	return nil
}

// open finds where a content goes.
func (c *Client) open(ev *imapclient.Body) {
	c.sink = sink{}
	call := c.to
	switch {
	case call == nil || call.given || call.err != nil || !ev.Section.Content.Valid:
	case call.body != nil:
		c.sink.w = call.body(ev.So, ev.Section)
	case call.size+ev.Section.Content.Size > c.opt.MaxContent:
		call.err = ErrContent
	default:
		call.size += ev.Section.Content.Size
		c.sink.kept = new(bytes.Buffer)
	}
	if call != nil && c.sink.kept == nil {
		call.contents = append(call.contents, "")
	}
}

func (c *Client) content(ev *imapclient.BodyData) {
	switch {
	case c.sink.kept != nil:
		c.sink.kept.Write(ev.Data)
		if ev.Last {
			c.to.contents = append(c.to.contents, c.sink.kept.String())
		}
	case c.sink.w != nil:
		if _, err := c.sink.w.Write(ev.Data); err != nil {
			c.to.err, c.sink.w = err, nil
		}
	}
}

// fetched ends a FETCH response.
func (c *Client) fetched(ev *imapclient.FetchEnd) {
	call := c.to
	c.to, c.sink = nil, sink{}
	if call == nil {
		call = c.asked("FETCH", "UID FETCH", "STORE", "UID STORE")
	}
	if call == nil {
		call = c.asked("IDLE")
	}
	if call == nil {
		if c.opt.OnData != nil {
			c.opt.OnData(ev.Data)
		}
		return
	}
	for i := range call.contents {
		content := &ev.Data.Sections[i].Content
		if content.Data = call.contents[i]; content.Data != "" || content.Size == 0 {
			content.Pushed = false
		}
	}
	call.contents = nil
	switch {
	case call.tell != nil:
		call.tell(ev.Data)
	case ev.Err != nil:
		if call.err == nil {
			call.err = ev.Err
		}
	case !call.given:
		call.res.Fetches = append(call.res.Fetches, ev.Data)
	}
}
