package memstore

import (
	"bytes"
	"errors"
	"io"

	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/message"
)

// chunkSize is how many octets of a message are kept in one piece.
const chunkSize = 64 << 10

// A content is the octets of a message. Once the message is in a folder nobody
// changes it, and all copies of the message share it.
type content struct {
	// chunks are full but for the last.
	chunks [][]byte
	size   int64
	wire   message.WireCounter
	index  *message.Index
}

// write adds octets. left is how many the message still gets, p included, or
// negative when that is not known.
func (c *content) write(p []byte, left int64) {
	c.wire.Write(p)
	for len(p) > 0 {
		n := len(c.chunks)
		if n == 0 || len(c.chunks[n-1]) == chunkSize {
			room := min(int64(len(p)), chunkSize)
			if left >= 0 {
				room = min(left, chunkSize)
			}
			c.chunks = append(c.chunks, make([]byte, 0, room))
			n++
		}
		last := &c.chunks[n-1]
		k := min(len(p), chunkSize-len(*last))
		*last = append(*last, p[:k]...)
		c.size += int64(k)
		left -= int64(k)
		p = p[k:]
	}
}

// finish ends the writing: the parts of the message are found once for ever.
func (c *content) finish() (err error) {
	if n := len(c.chunks); n > 0 {
		// What grew without knowing its end may have taken too much.
		if last := c.chunks[n-1]; cap(last) > len(last) {
			c.chunks[n-1] = bytes.Clone(last)[:len(last):len(last)]
		}
	}
	c.index, err = message.Parse(c, c.size, message.Limits{})
	return err
}

var errOffset = errors.New("memstore: negative offset")

// ReadAt implements [io.ReaderAt].
func (c *content) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errOffset
	}
	for n < len(p) {
		if off >= c.size {
			return n, io.EOF
		}
		k := copy(p[n:], c.chunks[off/chunkSize][off%chunkSize:])
		n += k
		off += int64(k)
	}
	return n, nil
}

// A body is an open content.
type body struct{ c *content }

var _ mailbox.IndexedBody = body{}

// ReadAt implements [io.ReaderAt].
func (b body) ReadAt(p []byte, off int64) (int, error) { return b.c.ReadAt(p, off) }

// Size implements [mailbox.Body].
func (b body) Size() int64 { return b.c.size }

// Close implements [mailbox.Body].
func (b body) Close() error { return nil }

// Index implements [mailbox.IndexedBody].
func (b body) Index() (*message.Index, error) { return b.c.index, nil }
