package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

func enveloped(e imap.Envelope) Response {
	return &FetchData{Num: 1, Has: HasEnvelope, Envelope: &e}
}

func addressed(a imap.Address) Response { return enveloped(imap.Envelope{From: []imap.Address{a}}) }

// nstringRows are the forms of a string that may be absent.
var nstringRows = []known[imap.NString]{
	k("NIL", imap.NString{}), k("nil", imap.NString{}, "NIL"), k(`"a"`, imap.String("a")), k(`""`, imap.String("")), k(`"q\"\\"`, imap.String(`q"\`)), k("{3}\r\nNIL", imap.String("NIL"), `"NIL"`), k("{2}\r\n\xc3\xa4", imap.String("ä")),
}

var notNString = []string{"", "a", "NILL", "()", "7", `"a`, "{2}\r\na", "~{1}\r\na"}

var addressRows = []known[[]imap.Address]{
	k[[]imap.Address]("NIL", nil), k(`(("A B" NIL "a" "b.c"))`, []imap.Address{{Name: imap.String("A B"), Mailbox: imap.String("a"), Host: imap.String("b.c")}}),
	// A group of RFC 5322, with one member.
	k(`((NIL NIL "g" NIL)(NIL "@x" "a" "b")(NIL NIL NIL NIL))`, []imap.Address{{Mailbox: imap.String("g")}, {Route: imap.String("@x"), Mailbox: imap.String("a"), Host: imap.String("b")}, {}}),
}

var notAddresses = []string{"()", `("a")`, `(("a" "b" "c"))`, `(("a" "b" "c" "d") ("a" "b" "c" "d"))`, `""`, `((a NIL NIL NIL))`, `(("a" "b" "c" "d")`}

// envelopeNString is a field of an envelope that is a string; at is its place.
func envelopeNString(rule string, at int, of func(*imap.Envelope) *imap.NString) ruleTable {
	return response(rule, envelopeWire(at), func(s imap.NString) Response {
		var e imap.Envelope
		*of(&e) = s
		return enveloped(e)
	}, nstringRows...).but(notNString...)
}

func envelopeAddresses(rule string, at int, of func(*imap.Envelope) *[]imap.Address) ruleTable {
	return response(rule, envelopeWire(at), func(a []imap.Address) Response {
		var e imap.Envelope
		*of(&e) = a
		return enveloped(e)
	}, addressRows...).but(notAddresses...)
}

// envelopeWire is an envelope with %s for its field at.
func envelopeWire(at int) string {
	s := "* 1 FETCH (ENVELOPE ("
	for i := range 10 {
		if i > 0 {
			s += " "
		}
		if i == at {
			s += "%s"
		} else {
			s += "NIL"
		}
	}
	return s + "))"
}

func addressPart(rule, wire string, of func(*imap.Address) *imap.NString) ruleTable {
	return response(rule, "* 1 FETCH (ENVELOPE (NIL NIL (("+wire+")) NIL NIL NIL NIL NIL NIL NIL))", func(s imap.NString) Response {
		var a imap.Address
		*of(&a) = s
		return addressed(a)
	}, nstringRows...).but(notNString...)
}

var envelopeRules = []ruleTable{
	response("envelope", "* 1 FETCH (ENVELOPE %s)", enveloped,
		k("(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)", imap.Envelope{}),
		k(`("d" "s" ((NIL NIL "a" "b")) NIL NIL NIL NIL NIL "<r>" "<m>")`, imap.Envelope{Date: imap.String("d"), Subject: imap.String("s"), From: []imap.Address{{Mailbox: imap.String("a"), Host: imap.String("b")}}, InReplyTo: imap.String("<r>"), MessageID: imap.String("<m>")}),
	).but("NIL", "()", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL)", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)", "(NIL  NIL NIL NIL NIL NIL NIL NIL NIL NIL)", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL"),
	envelopeNString("env-date", 0, func(e *imap.Envelope) *imap.NString { return &e.Date }),
	envelopeNString("env-subject", 1, func(e *imap.Envelope) *imap.NString { return &e.Subject }),
	envelopeAddresses("env-from", 2, func(e *imap.Envelope) *[]imap.Address { return &e.From }),
	envelopeAddresses("env-sender", 3, func(e *imap.Envelope) *[]imap.Address { return &e.Sender }),
	envelopeAddresses("env-reply-to", 4, func(e *imap.Envelope) *[]imap.Address { return &e.ReplyTo }),
	envelopeAddresses("env-to", 5, func(e *imap.Envelope) *[]imap.Address { return &e.To }),
	envelopeAddresses("env-cc", 6, func(e *imap.Envelope) *[]imap.Address { return &e.CC }),
	envelopeAddresses("env-bcc", 7, func(e *imap.Envelope) *[]imap.Address { return &e.BCC }),
	envelopeNString("env-in-reply-to", 8, func(e *imap.Envelope) *imap.NString { return &e.InReplyTo }),
	envelopeNString("env-message-id", 9, func(e *imap.Envelope) *imap.NString { return &e.MessageID }),
	response("address", "* 1 FETCH (ENVELOPE (NIL NIL (%s) NIL NIL NIL NIL NIL NIL NIL))", addressed,
		k("(NIL NIL NIL NIL)", imap.Address{}), k(`("n" "r" "m" "h")`, imap.Address{Name: imap.String("n"), Route: imap.String("r"), Mailbox: imap.String("m"), Host: imap.String("h")})).but("", "NIL", `("n" "r" "m")`, `("n" "r" "m" "h" "x")`, `("n" "r" "m" h)`, `("n""r" "m" "h")`),
	addressPart("addr-name", "%s NIL NIL NIL", func(a *imap.Address) *imap.NString { return &a.Name }),
	addressPart("addr-adl", "NIL %s NIL NIL", func(a *imap.Address) *imap.NString { return &a.Route }),
	addressPart("addr-mailbox", "NIL NIL %s NIL", func(a *imap.Address) *imap.NString { return &a.Mailbox }),
	addressPart("addr-host", "NIL NIL NIL %s", func(a *imap.Address) *imap.NString { return &a.Host }),
}
