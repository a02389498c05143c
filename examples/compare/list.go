package main

import (
	"bytes"
	"fmt"
	"strings"

	v2 "github.com/emersion/go-imap/v2"
	"github.com/mailwire/mailwire/imapwire"
	ours "github.com/mailwire/mailwire/imapwire/imapclient"
)

func listRows() []row {
	return []row{{
		name: "LIST and STATUS responses of a mailbox", unit: "pair", library: "go-imap v2",
		ours: listOurs, theirs: listTheirs, times: 10,
	}}
}

// listBatch is how many mailboxes there are.
const listBatch = 500

var listAnswer = func() []byte {
	var b bytes.Buffer
	for i := range listBatch {
		attrs := []string{`\HasNoChildren`, `\HasNoChildren`, `\HasChildren`, `\HasNoChildren \Archive`}[i%4]
		name := fmt.Sprintf([]string{"Archive/2026/Project%d", `"Lists/Some list %d"`}[i%2], i)
		fmt.Fprintf(&b, "* LIST (%s) \"/\" %s\r\n", attrs, name)
		fmt.Fprintf(&b, "* STATUS %s (MESSAGES %d UIDNEXT %d UIDVALIDITY %d UNSEEN %d)\r\n", name, 231+i, 44292+i, 3857529045-i, i%7)
	}
	return b.Bytes()
}()

// A listed is a mailbox as both sides tell it.
type listed struct {
	name, attrs                            string
	delimiter                              rune
	messages, uidNext, uidValidity, unseen uint32
}

// Ours: the client engine, two events for each mailbox.
func listOurs() (*work, error) {
	o, err := newOursClient(ours.Options{})
	if err != nil {
		return nil, err
	}
	cmd := &imapwire.List{Patterns: []string{"*"}}
	list := func(take func(imapwire.Response)) error {
		got := 0
		err := o.do(cmd, answer{rest: listAnswer}, pieceSize, func(ev ours.Event) error {
			if d, ok := ev.(*ours.Data); ok {
				got++
				take(d.Response)
			}
			return nil
		})
		if err == nil && got != 2*listBatch {
			err = fmt.Errorf("%d responses", got)
		}
		return err
	}
	return &work{
		run: func(n int) (int, error) {
			return batches(n, listBatch, func() error { return list(func(imapwire.Response) {}) })
		},
		understood: func() string {
			var s strings.Builder
			var l listed
			list(func(r imapwire.Response) {
				switch r := r.(type) {
				case *imapwire.ListData:
					l = listed{name: r.Mailbox, delimiter: rune(r.Delimiter)}
					for _, a := range r.Attrs {
						l.attrs += string(a) + " "
					}
				case *imapwire.StatusData:
					for _, v := range r.Values {
						n := uint32(v.Number)
						switch v.Item {
						case imapwire.StatusMessages:
							l.messages = n
						case imapwire.StatusUIDNext:
							l.uidNext = n
						case imapwire.StatusUIDValidity:
							l.uidValidity = n
						case imapwire.StatusUnseen:
							l.unseen = n
						}
					}
					fmt.Fprintf(&s, "%+v\n", l)
				}
			})
			return s.String()
		},
	}, nil
}

// Theirs: the client, one value for each mailbox.
func listTheirs() (*work, error) {
	c, err := newTheirsClient(answer{rest: listAnswer})
	if err != nil {
		return nil, err
	}
	list := func(take func(*v2.ListData)) error {
		cmd := c.List("", "*", &v2.ListOptions{ReturnStatus: &v2.StatusOptions{
			NumMessages: true, UIDNext: true, UIDValidity: true, NumUnseen: true,
		}})
		got := 0
		for l := cmd.Next(); l != nil; l = cmd.Next() {
			got++
			take(l)
		}
		if err := cmd.Close(); err != nil {
			return err
		}
		if got != listBatch {
			return fmt.Errorf("%d mailboxes", got)
		}
		return nil
	}
	return &work{
		run: func(n int) (int, error) {
			return batches(n, listBatch, func() error { return list(func(*v2.ListData) {}) })
		},
		understood: func() string {
			var s strings.Builder
			list(func(d *v2.ListData) {
				l := listed{name: d.Mailbox, delimiter: d.Delim}
				for _, a := range d.Attrs {
					l.attrs += string(a) + " "
				}
				if x := d.Status; x != nil {
					l.messages, l.uidNext, l.uidValidity, l.unseen = *x.NumMessages, uint32(x.UIDNext), x.UIDValidity, *x.NumUnseen
				}
				fmt.Fprintf(&s, "%+v\n", l)
			})
			return s.String()
		},
		close: func() { c.Close() },
	}, nil
}
