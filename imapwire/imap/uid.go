package imap

import "strconv"

// A UID is the unique identifier of a message in a folder, 1 to 2^32-1,
// strictly ascending in the order of arrival (RFC 9051 §2.3.1.1). Zero is no
// message.
type UID uint32

// MaxUID is the largest UID.
const MaxUID UID = 1<<32 - 1

// Append appends the decimal form of u to dst.
func (u UID) Append(dst []byte) []byte { return strconv.AppendUint(dst, uint64(u), 10) }

// A ModSeq is a modification sequence, 1 to 2^63-1 (RFC 7162 §3.1). Every
// change of a folder gets a larger one. Zero is "before everything".
type ModSeq uint64

// MaxModSeq is the largest modification sequence.
const MaxModSeq ModSeq = 1<<63 - 1

// Append appends the decimal form of m to dst.
func (m ModSeq) Append(dst []byte) []byte { return strconv.AppendUint(dst, uint64(m), 10) }
