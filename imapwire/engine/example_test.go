package engine_test

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// An echo is the smallest engine: it answers every line with the line. It has
// the verbs that all engines have.
type echo struct {
	lines  engine.Lines
	in     []byte // borrowed input that has not been looked at
	out    []byte
	closed bool
}

func (c *echo) Feed(_ time.Time, p []byte) error {
	if len(c.in) > 0 {
		return engine.ErrBusy
	}
	c.in = p
	return nil
}

func (c *echo) FeedEOF(time.Time) { c.closed = true }

func (c *echo) Next() (line string, ok bool) {
	for len(c.in) > 0 {
		l, n, _, full, _ := c.lines.Cut(c.in)
		c.in = c.in[n:]
		if full {
			return string(l), true
		}
	}
	return "", false
}

func (c *echo) Want() engine.Want {
	if c.closed {
		return engine.WantNothing
	}
	return engine.WantInput
}

func (c *echo) Send(line string)             { c.out = append(c.out, line+"\n"...) }
func (c *echo) Output() engine.Segment       { return engine.Segment{Bytes: c.out} }
func (c *echo) Advance(_ time.Time, n int64) { c.out = c.out[n:] }
func (c *echo) Flush(now time.Time, w io.Writer) {
	n, _ := w.Write(c.out)
	c.Advance(now, int64(n))
}

// The calling loop of every engine: take an event, and when there is none, write
// and do what Want says.
func Example() {
	network, buf := strings.NewReader("one\r\ntwo\r\n"), make([]byte, 4)
	c := &echo{lines: engine.Lines{Max: 80}}
	for {
		if line, ok := c.Next(); ok {
			c.Send("echo " + line)
			continue
		}
		now, want := time.Unix(0, 0), c.Want()
		c.Flush(now, os.Stdout)
		if want == engine.WantNothing {
			break
		}
		n, err := network.Read(buf)
		if err != nil {
			c.FeedEOF(now)
			continue
		}
		c.Feed(now, buf[:n])
	}
	// Output:
	// echo one
	// echo two
}

func ExampleSecret() {
	login := struct {
		User     string
		Password engine.Secret
	}{"tim", "tanstaaf"}
	fmt.Printf("%+v\n", login)
	fmt.Println(string(login.Password) == "tanstaaf")
	// Output:
	// {User:tim Password:[redacted]}
	// true
}

func ExampleClass() {
	fmt.Println(engine.Atom.All("INBOX"), engine.Atom.All("two words"))
	// Output: true false
}
