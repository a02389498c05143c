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
// that it removed it.
//
// # Terms
//
// Amounts of STORAGE and ANNOTATION-STORAGE are octets here, and units of 1024
// octets, rounded up, in the protocol ([Resource.Units]). All numbers are 0 to
// 2^63-1; arithmetic saturates and never wraps.
//
// A hard limit refuses growth; zero refuses all of it; a resource without a
// limit is not limited. A soft limit is only told. What is over a limit that was
// lowered may shrink and not grow.
//
// # Specifications
//
// RFC 9208. The rules for folders, grace and warnings are those that Dovecot's
// users know.
package quota
