package imapclient_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// TestWithdraw: a command can be taken back as long as nothing of it has left.
func TestWithdraw(t *testing.T) {
	p := newPlayer(t, imapclient.Options{})
	p.feed("* PREAUTH ready\r\n")
	idle, _ := p.c.Send(&imapwire.Idle{})
	noop, _ := p.c.Send(&imapwire.Noop{})
	last, _ := p.c.Send(&imapwire.Check{})
	if p.c.Sent(noop) || p.c.Sent(idle) {
		t.Error("sent before it was")
	}
	p.work()
	if !p.c.Sent(idle) || !errors.Is(p.c.Withdraw(idle), engine.ErrNotNow) {
		t.Error("IDLE has left")
	}
	if err := p.c.Withdraw(noop); err != nil {
		t.Error(err)
	}
	p.feed("+ idling\r\n")
	p.c.EndIdle(idle)
	p.work()
	p.feed("A1 OK done\r\nA3 OK done\r\n")
	log := strings.Join(p.log, "\n")
	if strings.Contains(log, "NOOP") || !strings.Contains(log, "E: done 2: imapclient: withdrawn") || !strings.Contains(log, "C: A3 CHECK") || !p.c.Sent(last) {
		t.Errorf("%s", log)
	}
}
