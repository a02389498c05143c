// Package imapwire is the syntax of IMAP in both directions: every command and
// every response as a Go value, a parser and an encoder for each.
//
// It serves programs that want the syntax alone, and the conversations in
// imapserver and imapclient. Nothing here blocks or remembers a connection.
//
// # How to use it
//
// A [Framer] cuts a byte stream into complete commands or responses, literals
// included, without knowing the grammar. [ParseCommand] and [ParseResponse]
// read one frame; [AppendCommand] and [AppendResponse] write one. A frame is
// exactly the octets of the wire, from the tag to the last CRLF, so that a
// frame that can not be parsed can still be skipped, kept or passed on.
//
// A [Framer] announces each literal before it takes it. Arguments are buffered
// within [Limits]; the messages of APPEND are streamed, with
// [Parser.AppendPrefix] and [Parser.AppendRest] reading what stands around
// them; what is refused is dropped up to the end of its command. The package
// example is the whole loop.
//
// Commands are read strictly as the grammar has them. What is written is valid
// or an error that wraps [ErrEncode]: no string at any place of a value can
// end a line, begin a literal or become another command.
//
// # Terms
//
// A command is a pointer to a struct named for its verb ([*Fetch]); a response
// is one named for its data ([*FetchData]). The UID form of a command is the
// same struct with UID set. Whatever the package has no name for is an
// [*UnknownCommand], an [*UnknownData], an [*CodeUnknown] or a raw item, and is
// encoded again exactly as it came.
//
// Mailbox names, strings of envelopes and header fields are octets of the
// wire; package imap converts names.
//
// # Memory
//
// What a parser returns is the caller's for ever, except where Parser.Reuse asks
// for records of FETCH that are lent. All strings of one frame are substrings of
// one string, so that keeping one field keeps the frame; copy it with strings.Clone
// when the frame is large. Flags and attributes that have a constant are that
// constant, and keep nothing.
//
// # Specifications
//
// RFC 3501 and RFC 9051, 2177 (IDLE), 2342 (NAMESPACE), 2971 (ID), 3348
// (CHILDREN), 3691 (UNSELECT), 4315 (UIDPLUS), 4466, 4959 (SASL-IR), 5161
// (ENABLE), 5258 and 5819 (LIST options), 5530 (response codes), 6154
// (SPECIAL-USE), 6851 (MOVE) and 7888 (non-synchronising literals).
//
// # Limits of what it does
//
// It knows no state: whether a command is allowed now, and whether its
// extension was announced, is for the conversation. A MULTIAPPEND, a literal8
// or a RETURN option parses in any case. Extensions of FETCH, STORE, SEARCH,
// SELECT, CREATE, RENAME and LIST that take the form of RFC 4466 are kept as
// octets; search keys that the package does not know are errors.
package imapwire
