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

// namespace-response = "NAMESPACE" SP namespace SP namespace SP namespace
func (c *cursor) namespaceData() Response {
	r := &NamespaceData{}
	for _, list := range []*[]NamespaceEntry{&r.Personal, &r.Other, &r.Shared} {
		c.sp("namespace-response")
		*list = c.namespaceList()
	}
	return r
}

// namespace = nil / "(" 1*namespace-descr ")"
func (c *cursor) namespaceList() []NamespaceEntry {
	const production = "namespace"
	if c.acceptNil() || !c.open(production) {
		return nil
	}
	var out []NamespaceEntry
	for c.nextList(len(out), production) {
		out = append(out, c.namespaceDescr())
	}
	return out
}

// namespace-descr = "(" string SP (DQUOTE QUOTED-CHAR DQUOTE / nil) [namespace-response-extensions] ")"
// namespace-response-extension = SP string SP "(" string *(SP string) ")"
func (c *cursor) namespaceDescr() (n NamespaceEntry) {
	const production = "namespace-descr"
	if !c.open(production) {
		return n
	}
	n.Prefix = c.astring(production)
	c.sp(production)
	n.Delimiter = c.delimiter()
	for c.accept(' ') {
		i := c.pos
		c.str8("namespace-response-extension")
		c.sp("namespace-response-extension")
		if c.peek() != '(' && c.err == nil {
			c.fail("namespace-response-extension", `"("`)
		}
		c.skipValue("namespace-response-extension")
		n.Extensions = append(n.Extensions, c.rawStr(i, c.pos))
	}
	c.close(production)
	return n
}

// delimiter = DQUOTE QUOTED-CHAR DQUOTE / nil
func (c *cursor) delimiter() byte {
	if c.acceptNil() {
		return 0
	}
	i := c.pos
	s := c.quoted("delimiter")
	if c.err == nil && len(s) != 1 {
		if s == "" && c.tolerateAt(TolerateEmptyDelimiter, i) {
			return 0
		}
		c.failAt(i, "delimiter", "one character")
		return 0
	}
	if c.err != nil {
		return 0
	}
	return s[0]
}

func (e *encoder) namespace(r *NamespaceData) {
	e.raw("* NAMESPACE")
	for _, list := range [][]NamespaceEntry{r.Personal, r.Other, r.Shared} {
		e.sp()
		if len(list) == 0 {
			e.raw("NIL")
			continue
		}
		e.byte('(')
		for _, n := range list {
			e.byte('(')
			e.string(n.Prefix)
			e.sp()
			e.delimiter(n.Delimiter)
			for _, x := range n.Extensions {
				e.sp()
				e.value(x, "a namespace extension", func(c *cursor) {
					c.str8("namespace-response-extension")
					c.sp("namespace-response-extension")
					if c.peek() != '(' && c.err == nil {
						c.fail("namespace-response-extension", `"("`)
					}
					c.skipValue("namespace-response-extension")
				})
			}
			e.byte(')')
		}
		e.byte(')')
	}
}

func (e *encoder) delimiter(d byte) {
	if d == 0 {
		e.raw("NIL")
		return
	}
	if d >= 0x80 {
		e.fail("the delimiter %q is not ASCII", d)
	}
	e.quoted(string(rune(d)))
}
