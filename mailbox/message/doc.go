// Package message reads stored messages: RFC 5322 headers and MIME structure,
// as IMAP tells them.
//
// # How to use it
//
// [Parse] makes an [Index] in one pass over the octets of a message: where its
// parts begin and end, and what their headers say. It can be stored
// (AppendBinary) and answers ENVELOPE, BODYSTRUCTURE and every BODY[…] section
// without the message being parsed again:
//
//	x, err := message.Parse(src, size, message.Limits{})
//	env, tree := x.Envelope(), x.BodyStructure()
//	c, ok, err := x.Section(src, imap.Section{Part: []uint32{2, 1}})
//	io.Copy(w, c.Slice(0, 100).Reader(src))
//
// A message is never in memory as a whole. Parse holds a window of 32 KiB and
// the header fields that an index keeps; sections are spans of the message,
// read when they are sent.
//
// # Broken mail
//
// Mail can not be malformed here. Parse fails only when reading does. What is
// broken gets a sensible structure: a header without an end, a boundary that
// never comes, a multipart without parts, an address that is none. Offsets stay
// consistent whatever the message says: a part lies within its parent, and
// BODY[n] has the size that BODYSTRUCTURE tells.
//
// Lines end with LF, alone or behind a CR, and both give the same structure. A
// bare CR is no line end. A header ends at its empty line, or before the first
// line that is no field. Boundaries are compared as a whole line.
//
// [Limits] bound the tree and what is kept of it. What they cut off is content
// without structure.
//
// # Text
//
// [DecodeWords], [CharsetReader], [TransferReader] and [DecodeParams] turn what
// mail carries into UTF-8. They pass over errors. [ParseAddresses] and
// [ParseDate] read what header fields say.
//
// # Terms
//
// An entity is a header with its body: the message, a part of a multipart, or a
// message embedded in a message/rfc822. All of them are a [Part]. A part number
// names the parts only (RFC 9051 §6.4.5.1); an embedded message shares the
// number of the part that holds it.
//
// The wire form of a message is what POP3 sends of it: every line ended by CRLF,
// see [WireCounter]. IMAP sends octets as they are stored.
//
// # Specifications
//
// RFC 5322 with its obsolete forms, RFC 2045 to 2047, 2231, 2183
// (Content-Disposition), 2557 (Content-Location), 3282 (Content-Language), 1864
// (Content-MD5), 6532 (message/global), and RFC 9051 §6.4.5 and §7.5.2 for what
// IMAP makes of them.
//
// # Limits of what it does
//
// It writes no mail and checks no signatures. Messages inside an encoding, which
// RFC 2046 §5.2.1 forbids, and those of uuencode and TNEF are not looked into.
package message
