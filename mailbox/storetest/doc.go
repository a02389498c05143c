// Package storetest is the contract of package mailbox as a test: whoever
// passes [Run] has a store.
//
// # How to use it
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) mailbox.Store {
//			s := newMyStore(t)
//			s.addUser(storetest.Alice)
//			s.addUser(storetest.Bob)
//			return s
//		})
//	}
//
// Run calls the function many times, for a fresh store each time: with the two
// users, each with an empty INBOX. The stores may be on one disk or in one
// database, as long as they do not share users. What a store can be made to do,
// to run short of quota or to fail in the middle, is in [Options]; every field
// that is set adds tests.
//
// Most tests are examples, one for each sentence of the contract, named for it;
// a store author reads them from Run's output. The last ones are models driven
// by rapid: sequences of calls from several handles, after each of which all
// that can be observed is compared with plain slices and maps. They shrink a
// failure to the shortest sequence. Tests with several goroutines are of use
// with -race only.
//
// # What it asks for
//
//   - Names of up to three levels of ASCII letters and digits, a dozen folders.
//   - Messages of 1 MiB, and INBOX with 2,000 messages.
//   - Five keywords in a folder.
//   - A history that reaches back over at least 200 changes of a folder and of a
//     folder list.
//   - Bells, from stores that have them. A bell that never rings makes a test
//     wait until go test gives up.
//
// # Limits of what it does
//
// It sees only what package mailbox shows. It can not tell whether a store
// survives the loss of power, nor how long it takes. It does not test
// [mailbox.Auth], rights, nor the grace of delivery, which are different in
// every store.
package storetest
