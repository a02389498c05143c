// Planted shows that the tests of the invariants can fail.
//
//	go run ./fuzz/planted
//
// plants one bug at a time, of the kind that a maintainer might make, runs the test
// that should notice, and prints whether it did. It ends with how many bugs were
// found, and with a status other than zero if one was not, if a bug did not
// compile, or if its old text is not in its file exactly once.
//
// Nothing in the tree is touched, and the library has no hooks for it: the changed
// file stands in a directory of its own and is put in the place of the real one by
// the -overlay flag of go test. The tests run once without a bug first. Nearly all
// time goes into compiling, so that with a bug only the files of tests are compiled
// that its test needs.
//
//	-p n       so many at once, 2 if not given
//	-run text  only the bugs whose text, file, test or invariant matches a pattern
//	-v         what the tests say
//
// # The list
//
// The files in bugs/ list the bugs, each as
//
//	bug 14 EXPUNGE is told while the next command is coming in
//	in imapwire/imapserver/gate.go
//	by imapwire/imapserver TestExpungeTiming
//	-	return !c.cur.gate.noExpunge && !c.framer.Pending()
//	+	return !c.cur.gate.noExpunge
//
// and an empty line: the invariant that does not hold any more, the file, the
// package and the test that notices, and the change: lines taken out begin with "-",
// lines put in with "+", lines that stay with a space. Lines that begin with "#" say
// nothing.
//
// # To add a bug
//
// Choose the smallest test that notices it, in the lowest package: the whole list
// has to run in minutes. A test that never ends with the bug is given up after three
// and has not found it; tests of costs count steps. The test has to stand in the row
// of the invariant in fuzz/invariants.txt. A bug that no test notices is not one to
// leave out: the test is what has to change.
package main
