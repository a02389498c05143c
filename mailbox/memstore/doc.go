// Package memstore is the reference store: mail in memory, complete, for tests,
// examples and servers whose mail need not outlive them.
//
// # How to use it
//
//	store := memstore.New(memstore.Options{Now: time.Now})
//	err := store.AddUser("ada", "secret")
//
// There is no mail yet: open the user's folders and append to them. A [Store] is
// a [mailbox.Store], a [mailbox.Watcher], a [mailbox.QuotaStore], a
// [mailbox.Auth] and, when asked, a [mailbox.Secrets]. Its folders are [mailbox.Deliverer] and
// [mailbox.LeaseFolder], its bodies [mailbox.IndexedBody]. It passes
// storetest.Run.
//
// # What it does where package mailbox leaves the choice
//
//   - Names have the delimiter "/". They are kept in Net-Unicode (RFC 5198) and
//     found in any composition. Control characters and empty levels are not
//     possible. INBOX is INBOX in any case as the first level of a name, too.
//   - Parents that are missing are made as folders. A folder that is deleted
//     and has children becomes a name that is only a parent; that name goes
//     with its last child.
//   - The flags that can be stored are the five system flags and keywords. Other
//     backslash flags are left out. A keyword that is no atom is
//     [mailbox.ErrCannot]. A folder keeps the spelling in which it met a keyword
//     first, and knows it for ever.
//   - A copy has the save date of its copying.
//   - The body of a message stays readable after the message is expunged.
//   - Tombstones are kept up to a number, Limits.Tombstones, whatever their age.
//   - A change with nothing to do takes no modseq and rings no bell.
//   - A user has one quota root, "", in which all folders count, with their
//     octets, their messages and themselves, or those of Options.Roots. There
//     are no limits until the options or [Store.SetQuota] set some. A folder
//     that is renamed takes what it costs along to the roots of its new name;
//     where several folders grow at once, the lowest of their limits holds.
//   - Names of users and passwords are compared octet by octet. Of passwords the
//     store keeps SHA-256 digests only, unless Options.KeepSecrets asks for
//     more.
//   - Without a clock a lease ends only when it is released.
//
// # Steps
//
// Options.Fail is called with these: append.reserve (once a message, and for
// each piece of one of unknown size), append.write, append.index,
// append.message (each, at Commit), append.commit, claim, copy.reserve,
// copy.commit, create, create.commit (folders that are made, by Rename, too),
// delete, expunge, move, move.commit, quota (limits), rename, store, subscribe.
//
// # Limits of what it does
//
// One lock serves a user; users do not wait for each other. Copies share their
// octets, but a quota counts each. Rights and shared folders there are none. The
// clock is an option, as everywhere in this module.
//
// Specifications: RFC 9051 and 3501 for folders, RFC 7162 for modseqs and
// tombstones, RFC 6154 for special uses, RFC 9208 for quotas, RFC 8514 for save
// dates.
package memstore
