// Package query evaluates the search tree of IMAP over messages of the model
// (RFC 9051 §6.4.4).
//
// # How to use it
//
//	q, err := query.Compile(key, query.Scope{Told: told, Now: now})
//	for batch, err := range mailbox.Batches(ctx, folder, uids) {
//		for i := range batch {
//			found, err := q.Match(ctx, folder, &batch[i])
//			…
//		}
//	}
//
// One message is one unit of work: the caller decides how many it looks at
// before somebody else gets a turn. A message's octets are opened only when no
// cheaper key has decided, and read as a stream: what is held is a window, not
// the message.
//
// # What matches
//
// Strings match as substrings under the collation i;unicode-casemap (RFC 5051):
// without regard to case, and with compatibility characters decomposed. Header
// fields are compared unfolded and with encoded words decoded; bodies with
// their transfer encoding and charset decoded, in all text parts and in the
// headers and texts of embedded messages. Other parts are not searched.
//
// Dates are compared as days in the zone they were written in, disregarding
// time (RFC 9051 §6.4.4). A message without a Date that can be read matches no
// SENT key.
package query
