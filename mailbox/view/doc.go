// Package view is what one session has been told about a folder, and what it
// may be told now. It is pure: no store, no lock, no connection.
//
// A [View] starts as the snapshot that SELECT announced and changes only when
// something is taken from it in order to be sent. Sequence numbers resolve
// against it and never against the folder, so that a number keeps its meaning
// from one response to the next, whatever others do in between (RFC 9051
// §7.5.1, §5.5).
//
// # How to use it
//
//	v := view.New(snapshot)              // SELECT told this
//	...
//	err := v.Read(folder.Changes(ctx, v.Watermark()))
//	for mayExpunge && v.Held() > 0 {     // 1. what is gone, in pieces
//		seqs := v.TakeExpunged(n)        //    "* n EXPUNGE" for each, in this order
//	}
//	if count, ok := v.TakeExists(); ok { // 2. what came: "* n EXISTS"
//	}
//	for uids := v.TakeDirty(n); …        // 3. whose flags changed: "* n FETCH (FLAGS …)"
//
// The order is that of the steps: an EXISTS after the EXPUNGEs never lowers the
// count, and a FETCH never names a message the client does not know.
//
// # Terms
//
// The watermark is the modseq up to which the folder's changes have been read.
// A message is held when it is gone from the folder and the client has not been
// told; it keeps its number until then. It is dirty when its flags changed and
// the client has not been told. Both are sets of ranges, so that a session
// which tells nothing for an hour costs memory by what became of the folder
// and not by what happened: changes coalesce by themselves and no queue can
// overflow.
//
// # Specifications
//
// RFC 9051 §2.3.1.2, §5.2, §5.5, §7.4.1, §7.5.1; RFC 7162 §3.1.2.2 for the
// modseq that may be reported while an expunge is held.
package view
