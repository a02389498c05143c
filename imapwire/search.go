package imapwire

import (
	"slices"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

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

// UsesNumbers reports whether the key names messages by sequence number, which a
// UID SEARCH may do as well: no EXPUNGE must come between (RFC 9051 §5.5).
func (s *Search) UsesNumbers() bool { return usesNumbers(s.Key) }

func usesNumbers(key imap.SearchKey) bool {
	switch k := key.(type) {
	case *imap.SearchSeq:
		return !k.Set.Saved
	case *imap.SearchNot:
		return usesNumbers(k.Key)
	case *imap.SearchOr:
		return usesNumbers(k.Left) || usesNumbers(k.Right)
	case *imap.SearchAnd:
		return slices.ContainsFunc(k.Keys, usesNumbers)
	}
	return false
}

// search = "SEARCH" [search-return-opts] SP search-program
// search-return-opts = SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"
// search-return-opt = tagged-ext-label [SP tagged-ext-val]
// search-program = ["CHARSET" SP charset SP] search-key *(SP search-key)
// charset = astring
func parseSearch(c *cursor, uid bool) Command {
	slab := &struct {
		Search
		keys searchAnd
	}{}
	s := &slab.Search
	s.UID = uid
	c.sp("search")
	if c.acceptFold("RETURN ") {
		s.HasReturn = true
		c.open("search-return-opts")
		for c.more(len(s.Return), "search-return-opts") {
			s.Return = append(s.Return, c.taggedExt("search-return-opt"))
		}
		c.sp("search")
	}
	if c.acceptFold("CHARSET ") {
		i := c.pos
		s.Charset = c.astring("charset")
		if c.err == nil && s.Charset == "" {
			c.failAt(i, "charset", "a name that is not empty")
		}
		c.sp("search")
	}
	s.Key = c.searchKeys(&slab.keys)
	return s
}

// A searchAnd is a SearchAnd with room for its first keys.
type searchAnd struct {
	imap.SearchAnd
	room [4]imap.SearchKey
}

// searchKeys reads keys side by side: one is itself, several are a SearchAnd,
// which is in slab if that is not nil.
//
//	search-key *(SP search-key)
func (c *cursor) searchKeys(slab *searchAnd) imap.SearchKey {
	key := c.searchKey()
	if c.peek() != ' ' {
		return key
	}
	if slab == nil {
		slab = &searchAnd{}
	}
	and := &slab.SearchAnd
	and.Keys = append(slab.room[:0], key)
	for c.accept(' ') {
		and.Keys = append(and.Keys, c.searchKey())
	}
	return and
}

// search-key = "ALL" / "ANSWERED" / "BCC" SP astring / "BEFORE" SP date / "BODY" SP astring / "CC" SP astring
// search-key =/ "DELETED" / "FLAGGED" / "FROM" SP astring / "KEYWORD" SP flag-keyword / "ON" SP date / "SEEN"
// search-key =/ "SINCE" SP date / "SUBJECT" SP astring / "TEXT" SP astring / "TO" SP astring / "UNANSWERED"
// search-key =/ "UNDELETED" / "UNFLAGGED" / "UNKEYWORD" SP flag-keyword / "UNSEEN" / "DRAFT" / "UNDRAFT"
// search-key =/ "HEADER" SP header-fld-name SP astring / "LARGER" SP number64 / "SMALLER" SP number64
// search-key =/ "SENTBEFORE" SP date / "SENTON" SP date / "SENTSINCE" SP date / "UID" SP sequence-set / sequence-set
// search-key =/ "NEW" / "OLD" / "RECENT" / "OLDER" SP nz-number / "YOUNGER" SP nz-number
// search-key =/ search-modsequence
// search-key =/ "NOT" SP search-key / "OR" SP search-key SP search-key / "(" search-key *(SP search-key) ")"
func (c *cursor) searchKey() imap.SearchKey {
	const production = "search-key"
	switch x := c.peek(); {
	case x == '(':
		if !c.open(production) {
			return nil
		}
		key := c.searchKeys(nil)
		if c.err == nil && c.peek() != ')' {
			c.fail(production, `a space or ")"`)
		}
		c.close(production)
		return key
	case engine.Digit.Is(x), x == '*', x == '$' && c.loneDollar():
		return &imap.SearchSeq{Set: c.sequenceSet(production)}
	}
	i := c.pos
	switch string(c.word(production)) {
	case "ALL":
		return &imap.SearchAll{}
	case "ANSWERED":
		return &imap.SearchFlag{Flag: imap.FlagAnswered}
	case "DELETED":
		return &imap.SearchFlag{Flag: imap.FlagDeleted}
	case "DRAFT":
		return &imap.SearchFlag{Flag: imap.FlagDraft}
	case "FLAGGED":
		return &imap.SearchFlag{Flag: imap.FlagFlagged}
	case "RECENT":
		return &imap.SearchFlag{Flag: imap.FlagRecent}
	case "SEEN":
		return &imap.SearchFlag{Flag: imap.FlagSeen}
	case "UNANSWERED":
		return &imap.SearchFlag{Flag: imap.FlagAnswered, Unset: true}
	case "UNDELETED":
		return &imap.SearchFlag{Flag: imap.FlagDeleted, Unset: true}
	case "UNDRAFT":
		return &imap.SearchFlag{Flag: imap.FlagDraft, Unset: true}
	case "UNFLAGGED":
		return &imap.SearchFlag{Flag: imap.FlagFlagged, Unset: true}
	case "OLD":
		return &imap.SearchFlag{Flag: imap.FlagRecent, Unset: true}
	case "UNSEEN":
		return &imap.SearchFlag{Flag: imap.FlagSeen, Unset: true}
	case "NEW":
		return &imap.SearchNew{}
	case "KEYWORD":
		return c.searchKeyword(false)
	case "UNKEYWORD":
		return c.searchKeyword(true)
	case "BCC":
		return c.searchText(imap.TextBCC)
	case "BODY":
		return c.searchText(imap.TextBody)
	case "CC":
		return c.searchText(imap.TextCC)
	case "FROM":
		return c.searchText(imap.TextFrom)
	case "SUBJECT":
		return c.searchText(imap.TextSubject)
	case "TEXT":
		return c.searchText(imap.TextText)
	case "TO":
		return c.searchText(imap.TextTo)
	case "HEADER":
		h := &imap.SearchHeader{}
		c.sp(production)
		h.Name = c.astring("header-fld-name")
		c.sp(production)
		h.Value = c.astring(production)
		return h
	case "BEFORE":
		return c.searchDate(imap.DateInternal, imap.DateBefore)
	case "ON":
		return c.searchDate(imap.DateInternal, imap.DateOn)
	case "SINCE":
		return c.searchDate(imap.DateInternal, imap.DateSince)
	case "SENTBEFORE":
		return c.searchDate(imap.DateSent, imap.DateBefore)
	case "SENTON":
		return c.searchDate(imap.DateSent, imap.DateOn)
	case "SENTSINCE":
		return c.searchDate(imap.DateSent, imap.DateSince)
	case "LARGER":
		c.sp(production)
		return &imap.SearchSize{Size: c.number64(production)}
	case "SMALLER":
		c.sp(production)
		return &imap.SearchSize{Smaller: true, Size: c.number64(production)}
	case "OLDER":
		c.sp(production)
		return &imap.SearchWithin{Seconds: c.nzNumber(production)}
	case "YOUNGER":
		c.sp(production)
		return &imap.SearchWithin{Younger: true, Seconds: c.nzNumber(production)}
	case "MODSEQ":
		return c.searchModSeq()
	case "UID":
		c.sp(production)
		return &imap.SearchUID{Set: c.sequenceSet(production)}
	case "NOT":
		c.sp(production)
		if !c.enter() {
			return nil
		}
		not := &imap.SearchNot{Key: c.searchKey()}
		c.leave()
		return not
	case "OR":
		c.sp(production)
		if !c.enter() {
			return nil
		}
		or := &imap.SearchOr{Left: c.searchKey()}
		c.sp(production)
		or.Right = c.searchKey()
		c.leave()
		return or
	}
	c.failAt(i, production, "a search key")
	return nil
}

// search-modsequence = "MODSEQ" [search-modseq-ext] SP mod-sequence-valzer
// search-modseq-ext = SP entry-name SP entry-type-req
// entry-name = entry-flag-name
// entry-type-req = "priv" / "shared" / "all"
func (c *cursor) searchModSeq() imap.SearchKey {
	const production = "search-modsequence"
	k := &imap.SearchModSeq{}
	c.sp(production)
	if c.peek() == '"' {
		k.Entry = c.astring("entry-name")
		c.sp(production)
		i := c.pos
		switch string(c.word("entry-type-req")) {
		case "PRIV", "SHARED", "ALL":
			k.Type = upper(c.str(i, c.pos))
		default:
			c.failAt(i, "entry-type-req", "priv, shared or all")
		}
		c.sp(production)
	}
	k.ModSeq = imap.ModSeq(c.number64("mod-sequence-valzer"))
	return k
}

func (e *encoder) searchModSeq(k *imap.SearchModSeq) {
	e.raw("MODSEQ ")
	if k.Entry != "" || k.Type != "" {
		switch k.Type {
		case "PRIV", "SHARED", "ALL":
		default:
			e.fail("%q is not a type of metadata", cut(k.Type))
		}
		e.quoted(k.Entry)
		e.sp()
		e.raw(k.Type)
		e.sp()
	}
	e.number64(int64(min(k.ModSeq, imap.MaxModSeq+1)), "a modseq")
}

// loneDollar reports whether the "$" at the cursor is the saved result.
func (c *cursor) loneDollar() bool {
	return c.pos+1 < len(c.b) && !engine.AString.Is(c.b[c.pos+1])
}

func (c *cursor) searchKeyword(unset bool) imap.SearchKey {
	c.sp("search-key")
	return &imap.SearchFlag{Flag: imap.Flag(c.atom("flag-keyword")), Unset: unset}
}

func (c *cursor) searchText(field imap.TextField) imap.SearchKey {
	c.sp("search-key")
	return &imap.SearchText{Field: field, Value: c.astring("search-key")}
}

func (c *cursor) searchDate(field imap.DateField, op imap.DateOp) imap.SearchKey {
	c.sp("search-key")
	return &imap.SearchDate{Field: field, Op: op, Date: c.date("search-key")}
}

func (s *Search) encode(e *encoder) {
	if s.HasReturn {
		e.raw(" RETURN (")
		for i, o := range s.Return {
			if i > 0 {
				e.sp()
			}
			e.taggedExt(o, "search-return-opt")
		}
		e.byte(')')
	} else if len(s.Return) > 0 {
		e.fail("result options without HasReturn")
	}
	if s.Charset != "" {
		e.raw(" CHARSET ")
		e.astring(s.Charset)
	}
	e.sp()
	e.searchKey(s.Key, true)
}

// searchKey writes one key. Keys side by side need parentheses below the top.
func (e *encoder) searchKey(key imap.SearchKey, top bool) {
	if !e.enter() {
		return
	}
	defer e.leave()
	switch k := key.(type) {
	case *imap.SearchAll:
		e.raw("ALL")
	case *imap.SearchFlag:
		e.searchFlag(k)
	case *imap.SearchNew:
		e.raw("NEW")
	case *imap.SearchText:
		names := [...]string{imap.TextBCC: "BCC ", imap.TextBody: "BODY ", imap.TextCC: "CC ", imap.TextFrom: "FROM ", imap.TextSubject: "SUBJECT ", imap.TextText: "TEXT ", imap.TextTo: "TO "}
		if k.Field == 0 || int(k.Field) >= len(names) {
			e.fail("the text field %d is unknown", k.Field)
			return
		}
		e.raw(names[k.Field])
		e.astring(k.Value)
	case *imap.SearchHeader:
		e.raw("HEADER ")
		e.astring(k.Name)
		e.sp()
		e.astring(k.Value)
	case *imap.SearchDate:
		names := [...]string{imap.DateBefore: "BEFORE ", imap.DateOn: "ON ", imap.DateSince: "SINCE "}
		if k.Op == 0 || int(k.Op) >= len(names) || k.Field != imap.DateInternal && k.Field != imap.DateSent {
			e.fail("the comparison of dates %d %d is unknown", k.Field, k.Op)
			return
		}
		if k.Field == imap.DateSent {
			e.raw("SENT")
		}
		e.raw(names[k.Op])
		e.date(k.Date)
	case *imap.SearchSize:
		if k.Smaller {
			e.raw("SMALLER ")
		} else {
			e.raw("LARGER ")
		}
		e.number64(k.Size, "a size")
	case *imap.SearchSeq:
		e.sequenceSet(k.Set)
	case *imap.SearchUID:
		e.raw("UID ")
		e.sequenceSet(k.Set)
	case *imap.SearchModSeq:
		e.searchModSeq(k)
	case *imap.SearchWithin:
		if k.Younger {
			e.raw("YOUNGER ")
		} else {
			e.raw("OLDER ")
		}
		e.nzNumber(k.Seconds, "an interval")
	case *imap.SearchNot:
		e.raw("NOT ")
		e.searchKey(k.Key, false)
	case *imap.SearchOr:
		e.raw("OR ")
		e.searchKey(k.Left, false)
		e.sp()
		e.searchKey(k.Right, false)
	case *imap.SearchAnd:
		e.searchAnd(k, top)
	default:
		e.fail("a search key is nil")
	}
}

func (e *encoder) searchAnd(k *imap.SearchAnd, top bool) {
	switch len(k.Keys) {
	case 0:
		e.fail("SearchAnd without keys")
		return
	case 1:
		e.searchKey(k.Keys[0], top)
		return
	}
	if !top {
		e.byte('(')
	}
	for i, key := range k.Keys {
		if i > 0 {
			e.sp()
		}
		e.searchKey(key, false)
	}
	if !top {
		e.byte(')')
	}
}

// searchFlag writes system flags as keys of their own and keywords as KEYWORD.
func (e *encoder) searchFlag(k *imap.SearchFlag) {
	name := ""
	switch k.Flag.Canonical() {
	case imap.FlagAnswered:
		name = "ANSWERED"
	case imap.FlagDeleted:
		name = "DELETED"
	case imap.FlagDraft:
		name = "DRAFT"
	case imap.FlagFlagged:
		name = "FLAGGED"
	case imap.FlagSeen:
		name = "SEEN"
	case imap.FlagRecent:
		if k.Unset {
			e.raw("OLD")
		} else {
			e.raw("RECENT")
		}
		return
	}
	if k.Unset {
		e.raw("UN")
	}
	if name != "" {
		e.raw(name)
		return
	}
	e.raw("KEYWORD ")
	e.atom(string(k.Flag))
}

func (*SearchData) response()  {}
func (*ESearchData) response() {}
