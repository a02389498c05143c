package imapclient_test

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// An asker sends a command and waits for its Result: the loop of every simple
// program. The server of these examples says what stands in script.
type asker struct {
	conn      *imapclient.Conn
	collector imapclient.Collector
	script    []string
}

func ask(script ...string) *asker {
	conn, _ := imapclient.New(time.Now(), imapclient.Options{})
	return &asker{conn: conn, script: append([]string{"* PREAUTH ready"}, script...)}
}

func (a *asker) do(cmd imapwire.Command) *imapclient.Result {
	id, err := a.conn.Send(cmd)
	if err != nil {
		return nil
	}
	a.collector.Sent(id, cmd)
	for {
		a.conn.Flush(time.Now(), io.Discard)
		ev := a.conn.Next()
		if res := a.collector.Take(ev); res != nil {
			return res
		}
		if ev != nil {
			continue
		}
		if len(a.script) == 0 {
			a.conn.FeedEOF(time.Now())
			continue
		}
		a.conn.Feed(time.Now(), []byte(strings.ReplaceAll(a.script[0], "\n", "\r\n")+"\r\n"))
		a.script = a.script[1:]
	}
}

// List all mailboxes.
func ExampleResult_Lists() {
	a := ask("* LIST () \"/\" INBOX\n* LIST (\\Sent) \"/\" \"Sent &AOk-\"\nA1 OK done")

	res := a.do(&imapwire.List{Patterns: []string{"*"}})
	if err := res.Err(); err != nil {
		fmt.Println(err)
	}
	for _, box := range res.Lists() {
		fmt.Println(imap.DisplayMailbox(box.Mailbox, false), box.Attrs)
	}
	// Output:
	// INBOX []
	// Sent é [\Sent]
}

// Fetch the headers of the last ten messages.
func ExampleCollector() {
	a := ask("* 12 EXISTS\nA1 OK done",
		"* 11 FETCH (BODY[HEADER] {21}\nSubject: Tea at five\n)\n* 12 FETCH (BODY[HEADER] {14}\nSubject: Re:\n)\nA2 OK done")

	sel := a.do(&imapwire.Select{Mailbox: "INBOX", ReadOnly: true})
	last := uint32(1)
	for _, data := range sel.Data {
		if exists, ok := data.(*imapwire.ExistsData); ok {
			last = exists.Count
		}
	}
	res := a.do(&imapwire.Fetch{
		Set:   imap.SetRange(max(last, 10)-9, imap.Star),
		Items: []imapwire.FetchItem{&imapwire.FetchBody{Peek: true, Section: imap.Section{Specifier: imap.SpecifierHeader}}},
	})
	for _, f := range res.Fetches {
		fmt.Println(f.Num, strings.TrimSpace(f.Sections[0].Content.Data))
	}
	fmt.Println(res.Err())
	// Output:
	// 11 Subject: Tea at five
	// 12 Subject: Re:
	// <nil>
}

// Search for messages that nobody has seen.
func ExampleResult_SearchUIDs() {
	a := ask("* 12 EXISTS\nA1 OK done", "* SEARCH 7 9 8 30\nA2 OK done")

	a.do(&imapwire.Select{Mailbox: "INBOX"})
	res := a.do(&imapwire.Search{UID: true, Key: &imap.SearchFlag{Flag: imap.FlagSeen, Unset: true}})
	fmt.Println(res.SearchUIDs(), res.Err())
	// Output: 7:9,30 <nil>
}

// A picture that is kept, and made true again in the next conversation.
func ExampleMirror() {
	var m imapclient.Mirror
	first := "* ENABLED QRESYNC\n* 2 EXISTS\n* OK [UIDVALIDITY 1] x\n* OK [HIGHESTMODSEQ 8] x\nA2 OK done\n" +
		"* 1 FETCH (UID 3 FLAGS () MODSEQ (5))\n* 2 FETCH (UID 4 FLAGS () MODSEQ (8))\nA3 OK done"
	later := "* ENABLED QRESYNC\n* 1 EXISTS\n* OK [UIDVALIDITY 1] x\n* OK [HIGHESTMODSEQ 11] x\n" +
		"* VANISHED (EARLIER) 3\n* 1 FETCH (UID 4 FLAGS (\\Seen) MODSEQ (11))\nA2 OK done"
	for _, said := range []string{first, later} {
		conversation(&m, said)
		kept, _ := m.MarshalBinary()
		m = imapclient.Mirror{}
		m.UnmarshalBinary(kept)
		flags, _, _ := m.Flags(4)
		fmt.Println(m.UIDs(), flags, m.HighestModSeq(), len(kept), "octets")
	}
	// Output:
	// > SELECT (CONDSTORE)
	// > UID FETCH
	// 3:4 [] 8 15 octets
	// > SELECT (QRESYNC (1 8 …))
	// 4 [\Seen] 11 20 octets
}

// conversation plays a server that says lines, one for one, to a client that
// does what a Mirror asks for.
func conversation(m *imapclient.Mirror, said string) {
	conn, _ := imapclient.New(time.Now(), imapclient.Options{})
	send := func(cmd imapwire.Command) {
		switch cmd := cmd.(type) {
		case *imapwire.Select:
			if cmd.QResync != nil {
				fmt.Printf("> SELECT (QRESYNC (%d %d …))\n", cmd.QResync.UIDValidity, cmd.QResync.ModSeq)
			} else {
				fmt.Println("> SELECT (CONDSTORE)")
			}
		case *imapwire.Fetch:
			fmt.Println(">", cmd.Verb())
		}
		if id, err := conn.Send(cmd); err == nil {
			m.Sent(id, cmd)
		}
	}
	caps := imap.Capabilities{imap.CapQResync, imap.CapCondStore}
	send(&imapwire.Enable{Capabilities: caps[:1]})
	for line := range strings.Lines("* PREAUTH ready\n" + strings.Replace(said, "\n", "\nA1 OK done\n", 1) + "\n") {
		conn.Flush(time.Now(), io.Discard)
		conn.Feed(time.Now(), []byte(strings.TrimSuffix(line, "\n")+"\r\n"))
		for ev := conn.Next(); ev != nil; ev = conn.Next() {
			m.Take(ev)
			if done, ok := ev.(*imapclient.Done); ok {
				if done.ID == 1 {
					send(m.Select("INBOX", caps))
				}
				for _, cmd := range m.Catchup() {
					send(cmd)
				}
			}
		}
	}
	conn.Close()
	for ev := conn.Next(); ev != nil; ev = conn.Next() {
		m.Take(ev)
	}
}
