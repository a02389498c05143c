// Package sim is a deterministic simulation of the whole: users with folders and
// quotas in a store, servers of both protocols over it, clients of both protocols
// at them, mail from outside, failures, slowness, time-outs and lost connections,
// all of it from one seed.
//
// # How to use it
//
//	go test ./fuzz/sim                            a few hundred worlds
//	go test ./fuzz/sim -commands 1000000 -v       worlds until there were so many commands
//	go test ./fuzz/sim -run TestReplay -seed 42 -steps 1234
//
// The last one is what a failure prints: it runs one world up to the step at which
// a rule did not hold, and shows the transcripts. [Run] is the same as a call.
//
// # A world
//
// It has one goroutine and no clock. Each step picks somebody, and that one does
// one thing: a client sends a command, some octets move from one end of a
// connection to the other, a session handles one event, a bell rings late, a
// message is delivered.
//
//	client's engine ─→ octets, in pieces, late, or lost ─→ session ─→ spy ─→ memstore
//	  + Mirror      ←─                                  ←─             │
//	      │                                                            ▼
//	      └────────────────── compared ──────────────────────────── ledger
//
// The client's are imapclient, with a Mirror for each mailbox, and pop3client; the
// sessions are those of imapserve, on one server or two, and of pop3serve. The
// store is memstore behind a spy that makes calls fail at any step, counts what is
// opened, and keeps the ledger: what should be in the store, in slices and maps, by
// rules that are written down here once more. A client draws what it may say from
// what it knows, and now and then what it may not.
//
// # What is checked
//
// With every call of the store: that the command in progress has asked for it, of
// exactly the messages that the client meant by its numbers; that the store then
// has what the ledger has, message by message, UIDs, flags, modseqs, dates, sizes;
// that usage is what a recount gives, and nothing is reserved that no transaction
// holds. With every answer: that it came once, to the oldest command; that it says
// what the ledger says; that NO and BAD have a reason. With every response: the
// octets of a message are those that were appended, for ever; flags go with the
// modseq that they had. At checkpoints, when everything has come to rest, each
// Mirror is the mailbox, and at the end nothing is left open.
//
// The rules have the numbers of the invariants. A [Failure] names the one that
// does not hold.
//
// # Limits of what it does
//
// There is no TLS and no COMPRESS. A store call is one step: servers on several
// goroutines are for the race detector. What a client may see between two
// commands is checked less closely than what it sees at a checkpoint.
package sim
