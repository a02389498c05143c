package imapwire

// A NamespaceData is the answer to NAMESPACE, RFC 2342 §5, RFC 9051 §6.3.10.
// A nil slice is NIL: no namespace of that kind.
type NamespaceData struct {
	Personal []NamespaceEntry
	Other    []NamespaceEntry // other users'
	Shared   []NamespaceEntry
}

// A NamespaceEntry is one namespace.
type NamespaceEntry struct {
	Prefix    string
	Delimiter byte // zero is NIL
	// Extensions are namespace-response-extensions, each the octets of name
	// and value without the space before them.
	Extensions []string
}

func (*NamespaceData) response() {}
