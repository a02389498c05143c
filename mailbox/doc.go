// Package mailbox is the model that protocols look at mail through: accounts,
// folders, messages with flags, and what many sessions on one folder may know
// of it. It is interfaces, small values and errors; a store implements it, and
// packages imapserve and pop3serve bind it to the protocols.
//
// # How to write a store
//
// Implement [Store], [User], [Folder] and [AppendTx], and run
// storetest.Run(t, newStore): whoever passes it has a store. Package memstore
// is the reference, and examples/ownstore a small one to read first. Whatever a
// store can do in addition is an optional
// interface, found by assertion: [Watcher], [RightsFolder], [Deliverer],
// [LeaseFolder], [BatchFolder], [IndexedBody], and [QuotaStore] with [QuotaUser] and
// [QuotaFolder]. A store without [Watcher] is polled at command boundaries.
//
// All methods may be called from many goroutines at once, and may block; a
// context that ends makes them return its error with nothing changed, unless
// the change had been made already.
//
// # What a store guarantees
//
//   - A folder is its [FolderID]; a name is only how it is found. The ID and
//     the UIDVALIDITY are never used again, not even after the folder was
//     deleted and made again under the same name.
//   - A message never changes but in its flags and its modseq. Its octets are
//     given back exactly as they were appended.
//   - UIDs ascend in the order of arrival. UID, modseq and the entry that
//     [Folder.Changes] yields are taken in one critical section, in UID order.
//   - Whoever has read the changes up to a modseq never later sees one at or
//     below it.
//   - Changes survive as tombstones until they fall below a floor, below which
//     Changes answers [*FloorError].
//   - Quota, names and limits are enforced inside the store's own transaction.
//
// # Terms
//
// Names are UTF-8, levels separated by the delimiter of [User.Delimiter].
// INBOX is the same in any case and is spelled in capitals here. A modseq
// orders all changes of one folder, as does another series for the folder list
// of a user.
package mailbox
