// Package quota is the arithmetic of quotas (RFC 9208): what is used, what is
// promised, what still fits. It is plain values and pure functions, with no lock
// and no storage: the transaction of a store guards and persists them, so that
// two nodes on one database agree.
//
// # How to use it
//
// A [Root] holds the usage and the limits of a quota root. Whoever adds
// something reserves first, and commits or releases afterwards, each time
// storing the Root that comes back:
//
//	root, hold, err := root.Reserve(need, quota.Terms{})   // refused: errors.Is(err, quota.ErrOver)
//	…                                                      // write the message
//	root = root.Commit(hold)                               // or root.Release(hold)
//
// What is removed is given back with [Root.Discharge], once, by whoever proved
// that it removed it. A move or replacement names it as [Terms].Credit when it
// reserves, and so passes at the limit and above.
//
// A folder of several roots grows with [ReserveAll], in all of them or in none;
// what a folder's [Rule] ignores is left out with [Rule.Charge]. A [Policy] says
// which folders a root has, and by which rules. [Crossed] finds
// the warning that is due, and [Recount] puts wrong books right while mail comes
// in. All that a store has to persist are exported fields and [Hold.Amounts].
//
// # Terms
//
// Amounts of STORAGE and ANNOTATION-STORAGE are octets here, and units of 1024
// octets, rounded up, in the protocol ([Resource.Units]). All numbers are 0 to
// 2^63-1; arithmetic saturates and never wraps, and growth that would take a sum
// beyond is refused, limit or none.
//
// A hard limit refuses growth; zero refuses all of it; a resource without a
// limit is not limited. A soft limit is only told. What is over a limit that was
// lowered may shrink and not grow.
//
// # Specifications
//
// RFC 9208. The rules for folders, grace and warnings are those that Dovecot's
// users know.
//
// # Limits
//
// The package trusts its caller with the order of things: it does not know
// whether a hold ended twice, belongs to another root, or stays behind when its
// owner dies. A store whose nodes may die keeps holds, and ends those of the dead.
package quota
