package message

// Limits bound what Parse takes from one message. They cut and never refuse:
// what lies beyond is content without structure, and [Part].Cut tells. Zero is
// the default; nothing can be unlimited.
type Limits struct {
	// Depth is how many multiparts and embedded messages may be inside each
	// other, 1 to 1,000. Default 100, as Dovecot.
	Depth int
	// Parts is how many parts a message may have, embedded messages
	// included. Default 10,000, as Dovecot.
	Parts int
	// HeaderBytes is how many octets of header fields the index keeps, of
	// all headers of the message together; each field counts 64 more than its
	// value. One that does not fit is left out. Default 10 MiB, as Dovecot.
	HeaderBytes int64
	// Field is how many octets of one header field are looked at; the rest
	// of its value counts as absent. Default 1 MiB.
	Field int
	// Params is how many parameters a MIME field may have. Default 128, as
	// Dovecot.
	Params int
	// Addresses is how many addresses the envelopes of the message may have,
	// all header fields and embedded messages together. Default 10,000.
	Addresses int
}

// maxDepth is the most Limits.Depth can be: trees are walked recursively, and
// the binary form is bounded by it.
const maxDepth = 1000

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		n   *int
		def int
	}{{&l.Depth, 100}, {&l.Parts, 10_000}, {&l.Field, 1 << 20}, {&l.Params, 128}, {&l.Addresses, 10_000}} {
		if *d.n <= 0 {
			*d.n = d.def
		}
	}
	if l.HeaderBytes <= 0 {
		l.HeaderBytes = 10 << 20
	}
	l.Depth = min(l.Depth, maxDepth)
	return l
}
