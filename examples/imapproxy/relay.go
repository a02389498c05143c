package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

// A relay is a server's engine towards the client and a client's engine towards
// the server, and between them nothing but this: what the one reports is sent with
// the other. Bodies pass through in the pieces in which they come, so that a relay
// has no memory for them.
type relay struct {
	down *imapserver.Conn
	up   *imapclient.Conn
	// hide are capabilities that the client is not to know of.
	hide imap.Capabilities
	// cur is the command of the client in progress, upID what it became, and tag
	// its tag.
	cur, upID engine.ID
	tag       string
	// ignored are commands of the relay's own.
	ignored map[engine.ID]bool
	// login is the answer to a login that waits for the capabilities.
	login   *imapwire.StatusCondition
	loginID engine.ID
	// mailbox is that of an APPEND; announced: the server has heard of it;
	// committed: it is complete.
	mailbox              string
	announced, committed bool
	sofar                *imapwire.FetchData // what was sent of the FETCH response in progress
	// piece is of a content, and waits for room; toUp: it goes to the server.
	piece []byte
	toUp  bool
	// malformed are responses that were not understood, and dropped.
	malformed []*imapclient.Malformed
	// err is why the relay broke.
	err error
}

// newRelay returns a relay between a client and a server, whose connections are
// as secure as down and up say.
func newRelay(now time.Time, down, up engine.Security, opt imapclient.Options) (*relay, error) {
	r := &relay{ignored: map[engine.ID]bool{}}
	var err error
	if r.down, err = imapserver.New(now, imapserver.Options{
		Security: down, PlaintextAuth: engine.PlaintextLoopback,
		Mechanisms: []imapserver.Mechanism{{Name: "PLAIN", Plaintext: true}, {Name: "LOGIN", Plaintext: true}},
		Enable:     imap.Capabilities{imap.CapIMAP4rev2, imap.CapUTF8Accept, imap.CapCondStore, imap.CapQResync}, Relay: true,
	}); err != nil {
		return nil, err
	}
	opt.Security = up
	r.up, err = imapclient.New(now, opt)
	return r, err
}

// must ends the relay when passing something on failed: both sides would see
// different conversations.
func (r *relay) must(err error) {
	if err != nil && !errors.Is(err, engine.ErrClosed) && r.err == nil {
		r.err = err
		r.up.Close()
		r.down.Bye(imapwire.CodeUnavailable, "the proxy failed")
	}
}

// step passes one event on, and reports whether there was one. A piece that
// finds no room stays until the queue is drained.
func (r *relay) step() bool {
	if len(r.piece) > 0 {
		push := r.down.Push
		if r.toUp {
			push = r.up.Push
		}
		n, err := push(r.piece)
		if errors.Is(err, engine.ErrNotNow) || errors.Is(err, engine.ErrClosed) {
			n = len(r.piece) // the other side wants no more of it
		} else {
			r.must(err)
		}
		r.piece = r.piece[n:]
		return n > 0
	}
	if ev := r.up.Next(); ev != nil {
		r.fromUp(ev)
		return true
	}
	if ev := r.down.Next(); ev != nil {
		r.fromDown(ev)
		return true
	}
	return false
}

// send passes a command on.
func (r *relay) send(id engine.ID, cmd imapwire.Command) {
	up, err := r.up.Send(cmd)
	if err != nil {
		if errors.Is(err, imapwire.ErrEncode) {
			// Read, but not to be written: the client's mistake.
			r.must(r.down.Done(id, imapwire.StatusCondition{Condition: imapwire.BAD, Text: err.Error()}))
			return
		}
		r.must(err)
		return
	}
	r.cur, r.upID = id, up
}

func (r *relay) fromDown(ev imapserver.Event) {
	switch ev := ev.(type) {
	case *imapserver.Command:
		r.tag = ev.Tag
		r.send(ev.ID, ev.Cmd)
	case *imapserver.Append:
		r.mailbox, r.announced, r.committed = ev.Mailbox, false, false
	case *imapserver.AppendMessage:
		m := []imapwire.AppendMessage{{Flags: ev.Flags, Date: ev.Date, Size: ev.Size, Binary: ev.Binary, UTF8: ev.UTF8, Pushed: true, Wait: !ev.NonSync}}
		if ev.Index == 0 {
			r.announced = true
			r.send(ev.ID, &imapwire.Append{Mailbox: r.mailbox, Messages: m, Open: true})
		} else {
			r.must(r.up.SendAppend(r.upID, m, false))
		}
	case *imapserver.Literal:
		r.piece, r.toUp = ev.Data, true
	case *imapserver.AppendCommit:
		r.committed = true
		r.must(r.up.SendAppend(r.upID, nil, true))
	case *imapserver.Abandoned:
		if errors.Is(ev.Err, imapserver.ErrRefused) || !r.announced {
			return
		}
		r.ignored[r.upID], r.cur, r.announced = true, 0, false
		if err := r.up.AbortAppend(r.upID); err != nil {
			r.up.Close()
		}
	case *imapserver.Authenticate:
		r.send(ev.ID, &imapwire.Authenticate{Mechanism: ev.Mechanism, Initial: ev.Initial, HasInitial: ev.HasInitial})
	case *imapserver.AuthResponse:
		if ev.Cancelled {
			r.ignored[r.upID], r.cur = true, 0
			r.must(r.up.Cancel(r.upID))
		} else {
			r.must(r.up.Respond(r.upID, ev.Data))
		}
	case *imapserver.Idle:
		r.send(ev.ID, &imapwire.Idle{})
	case *imapserver.IdleDone:
		r.must(r.up.EndIdle(r.upID))
	case *imapserver.Enabled:
		id, err := r.up.Send(&imapwire.Enable{Capabilities: ev.Capabilities})
		r.must(err)
		r.ignored[id] = true
	case *imapserver.ClientID, *imapserver.Malformed, *imapserver.Resume, *imapserver.Upgrade:
	case *imapserver.Closed:
		if ev.Err == nil {
			if id, err := r.up.Send(&imapwire.Logout{}); err == nil {
				r.ignored[id] = true
			}
		} else {
			r.up.Close()
		}
	}
}

func (r *relay) fromUp(ev imapclient.Event) {
	switch ev := ev.(type) {
	case *imapclient.Greeting:
		if ev.Condition == imapwire.PREAUTH {
			r.down.Bye(imapwire.CodeUnavailable, "the server wants no login")
			r.up.Close()
		}
	case *imapclient.Data:
		switch d := ev.Response.(type) {
		case *imapwire.CapabilityData, *imapwire.EnabledData:
			return
		case *imapwire.ESearchData:
			if ev.ID == r.upID {
				d.Tag = r.tag
			}
		case *imapwire.StatusResponse:
			if d.Condition == imapwire.BYE {
				r.down.Bye(d.Code, d.Text)
				return
			}
		}
		// A list is read as it drains, and its pieces are borrowed.
		r.must(r.down.Send(ev.Clone().Response))
	case *imapclient.FetchStart:
		r.sofar = &imapwire.FetchData{}
	case *imapclient.Body:
		part := ev.So.Since(r.sofar)
		part.Sections = []imapwire.SectionData{ev.Section}
		part.Part = imapwire.FetchMiddle
		if len(r.sofar.Sections) == 0 {
			part.Part = imapwire.FetchFirst
		}
		so := *ev.So
		so.Sections = append(so.Sections, ev.Section)
		r.sofar = &so
		r.must(r.down.Send(part))
	case *imapclient.BodyData:
		r.piece, r.toUp = ev.Data, false
	case *imapclient.FetchEnd:
		if ev.Err != nil {
			// What was announced can not be given.
			r.down.Close()
			r.up.Close()
			return
		}
		part := ev.Data
		if r.sofar != nil {
			part = ev.Data.Since(r.sofar)
			part.Part = imapwire.FetchLast
			r.sofar = nil
		}
		r.must(r.down.Send(part))
	case *imapclient.Ready:
		r.must(r.down.Accept(r.cur))
	case *imapclient.Challenge:
		r.must(r.down.Challenge(r.cur, ev.Data))
	case *imapclient.Done:
		r.done(ev)
	case *imapclient.Malformed:
		r.malformed = append(r.malformed, ev)
	case *imapclient.Closed:
		r.down.Bye(imapwire.CodeUnavailable, "the server has gone")
	}
}

func (r *relay) done(ev *imapclient.Done) {
	switch {
	case r.login != nil && ev.ID == r.loginID:
		s := *r.login
		r.login = nil
		r.setCapabilities()
		r.must(r.down.Done(r.cur, s))
		return
	case r.ignored[ev.ID]:
		delete(r.ignored, ev.ID)
		return
	case ev.Err != nil || r.cur == 0 || ev.ID != r.upID:
		return
	}
	id := r.cur
	if _, told := ev.Status.Code.(*imapwire.CodeCapability); told && ev.Status.Condition == imapwire.OK {
		ev.Status.Code = nil
	}
	if r.announced && !r.committed {
		r.announced = false
		r.must(r.down.Refuse(id, ev.Status))
		return
	}
	r.announced = false
	if r.down.State() == imapserver.StateNotAuthenticated && r.up.State() == imapclient.StateAuthenticated {
		if _, known := r.up.Capabilities(); !known {
			// The client's next answer has the list; ours has to be right.
			var err error
			r.loginID, err = r.up.Send(&imapwire.Capability{})
			r.must(err)
			r.login = &ev.Status
			return
		}
		r.setCapabilities()
	}
	r.must(r.down.Done(id, ev.Status))
}

func (r *relay) setCapabilities() {
	caps, _ := r.up.Capabilities()
	var pass imap.Capabilities
	for _, x := range caps {
		_, auth := x.AuthMechanism()
		switch {
		case auth || x.Equal(imap.CapSASLIR) || x.Equal(imap.CapStartTLS) || x.Equal(imap.CapLoginDisabled):
			// These are between the client and the relay.
		case r.hide.Has(x) || strings.HasPrefix(strings.ToUpper(string(x)), "COMPRESS="):
		default:
			pass = append(pass, x)
		}
	}
	r.must(r.down.SetCapabilities(imapserver.CapabilityLists{Authenticated: pass}))
}

// String shows where both engines stand.
func (r *relay) String() string {
	return fmt.Sprintf("down %v, wants %v; up %v, wants %v", r.down.State(), r.down.Want(), r.up.State(), r.up.Want())
}
