package imapclient_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

// A relay is a proxy: a server's engine towards the client and a client's engine
// towards the server, with nothing between them but this. It has no memory for
// bodies.
type relay struct {
	t    fataler
	down *imapserver.Conn
	up   *imapclient.Conn
	// cur is the command of the client in progress, and upID what it became.
	cur, upID engine.ID
	// ignored are commands of the relay's own.
	ignored map[engine.ID]bool
	// login is the answer to a login that waits for the capabilities.
	login   *imapwire.StatusCondition
	loginID engine.ID
	tag     string // of the command in progress
	mailbox string // of an APPEND
	announced,
	committed bool
	sofar *imapwire.FetchData // what was sent of the FETCH response in progress
	piece []byte              // of a content, which waits for room
	// toUp: the piece goes to the server.
	toUp bool
}

// newRelay returns a relay between a client and a server over loopback.
func newRelay(t fataler) *relay {
	r := &relay{t: t, ignored: map[engine.ID]bool{}}
	var err error
	if r.down, err = imapserver.New(start, imapserver.Options{
		Security: engine.Security{Loopback: true}, PlaintextAuth: engine.PlaintextLoopback,
		Mechanisms: []imapserver.Mechanism{{Name: "PLAIN", Plaintext: true}, {Name: "LOGIN", Plaintext: true}},
		Enable:     imap.Capabilities{imap.CapIMAP4rev2, imap.CapUTF8Accept}, Relay: true,
	}); err != nil {
		t.Fatalf("%v", err)
	}
	if r.up, err = imapclient.New(start, imapclient.Options{
		Security: engine.Security{Loopback: true}, PlaintextAuth: engine.PlaintextLoopback,
	}); err != nil {
		t.Fatalf("%v", err)
	}
	return r
}

func (r *relay) must(err error) {
	if tb, ok := r.t.(testing.TB); ok {
		tb.Helper()
	}
	if err != nil && !errors.Is(err, engine.ErrClosed) {
		r.t.Fatalf("relay: %v; %v", err, r)
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
		if err := r.up.EndIdle(r.upID); err != nil {
			r.t.Fatalf("end of IDLE: %v", err)
		}
	case *imapserver.Enabled:
		id, err := r.up.Send(&imapwire.Enable{Capabilities: ev.Capabilities})
		r.must(err)
		r.ignored[id] = true
	case *imapserver.ClientID, *imapserver.Malformed:
	case *imapserver.Closed:
		if ev.Err == nil {
			if id, err := r.up.Send(&imapwire.Logout{}); err == nil {
				r.ignored[id] = true
			}
		} else {
			r.up.Close()
		}
	default:
		r.t.Fatalf("event %T", ev)
	}
}

func (r *relay) fromUp(ev imapclient.Event) {
	switch ev := ev.(type) {
	case *imapclient.Greeting, *imapclient.Idling:
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
		r.must(r.down.Send(ev.Response))
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
			r.down.Close()
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
		r.t.Fatalf("the client's engine does not understand %q: %v", ev.Raw, ev.Err)
	case *imapclient.Closed:
		r.down.Close()
	default:
		r.t.Fatalf("event %T", ev)
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
		if _, auth := x.AuthMechanism(); !auth && !x.Equal(imap.CapSASLIR) && !x.Equal(imap.CapStartTLS) {
			pass = append(pass, x)
		}
	}
	r.must(r.down.SetCapabilities(imapserver.CapabilityLists{Authenticated: pass}))
}

// String shows where both engines stand.
func (r *relay) String() string {
	return fmt.Sprintf("down %v, wants %v; up %v, wants %v", r.down.State(), r.down.Want(), r.up.State(), r.up.Want())
}
