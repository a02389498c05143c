package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"slices"
	"strings"

	v1 "github.com/emersion/go-imap"
	v2 "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
	ours "github.com/mailwire/mailwire/imapwire/imapclient"
)

func fetchRows() []row {
	const (
		flags     = "FETCH (UID FLAGS MODSEQ) response"
		structure = "FETCH (UID ENVELOPE BODYSTRUCTURE) response"
		body      = "FETCH BODY[] literal, per 64 KiB piece"
	)
	rows := []row{
		{name: flags + ", records reused", times: 20, allocsMost: true, ours: fetchOurs(flagAnswer, true)},
		{name: flags + ", records owned", times: 12, allocsMost: true, allocs: 2, ours: fetchOurs(flagAnswer, false)},
		{name: structure + ", records reused", times: 15, allocsMost: true, allocs: 1, ours: fetchOurs(structureAnswer, true)},
		{name: structure + ", records owned", times: 9, allocsMost: true, allocs: 4, ours: fetchOurs(structureAnswer, false)},
	}
	for i := range rows {
		rows[i].unit, rows[i].library = "response", "go-imap v2"
		rows[i].theirs = fetchTheirs(flagAnswer, &v2.FetchOptions{UID: true, Flags: true, ModSeq: true})
		if strings.HasPrefix(rows[i].name, structure) {
			rows[i].theirs = fetchTheirs(structureAnswer, &v2.FetchOptions{
				UID: true, Envelope: true, BodyStructure: &v2.FetchItemBodyStructure{Extended: true},
			})
		}
	}
	return append(rows,
		row{name: flags + ", records owned", unit: "response", library: "go-imap v1",
			ours: fetchOurs(flagAnswerV1, false), theirs: fetchTheirsV1(flagAnswerV1)},
		row{name: structure + ", records owned", unit: "response", library: "go-imap v1",
			ours: fetchOurs(structureAnswer, false), theirs: fetchTheirsV1(structureAnswer)},
		row{name: body, unit: "piece", library: "go-imap v2", most: 300, allocsMost: true,
			ours: bodyOurs, theirs: bodyTheirs},
	)
}

// fetchBatch is how many responses answer one command.
const fetchBatch = 1000

func fetchAnswer(line func(b *bytes.Buffer, i int)) []byte {
	var b bytes.Buffer
	for i := 1; i <= fetchBatch; i++ {
		line(&b, i)
	}
	return b.Bytes()
}

var flagLists = []string{`\Seen`, ``, `\Seen \Answered`, `\Flagged \Seen $Forwarded`}

var flagAnswer = fetchAnswer(func(b *bytes.Buffer, i int) {
	fmt.Fprintf(b, "* %d FETCH (UID %d FLAGS (%s) MODSEQ (%d))\r\n", i, 40000+3*i, flagLists[i%4], 917162500+i)
})

// The same for go-imap v1, which knows no MODSEQ.
var flagAnswerV1 = fetchAnswer(func(b *bytes.Buffer, i int) {
	fmt.Fprintf(b, "* %d FETCH (UID %d FLAGS (%s))\r\n", i, 40000+3*i, flagLists[i%4])
})

// A message as people send them: text as plain and as HTML, and a file.
var structureAnswer = fetchAnswer(func(b *bytes.Buffer, i int) {
	fmt.Fprintf(b, `* %d FETCH (UID %d ENVELOPE ("Mon, 30 Nov 2026 10:15:%02d +0100" "Minutes of the meeting, part %d" `+
		`(("Ada Lovelace" NIL "ada" "example.org")) (("Ada Lovelace" NIL "ada" "example.org")) (("Ada Lovelace" NIL "ada" "example.org")) `+
		`(("Charles Babbage" NIL "charles" "example.net")("Mary Somerville" NIL "mary" "example.com")(NIL NIL "minutes" "lists.example.org")) `+
		`(("Grace Hopper" NIL "grace" "example.edu")) NIL "<%d.4711@example.net>" "<%d.4712@example.org>") `+
		`BODYSTRUCTURE ((("text" "plain" ("charset" "utf-8" "format" "flowed") NIL NIL "quoted-printable" %d 52 NIL NIL NIL NIL)`+
		`("text" "html" ("charset" "utf-8") NIL NIL "quoted-printable" %d 141 NIL NIL NIL NIL) "alternative" ("boundary" "=_b2_%d") NIL NIL NIL)`+
		`("application" "pdf" ("name" "minutes.pdf") "<part3.%d@example.org>" NIL "base64" %d NIL ("attachment" ("filename" "minutes.pdf" "size" "%d")) NIL NIL) `+
		`"mixed" ("boundary" "=_b1_%d") NIL NIL NIL))`+"\r\n",
		i, 40000+3*i, i%60, i, i, i, 1800+i, 5200+i, i, i, 88000+i, 64000+i, i)
})

// Ours: the client engine, from Feed to FetchEnd.
func fetchOurs(octets []byte, reuse bool) side {
	return func() (*work, error) {
		o, err := newOursClient(ours.Options{Reuse: reuse})
		if err != nil {
			return nil, err
		}
		cmd := &imapwire.Fetch{UID: true, Set: imap.SetRange(1, fetchBatch), Items: []imapwire.FetchItem{imapwire.FetchFlags}}
		fetch := func(take func(*imapwire.FetchData)) error {
			got := 0
			err := o.do(cmd, answer{rest: octets}, pieceSize, func(ev ours.Event) error {
				if f, ok := ev.(*ours.FetchEnd); ok {
					got++
					take(f.Data)
				}
				return nil
			})
			if err == nil && got != fetchBatch {
				err = fmt.Errorf("%d responses", got)
			}
			return err
		}
		return &work{
			run: func(n int) (int, error) {
				return batches(n, fetchBatch, func() error { return fetch(func(*imapwire.FetchData) {}) })
			},
			understood: func() string {
				var s strings.Builder
				fetch(func(f *imapwire.FetchData) { s.WriteString(describeOurs(f)) })
				return s.String()
			},
		}, nil
	}
}

// Theirs, v2: the client, each item as it comes out of the channel of its
// message. That is what Collect does, without the record that it makes.
func fetchTheirs(octets []byte, opt *v2.FetchOptions) side {
	return func() (*work, error) {
		c, err := newTheirsClient(answer{rest: octets})
		if err != nil {
			return nil, err
		}
		var set v2.SeqSet
		set.AddRange(1, fetchBatch)
		fetch := func(take func(num uint32, item imapclient.FetchItemData)) error {
			cmd := c.Fetch(set, opt)
			got := 0
			for m := cmd.Next(); m != nil; m = cmd.Next() {
				got++
				for item := m.Next(); item != nil; item = m.Next() {
					take(m.SeqNum, item)
				}
			}
			if err := cmd.Close(); err != nil {
				return err
			}
			if got != fetchBatch {
				return fmt.Errorf("%d responses", got)
			}
			return nil
		}
		return &work{
			run: func(n int) (int, error) {
				return batches(n, fetchBatch, func() error { return fetch(func(uint32, imapclient.FetchItemData) {}) })
			},
			understood: func() string {
				var d []description
				fetch(func(num uint32, item imapclient.FetchItemData) {
					if len(d) == 0 || d[len(d)-1].num != num {
						d = append(d, description{num: num})
					}
					d[len(d)-1].item(item)
				})
				return describeAll(d)
			},
			close: func() { c.Close() },
		}, nil
	}
}

// Theirs, v1: the reader of responses and the parser of messages, which are
// exported, without a client around them.
func fetchTheirsV1(octets []byte) side {
	return func() (*work, error) {
		in := bytes.NewReader(nil)
		fetch := func(take func(*v1.Message)) error {
			in.Reset(octets)
			r := v1.NewReader(bufio.NewReaderSize(in, pieceSize))
			for range fetchBatch {
				resp, err := v1.ReadResp(r)
				if err != nil {
					return err
				}
				data, ok := resp.(*v1.DataResp)
				if !ok || len(data.Fields) < 3 {
					return errors.New("no FETCH")
				}
				num, err := v1.ParseNumber(data.Fields[0])
				if err != nil {
					return err
				}
				fields, _ := data.Fields[2].([]any)
				m := &v1.Message{SeqNum: num}
				if err := m.Parse(fields); err != nil {
					return err
				}
				take(m)
			}
			return nil
		}
		return &work{
			run: func(n int) (int, error) {
				return batches(n, fetchBatch, func() error { return fetch(func(*v1.Message) {}) })
			},
			understood: func() string {
				var d []description
				fetch(func(m *v1.Message) { d = append(d, describeV1(m)) })
				return describeAll(d)
			},
		}, nil
	}
}

// A description is what a FETCH response says, in the words that all sides
// share. Go-imap v2 parses dates, go-imap v1 and v2 decode encoded words; ours
// leaves both to whoever needs them, with functions of package message.
type description struct {
	num, uid  uint32
	modSeq    uint64
	flags     []string
	envelope  string
	structure string
}

func describeAll(all []description) string {
	var s strings.Builder
	for _, d := range all {
		fmt.Fprintf(&s, "%d: UID %d, modseq %d, flags %q, envelope %s, structure %s\n", d.num, d.uid, d.modSeq, d.flags, d.envelope, d.structure)
	}
	return s.String()
}

func describeOurs(f *imapwire.FetchData) string {
	d := description{num: f.Num, uid: uint32(f.UID), modSeq: uint64(f.ModSeq)}
	for _, x := range f.Flags {
		d.flags = append(d.flags, strings.ToLower(string(x)))
	}
	if e := f.Envelope; e != nil {
		date, _ := mail.ParseDate(e.Date.Value)
		d.envelope = fmt.Sprint(date.Unix(), " ", e.Subject.Value)
		for _, list := range [][]imap.Address{e.From, e.Sender, e.ReplyTo, e.To, e.CC, e.BCC} {
			d.envelope += ";"
			for _, a := range list {
				d.envelope += fmt.Sprintf(" %s <%s@%s>", a.Name.Value, a.Mailbox.Value, a.Host.Value)
			}
		}
		d.envelope += fmt.Sprint("; ", strings.Trim(e.InReplyTo.Value, "<>"), " ", strings.Trim(e.MessageID.Value, "<>"))
	}
	if f.Structure != nil {
		d.structure = structureOurs(f.Structure)
	}
	return describeAll([]description{d})
}

func structureOurs(b *imap.BodyStructure) string {
	if b.IsMultipart() {
		s := "(multipart/" + b.Subtype
		for i := range b.Parts {
			s += " " + structureOurs(&b.Parts[i])
		}
		return s + " " + paramsOurs(b.Params) + ")"
	}
	return fmt.Sprintf("(%s/%s %s %s %s %d octets %d lines, %s %s)", b.Type, b.Subtype, paramsOurs(b.Params),
		strings.Trim(b.ID.Value, "<>"), b.Encoding, b.Size, b.Lines, b.Disposition, paramsOurs(b.DispositionArgs))
}

func paramsOurs(list []imap.Param) string {
	m := map[string]string{}
	for _, p := range list {
		m[p.Name] = p.Value
	}
	return params(m)
}

func params(m map[string]string) string {
	var list []string
	for k, v := range m {
		list = append(list, k+"="+v)
	}
	slices.Sort(list)
	return strings.Join(list, ",")
}

// item adds an item of go-imap v2.
func (d *description) item(item imapclient.FetchItemData) {
	switch item := item.(type) {
	case imapclient.FetchItemDataUID:
		d.uid = uint32(item.UID)
	case imapclient.FetchItemDataModSeq:
		d.modSeq = item.ModSeq
	case imapclient.FetchItemDataFlags:
		for _, x := range item.Flags {
			d.flags = append(d.flags, strings.ToLower(string(x)))
		}
	case imapclient.FetchItemDataEnvelope:
		e := item.Envelope
		d.envelope = fmt.Sprint(e.Date.Unix(), " ", e.Subject)
		for _, list := range [][]v2.Address{e.From, e.Sender, e.ReplyTo, e.To, e.Cc, e.Bcc} {
			d.envelope += ";"
			for _, a := range list {
				d.envelope += fmt.Sprintf(" %s <%s@%s>", a.Name, a.Mailbox, a.Host)
			}
		}
		d.envelope += fmt.Sprint("; ", strings.Join(e.InReplyTo, " "), " ", e.MessageID)
	case imapclient.FetchItemDataBodyStructure:
		d.structure = structureTheirs(item.BodyStructure)
	}
}

func structureTheirs(b v2.BodyStructure) string {
	switch b := b.(type) {
	case *v2.BodyStructureMultiPart:
		s := "(multipart/" + b.Subtype
		for _, c := range b.Children {
			s += " " + structureTheirs(c)
		}
		return s + " " + params(b.Extended.Params) + ")"
	case *v2.BodyStructureSinglePart:
		lines := int64(0)
		if b.Text != nil {
			lines = b.Text.NumLines
		}
		disposition, args := "", map[string]string(nil)
		if x := b.Extended.Disposition; x != nil {
			disposition, args = x.Value, x.Params
		}
		return fmt.Sprintf("(%s/%s %s %s %s %d octets %d lines, %s %s)", b.Type, b.Subtype, params(b.Params),
			strings.Trim(b.ID, "<>"), b.Encoding, b.Size, lines, disposition, params(args))
	}
	return fmt.Sprintf("%T", b)
}

func describeV1(m *v1.Message) description {
	d := description{num: m.SeqNum, uid: m.Uid}
	for _, x := range m.Flags {
		d.flags = append(d.flags, strings.ToLower(x))
	}
	if e := m.Envelope; e != nil {
		d.envelope = fmt.Sprint(e.Date.Unix(), " ", e.Subject)
		for _, list := range [][]*v1.Address{e.From, e.Sender, e.ReplyTo, e.To, e.Cc, e.Bcc} {
			d.envelope += ";"
			for _, a := range list {
				d.envelope += fmt.Sprintf(" %s <%s@%s>", a.PersonalName, a.MailboxName, a.HostName)
			}
		}
		d.envelope += fmt.Sprint("; ", strings.Trim(e.InReplyTo, "<>"), " ", strings.Trim(e.MessageId, "<>"))
	}
	if m.BodyStructure != nil {
		d.structure = structureV1(m.BodyStructure)
	}
	return d
}

func structureV1(b *v1.BodyStructure) string {
	if b.MIMEType == "multipart" {
		s := "(multipart/" + b.MIMESubType
		for _, c := range b.Parts {
			s += " " + structureV1(c)
		}
		return s + " " + params(b.Params) + ")"
	}
	return fmt.Sprintf("(%s/%s %s %s %s %d octets %d lines, %s %s)", b.MIMEType, b.MIMESubType, params(b.Params),
		strings.Trim(b.Id, "<>"), b.Encoding, b.Size, b.Lines, b.Disposition, params(b.DispositionParams))
}

// bodyPiece is the octets that the application takes at a time, bodyPieces how
// many of them one message has: so many that what a command costs does not count.
const (
	bodyPiece  = 64 << 10
	bodyPieces = 1024
)

var bodyAnswer = func() answer {
	line := strings.Repeat("A line of a message as it may stand in a body. ", 2)[:62] + "\r\n"
	return answer{
		head:  func(string) string { return fmt.Sprintf("* 1 FETCH (UID 42 BODY[] {%d}\r\n", bodyPieces*bodyPiece) },
		rest:  []byte(strings.Repeat(line, bodyPiece/len(line))),
		times: bodyPieces,
		tail:  ")\r\n",
	}
}()

// Ours: the client engine, fed in pieces of 64 KiB. What it hands over are parts
// of these.
func bodyOurs() (*work, error) {
	o, err := newOursClient(ours.Options{})
	if err != nil {
		return nil, err
	}
	cmd := &imapwire.Fetch{Set: imap.SetOf(1), Items: []imapwire.FetchItem{&imapwire.FetchBody{}}}
	octets := 0
	return &work{
		run: func(n int) (int, error) {
			return batches(n, bodyPieces, func() error {
				octets = 0
				return o.do(cmd, bodyAnswer, bodyPiece, func(ev ours.Event) error {
					if b, ok := ev.(*ours.BodyData); ok {
						octets += len(b.Data)
					}
					return nil
				})
			})
		},
		understood: func() string { return fmt.Sprint(octets, " octets") },
	}, nil
}

// Theirs: the client, whose literal is read into a buffer of 64 KiB.
func bodyTheirs() (*work, error) {
	c, err := newTheirsClient(bodyAnswer)
	if err != nil {
		return nil, err
	}
	buf := make([]byte, bodyPiece)
	octets := 0
	read := func() error {
		octets = 0
		cmd := c.Fetch(v2.SeqSetNum(1), &v2.FetchOptions{UID: true, BodySection: []*v2.FetchItemBodySection{{}}})
		for m := cmd.Next(); m != nil; m = cmd.Next() {
			for item := m.Next(); item != nil; item = m.Next() {
				section, ok := item.(imapclient.FetchItemDataBodySection)
				if !ok {
					continue
				}
				for {
					n, err := io.ReadFull(section.Literal, buf)
					octets += n
					if err != nil {
						break
					}
				}
			}
		}
		return cmd.Close()
	}
	return &work{
		run:        func(n int) (int, error) { return batches(n, bodyPieces, read) },
		understood: func() string { return fmt.Sprint(octets, " octets") },
		close:      func() { c.Close() },
	}, nil
}
