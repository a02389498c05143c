package message_test

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox/message"
)

var sample = strings.ReplaceAll(`From: Ada Example <ada@example.org>
To: Friends: bob@example.net, =?utf-8?q?J=C3=B6rg?= <joerg@example.com>;
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
Date: Thu, 19 Nov 2026 10:30:00 +0100
Content-Type: multipart/mixed; boundary=frontier

--frontier
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Hello =E2=82=AC
--frontier
Content-Type: application/pdf; name*0*=utf-8''rechnung%20; name*1*=m%C3%A4rz.pdf
Content-Transfer-Encoding: base64

JVBERg==
--frontier--
`, "\n", "\r\n")

// A store parses a message once, keeps the index, and answers FETCH from it; a
// search reads the text of the parts.
func Example() {
	src := strings.NewReader(sample) // a file, as a rule
	x, err := message.Parse(src, src.Size(), message.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	kept, err := x.AppendBinary(nil)
	if err != nil {
		fmt.Println(err)
		return
	}

	var index message.Index
	if err := index.UnmarshalBinary(kept); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("subject:", message.DecodeWords(index.Envelope().Subject.Value))
	for _, s := range index.BodyStructure().Parts {
		fmt.Println("part:", s.Type, s.Subtype, s.Params, s.Size)
	}
	for p := range index.All() {
		if !p.IsLeaf() || !p.IsText() {
			continue
		}
		body := io.NewSectionReader(src, p.Body.Offset, p.Body.Size)
		text, err := io.ReadAll(message.CharsetReader(p.Param("charset"), message.TransferReader(p.Encoding, body)))
		fmt.Printf("text: %s %v\n", text, err)
	}
	// Output:
	// subject: Grüße
	// part: text plain [{charset utf-8}] 15
	// part: application pdf [{name* utf-8''rechnung%20m%C3%A4rz.pdf}] 8
	// text: Hello € <nil>
}

// BODY[2]<3.4> and BODY[HEADER.FIELDS (TO)].
func ExampleIndex_Section() {
	src := strings.NewReader(sample)
	x, err := message.Parse(src, src.Size(), message.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	part, ok, err := x.Section(src, imap.Section{Part: []uint32{2}})
	fmt.Println(part.Size(), ok, err)
	io.Copy(os.Stdout, part.Slice(3, 4).Reader(src))
	fmt.Println()

	to, _, _ := x.Section(src, imap.Section{Specifier: imap.SpecifierHeaderFields, Fields: []string{"To"}})
	b, err := io.ReadAll(to.Reader(src))
	fmt.Printf("%q %v\n", b, err)

	_, ok, _ = x.Section(src, imap.Section{Part: []uint32{3}})
	fmt.Println("BODY[3]:", ok)
	// Output:
	// 8 true <nil>
	// ERg=
	// "To: Friends: bob@example.net, =?utf-8?q?J=C3=B6rg?= <joerg@example.com>;\r\n\r\n" <nil>
	// BODY[3]: false
}

func ExampleHeaderFields() {
	header := "Received: from a\r\n by b\r\nSubject: hello\r\n\r\n"
	src := strings.NewReader(header)
	for f, err := range message.HeaderFields(src, message.Span{Size: src.Size()}, 0) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s: %q at %d, %d octets\n", f.Name, f.Value, f.Span.Offset, f.Span.Size)
	}
	// Output:
	// Received: "from a by b" at 0, 25 octets
	// Subject: "hello" at 25, 16 octets
}

func ExampleParseAddresses() {
	for _, a := range message.ParseAddresses(`Friends: bob@example.net, "Jo, E." <jo@example.com>;`, 0) {
		switch {
		case a.Host.Valid:
			fmt.Printf("%s at %s, name %q\n", a.Mailbox.Value, a.Host.Value, a.Name.Value)
		case a.Mailbox.Valid:
			fmt.Println("group", a.Mailbox.Value)
		default:
			fmt.Println("end of group")
		}
	}
	// Output:
	// group Friends
	// bob at example.net, name ""
	// jo at example.com, name "Jo, E."
	// end of group
}

func ExampleParseDate() {
	for _, s := range []string{"Thu, 19 Nov 2026 10:30:00 +0100 (CET)", "19 Nov 26 10:30 EST", "soon"} {
		t, ok := message.ParseDate(s)
		fmt.Println(t, ok)
	}
	// Output:
	// 2026-11-19 10:30:00 +0100 +0100 true
	// 2026-11-19 10:30:00 -0500 -0500 true
	// 0001-01-01 00:00:00 +0000 UTC false
}

// A store counts the wire size while it writes a message; POP3 sends that form.
func ExampleWireCounter() {
	const stored = "Subject: x\n\nno line end here"
	var w message.WireCounter
	io.WriteString(&w, stored)
	sent, err := io.ReadAll(message.WireReader(strings.NewReader(stored)))
	fmt.Printf("%d %q %v\n", w.Size(), sent, err)
	// Output: 32 "Subject: x\r\n\r\nno line end here\r\n" <nil>
}
