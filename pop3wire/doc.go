// Package pop3wire is the syntax of POP3 in both directions: every command and
// every response as a Go value, a parser and an encoder for each, and the wire
// form of messages.
//
// It serves programs that want the syntax alone, and the conversations in
// pop3server and pop3client. Nothing here blocks or remembers a connection.
//
// # How to use it
//
// POP3 is lines. An [engine.Lines] cuts a stream into them; [ParseCommand] reads
// one that a client sent, and [ParseGreeting], [ParseStatus] and
// [ParseChallenge] those that a server sent. What stands in the text of a
// status, or on a line of a multi-line response, has a type, a parser and the
// methods of a [Line]:
//
//	STAT   DropListing      LIST   ScanListing     UIDL   UniqueID
//	CAPA   Capability       LANG   Language
//
// [AppendCommand], [AppendStatus], [AppendGreeting], [AppendChallenge] and
// [AppendLine] write. A [Stuffer] turns the octets of a message into the lines
// of a multi-line response while they pass, with CRLF at every end, dots
// doubled and the terminator behind them, or those of its top; an [Unstuffer]
// takes that back without copying.
//
// Commands are read strictly as the grammar has them. What is written is valid
// or an error that wraps [ErrEncode]: no string at any place of a value can
// end a line or become another command.
//
// # Terms
//
// A command is a pointer to a struct named for its keyword ([*Retr]). Whatever
// the package has no name for is an [*UnknownCommand], a [CapTag], a
// [*CapUnknown] or a [Code] of any name, and is encoded again as it came.
//
// A line is octets without their line end. Offsets in errors count from its
// first octet.
//
// # Specifications
//
// RFC 1939, RFC 2449 (CAPA, response codes, lengths), RFC 2595 §4 (STLS),
// RFC 3206 (SYS and AUTH codes), RFC 1734 and RFC 5034 (AUTH), RFC 6856 (UTF8,
// LANG).
//
// # Limits of what it does
//
// It knows no state: whether a command is allowed now, and whether its
// extension was announced, is for the conversation. How long a line may be is
// for who cuts it; the encoders keep to 255 and 512 octets.
package pop3wire
