// Package message reads stored messages: RFC 5322 headers and MIME structure,
// as IMAP tells them.
//
// # How to use it
//
// [Parse] makes an [Index] in one pass over the octets of a message: where its
// parts begin and end, and what their headers say. It can be stored
// (AppendBinary) and answers ENVELOPE, BODYSTRUCTURE and every BODY[…] section
// without the message being read again:
//
//	x, err := message.Parse(src, size, message.Limits{})
//	env, tree := x.Envelope(), x.BodyStructure()
//	c, ok, err := x.Section(src, imap.Section{Part: []uint32{2, 1}})
//	io.Copy(w, c.Slice(0, 100).Reader(src))
//
// A message is never in memory as a whole; Parse holds a window of 32 KiB and
// the header fields it keeps.
//
// # Broken mail
//
// Mail can not be malformed here. Parse fails only when reading does. What is
// broken gets a sensible structure: a header without an end, a boundary that
// never comes, a multipart without parts, an address that is none. Offsets stay
// consistent whatever the message says: a part lies within its parent, and
// BODY[n] has the size that BODYSTRUCTURE tells.
//
// # Text
//
// [DecodeWords], [CharsetReader], [TransferReader] and [DecodeParams] turn what
// mail carries into UTF-8. They pass over errors.
//
// # Specifications
//
// RFC 5322 and 2045 to 2047, 2231, 2183 (Content-Disposition), 2557
// (Content-Location), 3282 (Content-Language), 1864 (Content-MD5), and RFC 9051
// §6.4.5 and §7.5.2 for what IMAP makes of them.
package message
