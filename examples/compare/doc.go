// Compare runs the same work through this library and through others, in one
// process, and prints how they stand to each other: go-imap v2, go-imap v1 and
// the POP3 reader that net/textproto makes possible.
//
//	cd examples/compare
//	go run .                     # the whole table
//	go run . -run FETCH          # the rows whose name matches
//	go run . -rounds 15 -time 1s # slower, steadier
//	go run . -cpu                # processor time, for a machine that is busy
//	go run . -heap 0             # with nothing else in memory
//
// A row is measured in rounds: ours, theirs, ours, theirs, so that a machine
// that is busy for a while slows both. Times and allocations are medians of the
// rounds; the ratio is the median of the ratios of each round. Go-imap's clients
// run in two goroutines; -cpu adds up what both use.
//
// A program that has mail to show has a heap, and how often the garbage collector
// begins anew depends on its size. Here it is one of 64 MiB for both sides, which
// the collector need not look into. With -heap 0 it begins every 4 MiB: that costs
// both sides the same each time, so that whoever is fast is slowed by it the most,
// and more still on a busy machine, where a collection takes longer.
//
// # What is compared
//
// Both sides of a row are given the same octets and make the same values of
// them: a test of this program compares what they understood. The parsers of
// go-imap v2 are not exported, so its client and its server are driven as an
// application drives them, over a connection in memory that costs a copy and no
// system call; those of go-imap v1 are, and are called alone. What a row gives to
// our side stands above it in its file. Nothing is subtracted from either side.
//
// Servers run in processes of their own, one for each side of a row, and are talked
// to over loopback by a client that only counts lines; with -cpu, the processor time
// is that of the server. What sessions hold is what the server's process has more of
// when they are there, after collections: resident memory as the system counts it,
// and of that the heap and the stacks. It takes 11,000 file descriptors in each of
// two processes, and 2 GB of memory for a folder of 1,000,000 messages.
//
//	go run . -run ^server
//
// It is a module of its own, since the library itself needs none of these.
package main
