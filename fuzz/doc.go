// Package fuzz is where the module as a whole is put to the test. It exports
// nothing that a server or a client needs at run time, and nothing in the module
// imports it.
//
//	threats     a catalogue of attacks, and the suites that stand against them
//	smallscope  every order of a few commands of two sessions, against a plain model
//	sim         servers, clients, a store and what can go wrong, from one seed
//	planted     bugs that the tests have to find
//	dict        dictionaries for fuzzers of other makes
//
// Fuzz targets that know one package stand beside that package's code, seeded from
// its tables, and run with
//
//	go test -run '^$' -fuzz '^FuzzName$' ./that/package
//
// # Tests of the source itself
//
// What holds for every package is checked here, by reading the source with
// go/parser and nothing else, so that go test ./... says it:
//
//   - layers_test.go holds the table of layers: which package may import which,
//     and what the pure ones must not touch: sockets, files, clocks,
//     goroutines, randomness;
//   - tree_test.go holds the shape of the tree: what stands at the top level,
//     how long a file may grow, that each package has its manual in doc.go, and
//     which modules the root module requires;
//   - dict_test.go writes the dictionaries in dict, for fuzzers of other makes,
//     from the words that the packages know;
//   - invariants_test.go holds invariants.txt, the table of what always holds and
//     which test would notice, to the tests: each exists, and its comment names the
//     number;
//   - readme_test.go holds the README to its support table: every file and
//     every test that the table cites exists.
//
// # Tests of the tests
//
// A test that can not fail shows nothing. Package planted lists bugs, at least one
// for each invariant, of the kind that a maintainer might make, and
//
//	go run ./fuzz/planted
//
// builds the library with one after the other and prints whether the test in the
// table noticed. A bug whose place in the source has changed fails its own test.
//
// # To add a package
//
// Give it a row in the table in layers_test.go; a package without one fails the
// test, and so does an import that its row does not list.
package fuzz
