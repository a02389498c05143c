package imapwire_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// noon is the moment at which conversations happen.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// filler ends whatever was begun: a line, or a literal of the octets that a table
// announces. Then one response is sent that has to be understood.
var filler = "\r\n" + strings.Repeat("* 9 EXISTS\r\n", 30)

const probe, probed = "* 424242 EXISTS\r\n", 424242

// goesOn feeds octets to a client with a mailbox selected, piece by piece, and
// then the filler and the probe. It returns an error unless the client
// understands the probe, or the conversation has ended with an error of a type
// that says why. tail is what follows the octets.
func goesOn(octets []byte, piece int, opt imapclient.Options) error {
	c, err := imapclient.New(noon, opt)
	if err != nil {
		return err
	}
	found := 0
	var closed *imapclient.Closed
	take := func() {
		for ev := c.Next(); ev != nil; ev = c.Next() {
			switch ev := ev.(type) {
			case *imapclient.Data:
				if r, ok := ev.Response.(*imapwire.ExistsData); ok && r.Count == probed {
					found++
				}
			case *imapclient.Closed:
				closed = ev
			case *imapclient.Malformed:
				if ev.Raw == "" || ev.Err == nil {
					err = fmt.Errorf("%#v", ev)
				}
			case *imapclient.Tolerated:
				for _, d := range ev.Diagnostics {
					if p := (imapwire.ParseOptions{Strict: opt.Strict, Tolerate: opt.Tolerate}); !p.Tolerates().Has(d.Tolerance) {
						err = fmt.Errorf("%v is tolerated", d.Tolerance)
					}
				}
			}
		}
	}
	feed := func(b []byte) {
		for len(b) > 0 && closed == nil {
			n := min(len(b), piece)
			c.Feed(noon, b[:n])
			take()
			b = b[n:]
		}
	}
	feed([]byte("* PREAUTH ready\r\n"))
	if _, err := c.Send(&imapwire.Select{Mailbox: "x"}); err != nil {
		return err
	}
	c.Flush(noon, io.Discard)
	feed([]byte("A1 OK done\r\n"))
	feed(octets)
	if !complete(octets) {
		feed([]byte(filler))
	}
	feed([]byte(probe))
	if err != nil {
		return err
	}
	if closed == nil {
		if found != 1 {
			return fmt.Errorf("the next response is understood %d times", found)
		}
		return nil
	}
	var bye *imapclient.ByeError
	var se *engine.SyntaxError
	var le *engine.LimitError
	if !errors.Is(closed.Err, engine.ErrProtocol) && !errors.As(closed.Err, &bye) && !errors.As(closed.Err, &se) && !errors.As(closed.Err, &le) {
		return fmt.Errorf("ended with %T: %w", closed.Err, closed.Err)
	}
	return nil
}

// TestMutations: invariants 1 and 7 for what a client reads. Every response of the
// tables as it is, cut at every octet, twice, and with each octet changed, in
// pieces of one octet, of seven, and whole; strictly, as it comes, and with all
// that can be tolerated.
func TestMutations(t *testing.T) {
	var all imapwire.Tolerances
	for tol := range imapwire.AllTolerances {
		all |= imapwire.ToleranceSet(tol)
	}
	options := []imapclient.Options{{}, {Strict: true}, {Tolerate: all}}
	pieces := []int{1, 7, 1 << 20}
	var frames [][]byte
	for _, row := range responseRows() {
		frames = append(frames, frameOf(row.wire))
	}
	for _, row := range toleratedRows(t) {
		frames = append(frames, row.frame())
	}
	own := len(frames)
	frames = append(frames, imapwire.ResponseFrames()...)
	changes := []byte("\x00\n\r ()\"\\{}]*%0A\x80\xff")
	turn := 0 // which of the options and pieces: every combination within nine
	check := func(octets []byte) {
		turn++
		opt, piece := options[turn%3], pieces[turn/3%3]
		if err := goesOn(octets, piece, opt); err != nil {
			t.Errorf("%q, strict %v, all %v, in pieces of %d: %v", octets, opt.Strict, opt.Tolerate != 0, piece, err)
		}
	}
	step := 1
	if testing.Short() {
		step = 17
	}
	seen := map[string]bool{}
	for n, frame := range frames {
		if seen[string(frame)] {
			continue
		}
		seen[string(frame)] = true
		for _, opt := range options {
			for _, piece := range pieces {
				if err := goesOn(frame, piece, opt); err != nil {
					t.Errorf("%q, strict %v, all %v, in pieces of %d: %v", frame, opt.Strict, opt.Tolerate != 0, piece, err)
				}
			}
		}
		check(append(bytes.Clone(frame), frame...))
		for i := n % step; i < len(frame); i += step {
			if n >= own && i%3 != n%3 {
				continue // the tables of the formal syntax are many
			}
			check(frame[:i])
			for k, x := range changes {
				if n >= own && k%6 != (n+i/3)%6 {
					continue
				}
				changed := bytes.Clone(frame)
				changed[i] = x
				check(changed)
			}
			changed := bytes.Clone(frame)
			changed[i] ^= 0x20
			check(changed)
		}
		if t.Failed() && turn > 2000 {
			return
		}
	}
	t.Logf("%d mutations of %d responses", turn, len(seen))
}

// complete reports whether octets are nothing but whole frames.
func complete(octets []byte) bool {
	var f imapwire.Framer
	f.BareLF = true
	f.SetBounds(imapwire.Limits{}.Response(true))
	f.Feed(octets)
	for {
		switch fr := f.Next(); fr.Kind {
		case imapwire.FrameNone:
			return !f.Partial()
		case imapwire.FrameLiteral:
			if f.Buffer() != nil {
				return false
			}
		}
	}
}
