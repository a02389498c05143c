package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

// A Search is SEARCH, or UID SEARCH, RFC 9051 §6.4.4.
type Search struct {
	UID bool
	// Charset is the charset of the strings in Key; empty is not given, which
	// means US-ASCII in RFC 3501 and UTF-8 in RFC 9051.
	Charset string
	// Return are the result options (RFC 4731), upper case; HasReturn tells
	// an empty RETURN () from none.
	Return    []string
	HasReturn bool
	Key       imap.SearchKey
}

// A SearchData is the result of a SEARCH: * SEARCH.
type SearchData struct {
	// Nums are sequence numbers or UIDs in the order of the wire.
	Nums []uint32
	// Ranges may stand in place of Nums when encoding: ascending ranges,
	// written out as single numbers. The parser does not use it.
	Ranges []imap.Range
	// ModSeq is the (MODSEQ n) at the end, RFC 7162 §3.1.5; zero is none.
	ModSeq imap.ModSeq
}

// An ESearchData is the result of a SEARCH with RETURN: * ESEARCH, RFC 4731.
type ESearchData struct {
	Tag string // empty: no correlator
	UID bool
	// Min, Max and Count are valid when their Has is set.
	Min, Max                 uint32
	HasMin, HasMax, HasCount bool
	Count                    uint32
	// All are the numbers found as ascending ranges, without "*"; nil is absent.
	All    []imap.Range
	ModSeq imap.ModSeq // zero: absent
	// Extended are other items, each the octets of name and value.
	Extended []string
}

// Verb implements Command.
func (s *Search) Verb() string { return uidVerb(s.UID, "SEARCH") }

func (*Search) command()       {}
func (*SearchData) response()  {}
func (*ESearchData) response() {}
