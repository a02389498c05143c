package imapserve

import (
	"errors"
	"io"
	"math"
	"strings"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/mailbox/message"
)

// errUnknownCTE reports a part whose Content-Transfer-Encoding can not be
// decoded: NO [UNKNOWN-CTE], RFC 3516 §4.3.
var errUnknownCTE = errors.New("imapserve: unknown Content-Transfer-Encoding")

// decoded is the content of a part without its Content-Transfer-Encoding.
type decoded struct {
	body *sharedBody
	span message.Span
	// encoding is empty when the octets are the content.
	encoding string
	size     int64
}

// decode finds a part for BINARY; exists is false when there is none. The empty
// path is the whole message. The content of multiparts and messages is as it
// stands.
func decode(body *sharedBody, index *message.Index, path []uint32) (d decoded, exists bool, err error) {
	if len(path) == 0 {
		return decoded{body: body, span: message.Span{Size: body.Size()}, size: body.Size()}, true, nil
	}
	part, exists := index.Part(path)
	if !exists {
		return d, false, nil
	}
	d = decoded{body: body, span: part.Body, size: part.Body.Size}
	if !message.KnownTransfer(part.Encoding) {
		return d, false, errUnknownCTE
	}
	switch strings.ToLower(part.Encoding) {
	case "base64", "quoted-printable":
		// The size has to be announced before the first octet: the part is
		// decoded twice.
		d.encoding = part.Encoding
		d.size, err = io.Copy(io.Discard, d.reader())
	}
	return d, true, err
}

func (d decoded) reader() io.Reader {
	r := io.NewSectionReader(d.body, d.span.Offset, d.span.Size)
	if d.encoding == "" {
		return r
	}
	return message.TransferReader(d.encoding, r)
}

// binarySize answers BINARY.SIZE. A part that does not exist has none.
func binarySize(body *sharedBody, index *message.Index, path []uint32) (int64, error) {
	d, _, err := decode(body, index, path)
	return d.size, err
}

// binarySection answers BINARY, with a copy of at most room octets.
func binarySection(body *sharedBody, index *message.Index, item *imapwire.FetchBinary, room int64) (imapwire.SectionData, error) {
	data := imapwire.SectionData{Name: imapwire.SectionBinary}
	data.Section.Part = item.Part
	offset, count := int64(0), int64(math.MaxInt64)
	if item.Partial != nil {
		data.Partial, data.Origin = true, item.Partial.Offset
		offset, count = item.Partial.Offset, item.Partial.Count
	}
	d, exists, err := decode(body, index, item.Part)
	if err != nil || !exists {
		return data, err
	}
	offset = min(offset, d.size)
	size := min(count, d.size-offset)
	r := d.reader()
	if _, err := io.CopyN(io.Discard, r, offset); err != nil {
		return data, err
	}
	data.Content.Valid, data.Content.Binary = true, true
	if size > room {
		body.users++
		data.Content.Size = size
		data.Content.Reader = &sectionReader{Reader: io.LimitReader(r, size), body: body}
		return data, nil
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(r, b); err != nil {
		return data, err
	}
	data.Content.Data = string(b)
	return data, nil
}
