// Package imap holds the values that IMAP syntax, conversations and mailbox
// models have in common: unique identifiers and sets of them, flags, mailbox
// names, dates, sections, search trees, envelopes, body structures and
// capabilities.
//
// The values carry no syntax of their own beyond what a single atom or number
// needs; package imapwire parses and encodes them on the wire, package mailbox
// stores them. Nothing here blocks, allocates in proportion to a number that a
// peer merely announced, or refers to a connection.
//
// # How to use it
//
// Take the values out of what package imapwire parses, or make them and let it
// encode them. Numbers in a command mean something by the list of the session
// alone: [Set.Resolve] orders a set of sequence numbers and [UIDList.Slice] says
// which UIDs they are; [Set.ResolveUIDs] and [UIDList.Intersect] do the same for
// a set of UIDs. The example of the package is this loop.
//
// # Terms
//
// A [UID] names a message for ever within one folder and one UIDVALIDITY. A
// sequence number is the position of a message, counted from 1, in what one
// session has been told about the folder; it is a plain uint32 everywhere and
// means nothing without that session's [UIDList]. A [Set] is what a command
// carries: ranges of either kind, "*" or "$" included. A [UIDSet] is a set of
// known UIDs, ascending and merged.
//
// # Names
//
// A mailbox name on the wire is modified UTF-7, or UTF-8 once the client has
// enabled it. Fields called Mailbox in package imapwire hold the octets of the
// wire, so that a name which is not valid in its encoding can still be sent
// back unchanged. [DecodeMailbox] and [EncodeMailbox] convert.
//
// # Limits
//
// Sets and lists take memory by their ranges and runs, so 1:4294967295 is one
// range; how many a peer may name is limited where it is parsed. Iterating
// over a set of UIDs goes through all that it spans: intersect one that a peer
// wrote with a list first. Sets in the notation of the wire are parsed by
// package imapwire; ParseDate and ParseDateTime are here because a date is one
// atom or one string. Values are checked where they are parsed and encoded, not
// where they are assigned.
//
// # Specifications
//
// RFC 3501, RFC 9051 and the extensions named at each type.
package imap
