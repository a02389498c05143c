package pop3client_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
	"github.com/mailwire/mailwire/pop3wire/pop3client"
)

// answerRows are answers to commands, well formed and as some servers send them.
var answerRows = []struct {
	command pop3wire.Command
	said    string
}{
	{&pop3wire.Stat{}, "+OK 2 320\r\n"},
	{&pop3wire.Stat{}, "+OK  2  320\r\n"},
	{&pop3wire.Noop{}, "+OK\r\n"},
	{&pop3wire.Noop{}, "-ERR [SYS/TEMP] later\r\n"},
	{&pop3wire.Dele{Num: 1}, "-ERR [x-y/Z/1] ?\r\n"},
	{&pop3wire.List{}, "+OK 2 messages\r\n1 120\r\n2 200 and more\r\n.\r\n"},
	{&pop3wire.List{Num: 2}, "+OK 2 200\r\n"},
	{&pop3wire.Uidl{}, "+OK\r\n1 whqtswO00WBw418f9t5JxYwZ\r\n2   b\r\n 3  c \r\n.\r\n"},
	{&pop3wire.Uidl{Num: 2}, "+OK 2 QhdPYR:00WBw1Ph7x7\r\n"},
	{&pop3wire.Capa{}, "+OK\r\nTOP\r\nSASL PLAIN SCRAM-SHA-1\r\nLOGIN-DELAY 900 USER\r\nEXPIRE NEVER\r\nPIPELINING\r\nX-OTHER a b\r\n.\r\n"},
	{&pop3wire.Lang{}, "+OK\r\nen English\r\nde Deutsch\r\n.\r\n"},
	{&pop3wire.Lang{Range: "de"}, "+OK de Antworten sind nun deutsch\r\n"},
	{&pop3wire.Retr{Num: 1}, "+OK 35 octets\r\nSubject: x\r\n\r\n..\r\n.x\r\na\r.\n.\r\nb\n\r\n.\r\n"},
	{&pop3wire.Retr{Num: 1}, "+OK\na\n..\n.\n"},
	{&pop3wire.Top{Num: 2, Lines: 1}, "+OK\r\nSubject: x\r\n\r\none\r\n.\r\n"},
	{&pop3wire.UnknownCommand{Name: "XTND", Args: " x"}, "+OK what this says\r\n"},
	{&pop3wire.Quit{}, "-ERR some deleted messages not removed\r\n"},
}

// understands gives what a server said to a client that has sent the command, piece
// by piece, then what ends whatever was begun, and then the answer to another
// command, which has to be understood, unless the conversation has ended with an
// error of a type that says why.
func understands(command pop3wire.Command, said []byte, piece int, opt pop3client.Options) error {
	opt.Security = engine.Security{Encrypted: true}
	c, err := pop3client.New(start, opt)
	if err != nil {
		return err
	}
	var closed *pop3client.Closed
	done := make(map[engine.ID]*pop3client.Done)
	bodies := 0
	take := func() {
		for ev := c.Next(); ev != nil; ev = c.Next() {
			switch ev := ev.(type) {
			case *pop3client.Done:
				if done[ev.ID] != nil {
					err = fmt.Errorf("command %d is done twice", ev.ID)
				}
				done[ev.ID] = ev
			case *pop3client.Body:
				bodies++
			case *pop3client.BodyEnd:
				bodies--
			case *pop3client.Malformed:
				if ev.Err == nil {
					err = fmt.Errorf("%+v", ev)
				}
			case *pop3client.Tolerated:
				if opt.Strict {
					err = fmt.Errorf("%v is tolerated", ev.Tolerance)
				}
			case *pop3client.Closed:
				closed = ev
			}
		}
	}
	feed := func(b []byte) {
		for len(b) > 0 && closed == nil {
			n := min(len(b), piece)
			c.Feed(start, b[:n])
			take()
			b = b[n:]
		}
	}
	send := func(cmd pop3wire.Command) engine.ID {
		id, sendErr := c.Send(cmd)
		if sendErr != nil && closed == nil {
			err = sendErr
		}
		c.Flush(start, io.Discard)
		return id
	}
	feed([]byte("+OK\r\n"))
	send(&pop3wire.User{Name: "u"})
	feed([]byte("+OK\r\n"))
	send(&pop3wire.Pass{Password: "p"})
	feed([]byte("+OK\r\n"))
	id := send(command)
	feed(said)
	for _, end := range []string{"\r\n", "\r\n.\r\n", ".\r\n"} {
		if done[id] == nil {
			feed([]byte(end))
		}
	}
	if _, quits := command.(*pop3wire.Quit); !quits && closed == nil {
		probe := send(&pop3wire.List{Num: 7})
		feed([]byte("+OK 7 4242\r\n"))
		if d := done[probe]; closed == nil {
			if d == nil {
				return errors.New("the next answer is not understood")
			}
			if l, ok := d.Answer.(*pop3wire.ScanListing); !ok || l.Size != 4242 {
				return fmt.Errorf("the next answer is %+v", d)
			}
		}
	}
	switch {
	case err != nil:
		return err
	case done[id] == nil:
		return errors.New("the command is not done")
	case bodies != 0:
		return errors.New("a message has no end")
	case closed == nil || closed.Err == nil:
		return nil
	}
	var se *engine.SyntaxError
	var le *engine.LimitError
	if !errors.Is(closed.Err, engine.ErrProtocol) && !errors.As(closed.Err, &se) && !errors.As(closed.Err, &le) {
		return fmt.Errorf("ended with %T: %w", closed.Err, closed.Err)
	}
	return nil
}

// TestMutations: invariants 1 and 7 for what a client reads. Every answer as it is,
// cut at every octet, twice, and with each octet changed, in pieces of one octet,
// of seven, and whole; strictly, as it comes, and with all that can be tolerated.
func TestMutations(t *testing.T) {
	options := []pop3client.Options{{}, {Strict: true}, {Tolerate: pop3client.BlankLines}}
	pieces := []int{1, 7, 1 << 20}
	changes := []byte("\x00\n\r .+-*0A[]<>\x80\xff")
	n := 0
	check := func(command pop3wire.Command, said []byte) {
		for _, opt := range options {
			for _, piece := range pieces {
				n++
				if err := understands(command, said, piece, opt); err != nil {
					t.Errorf("%T: %q, strict %v, tolerate %v, in pieces of %d: %v", command, said, opt.Strict, opt.Tolerate, piece, err)
				}
			}
		}
	}
	for _, row := range answerRows {
		said := []byte(row.said)
		check(row.command, said)
		check(row.command, []byte(strings.Repeat(row.said, 2)))
		for i := range said {
			check(row.command, said[:i])
			for _, x := range append(changes, said[i]^0x20) {
				changed := bytes.Clone(said)
				changed[i] = x
				check(row.command, changed)
			}
		}
		if t.Failed() && n > 2000 {
			return
		}
	}
	t.Logf("%d mutations of %d answers", n, len(answerRows))
}
