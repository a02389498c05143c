package engine

import "io"

// A Segment is the front of an engine's output queue. It is either Bytes, or
// exactly N octets to be read from Reader; the zero Segment is an empty queue.
// After some of it was written, Advance tells the engine how much.
type Segment struct {
	// Bytes is borrowed until the next call of Advance.
	Bytes []byte
	// Reader stands at the first octet that has not been reported with
	// Advance. The engine never reads it, and closes it once.
	Reader io.Reader
	// N is how many octets of Reader belong to the output.
	N int64
}

// Len returns the octets of the segment.
func (s Segment) Len() int64 {
	if s.Reader != nil {
		return s.N
	}
	return int64(len(s.Bytes))
}

// Empty reports whether there is nothing to write.
func (s Segment) Empty() bool { return s.Len() == 0 }
