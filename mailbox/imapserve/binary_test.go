package imapserve_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// TestBinary: RFC 3516. Parts come decoded, whole and in pieces, and a message
// with NUL can be appended.
func TestBinary(t *testing.T) {
	large := bytes.Repeat([]byte("0123456789abcde\x00"), 2000)
	msg := strings.ReplaceAll("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: base64\n\naGVsbG8Ad29ybGQ=\n--b\nContent-Transfer-Encoding: quoted-printable\n\na=3Db=\nc\n--b\n"+
		"Content-Transfer-Encoding: x-unknown\n\nx\n--b\nContent-Type: message/rfc822\n\nSubject: s\n\ninner\n--b\nContent-Transfer-Encoding: base64\n\n"+base64.StdEncoding.EncodeToString(large)+"\n--b--\n", "\n", "\r\n")
	f := newFixture(t, memstore.Options{})
	c := f.login(t)
	c.ok(fmt.Sprintf("APPEND INBOX {%d+}\r\n%s", len(msg), msg))
	c.ok("SELECT INBOX")
	c.want("FETCH 1 BINARY.SIZE[1]", "* 1 FETCH (BINARY.SIZE[1] 11)\nOK")
	for _, tt := range []struct{ item, want string }{
		{"BINARY.PEEK[1]", "BINARY[1] ~{11}\r\nhello\x00world"},
		{"BINARY.PEEK[1]<3.5>", "BINARY[1]<3> ~{5}\r\nlo\x00wo"},
		{"BINARY.PEEK[1]<50.5>", "BINARY[1]<50> ~{0}\r\n"},
		{"BINARY.PEEK[2]", "BINARY[2] ~{4}\r\na=bc"},
		{"BINARY.PEEK[4.1]", "BINARY[4.1] ~{5}\r\ninner"},
		{"BINARY.PEEK[9]", "BINARY[9] NIL"},
		{"BINARY.PEEK[5]<31990.100>", "BINARY[5]<31990> ~{10}\r\n6789abcde\x00"},
		{"BINARY.SIZE[5]", "BINARY.SIZE[5] 32000"},
	} {
		c.tag++
		out := c.send(fmt.Sprintf("t%d FETCH 1 %s\r\n", c.tag, tt.item))
		if !strings.HasPrefix(out, "* 1 FETCH ("+tt.want+")\r\n") {
			t.Errorf("%s: %q", tt.item, out)
		}
	}
	c.want("FETCH 1 FLAGS", "* 1 FETCH (FLAGS (\\Recent))\nOK")
	out := c.send("x FETCH 1 BINARY[5]\r\n")
	fd := responses(t, out)[0].(*imapwire.FetchData)
	if fd.Sections[0].Content.Data != string(large) || fd.Has&imapwire.HasFlags == 0 {
		t.Errorf("%d octets", len(fd.Sections[0].Content.Data))
	}
	out = c.send("x FETCH 1 BINARY.PEEK[]\r\n")
	if fd := responses(t, out)[0].(*imapwire.FetchData); fd.Sections[0].Content.Data != msg {
		t.Error("BINARY[] is not the message")
	}
	c.want("FETCH 1 BINARY.PEEK[3]", "NO [UNKNOWN-CTE]")
	c.want("FETCH 1 BINARY.SIZE[3]", "NO [UNKNOWN-CTE]")
	c.want("APPEND INBOX ~{5+}\r\n\r\na\x00b", "* 2 EXISTS\n* 2 RECENT\nOK [APPENDUID 1 2]")
	out = c.send("x FETCH 2 BODY.PEEK[]\r\n")
	if !strings.HasPrefix(out, "* 2 FETCH (BODY[] {5}\r\n\r\na\x00b)") {
		t.Errorf("%q", out)
	}
}
