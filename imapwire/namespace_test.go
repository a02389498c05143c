package imapwire

func namespaces(e []NamespaceEntry) Response { return &NamespaceData{Personal: e} }

func namespaceExtensions(x []string) Response {
	return namespaces([]NamespaceEntry{{Delimiter: '/', Extensions: x}})
}

var namespaceRules = []ruleTable{
	response("namespace-response", "* %s", itself[Response],
		k[Response]("NAMESPACE NIL NIL NIL", &NamespaceData{}), k[Response](`NAMESPACE (("" "/")) (("~" "/")) (("#news." "."))`, &NamespaceData{Personal: []NamespaceEntry{{Delimiter: '/'}}, Other: []NamespaceEntry{{Prefix: "~", Delimiter: '/'}}, Shared: []NamespaceEntry{{Prefix: "#news.", Delimiter: '.'}}}),
		k[Response](`namespace nil NIL (("a" NIL))`, &NamespaceData{Shared: []NamespaceEntry{{Prefix: "a"}}}, `NAMESPACE NIL NIL (("a" NIL))`),
	).but("NAMESPACE", "NAMESPACE NIL NIL", "NAMESPACE NIL NIL NIL NIL", "NAMESPACE NIL  NIL NIL", "NAMESPACE () NIL NIL"),
	response("namespace", "* NAMESPACE %s NIL NIL", namespaces, k[[]NamespaceEntry]("NIL", nil), k(`(("" "/"))`, []NamespaceEntry{{Delimiter: '/'}}), k(`(("a/" "/")("b." "."))`, []NamespaceEntry{{Prefix: "a/", Delimiter: '/'}, {Prefix: "b.", Delimiter: '.'}})).but("()", `("" "/")`, `(("" "/") ("a" "/"))`, `(("" "/")`, `""`),
	response("namespace-descr", "* NAMESPACE (%s) NIL NIL", func(e NamespaceEntry) Response { return namespaces([]NamespaceEntry{e}) },
		k(`("" "/")`, NamespaceEntry{Delimiter: '/'}), k(`("a b" NIL)`, NamespaceEntry{Prefix: "a b"}), k("({2}\r\na/ \"\\\\\")", NamespaceEntry{Prefix: "a/", Delimiter: '\\'}, `("a/" "\\")`), k(`("" "/" "X" ("y" "z"))`, NamespaceEntry{Delimiter: '/', Extensions: []string{`"X" ("y" "z")`}})).but(`("")`, `("" "//")`, `("" /)`, `("" "/" "X")`, `(NIL)`),
	response("namespace-response-extensions", `* NAMESPACE (("" "/"%s)) NIL NIL`, namespaceExtensions, k[[]string]("", nil), k(` "X" ("y") "Z" ("w" "v")`, []string{`"X" ("y")`, `"Z" ("w" "v")`})).but(" ", ` "X" ("y")"Z" ("w")`),
	response("namespace-response-extension", `* NAMESPACE (("" "/"%s)) NIL NIL`, func(s string) Response { return namespaceExtensions([]string{s}) }, k(` "X" ("y")`, `"X" ("y")`), k(" {1}\r\nX (\"y\" \"z\")", "{1}\r\nX (\"y\" \"z\")")).but(` "X"`, ` "X" "y"`, ` X ("y")`, `"X" ("y")`),
}
