package message

// Limits bound what Parse takes from one message. They cut and never refuse:
// what lies beyond is content without structure. Zero is the default.
type Limits struct {
	// Depth is how many multiparts and embedded messages may be inside each
	// other. Default 100, as Dovecot.
	Depth int
	// Parts is how many parts a message may have. Default 10,000, as Dovecot.
	Parts int
	// Field is how many octets of one header field are looked at. Default
	// 1 MiB.
	Field int
	// Params is how many parameters a MIME field may have. Default 128, as
	// Dovecot after CVE-2026-27859.
	Params int
	// Addresses is how many addresses one header field may have. Default
	// 10,000.
	Addresses int
}

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		n   *int
		def int
	}{{&l.Depth, 100}, {&l.Parts, 10_000}, {&l.Field, 1 << 20}, {&l.Params, 128}, {&l.Addresses, 10_000}} {
		if *d.n <= 0 {
			*d.n = d.def
		}
	}
	return l
}
