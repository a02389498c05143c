package imapserve_test

import (
	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imapserver"
)

// A pinged is a command that only the application of the example knows.
type pinged struct {
	*imapserver.Command
	args string
}

func ping(ev imapserver.Event) (pinged, bool) {
	c, ok := ev.(*imapserver.Command)
	if !ok {
		return pinged{}, false
	}
	u, ok := c.Cmd.(*imapwire.UnknownCommand)
	if !ok || u.Name != "XPING" {
		return pinged{}, false
	}
	return pinged{c, u.Args}, true
}

func (p pinged) answer(c *imapserver.Conn) {
	c.Send(&imapwire.UnknownData{Raw: "XPONG" + p.args})
	c.Done(p.ID, imapwire.StatusCondition{Condition: imapwire.OK, Text: "pinged"})
}
