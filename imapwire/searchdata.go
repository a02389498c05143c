package imapwire

import (
	"bytes"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// mailbox-data =/ "SEARCH" *(SP nz-number) [SP search-sort-mod-seq]
// search-sort-mod-seq = "(" "MODSEQ" SP mod-sequence-value ")"
func (c *cursor) searchData() Response {
	r := &SearchData{}
	r.Nums = make([]uint32, 0, bytes.Count(c.b[c.pos:], []byte{' '}))
	for c.follows() {
		switch {
		case c.peek() == '(':
			c.open("search-sort-mod-seq")
			if !c.acceptFold("MODSEQ") {
				c.fail("search-sort-mod-seq", "MODSEQ")
			}
			c.sp("search-sort-mod-seq")
			r.ModSeq = imap.ModSeq(c.nzNumber64("search-sort-mod-seq"))
			c.close("search-sort-mod-seq")
			return r.trim()
		default:
			// The list is not bounded by tokens but by its line.
			r.Nums = append(r.Nums, c.listNumber("mailbox-data"))
		}
	}
	return r.trim()
}

func (r *SearchData) trim() *SearchData {
	if len(r.Nums) == 0 {
		r.Nums = nil
	}
	return r
}

func (e *encoder) search(r *SearchData) {
	if len(r.Nums) > 0 && len(r.Ranges) > 0 {
		e.fail("SEARCH with numbers and ranges")
	}
	l := ListEncoder{r: r}
	for !l.done && e.err == nil {
		l.next(e, 1<<30)
	}
}

// esearch-response = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data)
// search-correlator = SP "(" "TAG" SP tag-string ")"
// search-return-data = "MIN" SP nz-number / "MAX" SP nz-number / "ALL" SP sequence-set / "COUNT" SP number / search-ret-data-ext
func (c *cursor) esearchData() Response {
	const production = "esearch-response"
	r := &ESearchData{}
	if len(c.b)-c.pos > 1 && c.b[c.pos] == ' ' && c.b[c.pos+1] == '(' {
		i := c.pos + 1
		c.sp(production)
		c.open("search-correlator")
		if !c.acceptFold("TAG ") {
			if !c.tolerateAt(TolerateParenthesisedESearch, i) {
				c.fail("search-correlator", "TAG and a space")
				return r
			}
			c.esearchItems(r, true)
			c.close(production)
			return r
		}
		r.Tag = c.astring("search-correlator")
		c.close("search-correlator")
	}
	c.esearchItems(r, false)
	return r
}

// esearchItems reads [SP "UID"] *(SP search-return-data), or the same in
// parentheses, which are open.
func (c *cursor) esearchItems(r *ESearchData, open bool) {
	const production = "esearch-response"
	first := true
	for n := 0; open && n == 0 || c.follows(); n++ {
		if !open && c.peek() == '(' && c.tolerate(TolerateParenthesisedESearch) {
			c.open(production)
			c.esearchItems(r, true)
			c.close(production)
			return
		}
		i := c.pos
		word := string(c.word(production))
		if first && word == "UID" {
			first, r.UID = false, true
			continue
		}
		first = false
		c.sp(production)
		switch {
		case word == "MIN" && !r.HasMin:
			r.Min, r.HasMin = c.nzNumber(production), true
		case word == "MAX" && !r.HasMax:
			r.Max, r.HasMax = c.nzNumber(production), true
		case word == "COUNT" && !r.HasCount:
			r.Count, r.HasCount = c.number(production), true
		case word == "ALL" && r.All == nil:
			s := c.sequenceSet(production)
			ascending := true
			for k, g := range s.Ranges {
				if g.First == imap.Star || g.Last == imap.Star {
					c.failAt(i, production, "numbers")
				}
				ascending = ascending && g.First <= g.Last && (k == 0 || uint64(s.Ranges[k-1].Last)+1 < uint64(g.First))
			}
			if s.Saved {
				c.failAt(i, production, "numbers")
			}
			if r.All = s.Ranges; !ascending {
				r.All = s.Resolve(1<<32 - 1)
			}
		case word == "MODSEQ" && r.ModSeq == 0:
			r.ModSeq = imap.ModSeq(c.nzNumber64(production))
		default:
			c.skipValue(production)
			r.Extended = append(r.Extended, c.rawStr(i, c.pos))
		}
		if c.err != nil {
			return
		}
	}
}

func (e *encoder) esearch(r *ESearchData) {
	l := ListEncoder{r: r}
	for !l.done && e.err == nil {
		l.next(e, 1<<30)
	}
}

// esearchHead appends everything before the numbers of ALL.
func (e *encoder) esearchHead(r *ESearchData) {
	e.raw("* ESEARCH")
	if r.Tag != "" {
		e.raw(" (TAG ")
		e.quoted(r.Tag)
		e.byte(')')
	}
	if r.UID {
		e.raw(" UID")
	}
	if r.HasMin {
		e.raw(" MIN ")
		e.nzNumber(r.Min, "MIN")
	}
	if r.HasMax {
		e.raw(" MAX ")
		e.nzNumber(r.Max, "MAX")
	}
	if r.HasCount {
		e.raw(" COUNT ")
		e.number(r.Count)
	}
	if r.ModSeq != 0 {
		e.raw(" MODSEQ ")
		e.modSeq(r.ModSeq)
	}
	for _, x := range r.Extended {
		e.sp()
		e.value(x, "a search item", func(c *cursor) {
			c.word("search-ret-data-ext")
			c.sp("search-ret-data-ext")
			c.skipValue("search-ret-data-ext")
		})
	}
	if len(r.All) > 0 {
		e.raw(" ALL ")
	}
}

// mod-sequence-value = 1*DIGIT
func (e *encoder) modSeq(m imap.ModSeq) {
	if m == 0 || m > imap.MaxModSeq {
		e.fail("a modseq of %d", m)
	}
	e.uint(uint64(m))
}

// A ListEncoder writes a response that is a long list in pieces, so that a
// queue never holds all of it. The pieces are what [AppendResponse] writes.
type ListEncoder struct {
	r     Response
	utf8  bool
	begun bool
	done  bool
	i     int    // the number or range that comes next
	n     uint32 // of a range that is written out: the number that comes next
}

// NewListEncoder returns an encoder for a SEARCH, ESEARCH or VANISHED; ok is
// false for every other response. The response must not change until the end.
func NewListEncoder(r Response, opt ResponseOptions) (l *ListEncoder, ok bool) {
	switch r.(type) {
	case *SearchData, *ESearchData, *VanishedData:
		return &ListEncoder{r: r, utf8: opt.UTF8}, true
	}
	return nil, false
}

// Append appends the next piece, which ends once it has budget octets or more.
// done reports that it was the last one. After an error, which comes with the
// first piece, there is none.
func (l *ListEncoder) Append(dst []byte, budget int) (b []byte, done bool, err error) {
	e := encoder{b: dst, server: true, utf8: l.utf8}
	start := len(dst)
	for !l.done && e.err == nil && len(e.b)-start < budget {
		l.next(&e, budget-(len(e.b)-start))
	}
	if e.err == nil && l.done {
		e.crlf()
	}
	if e.err != nil {
		l.done = true
		return dst, true, e.err
	}
	return e.b, l.done, nil
}

// next appends the head, or about budget octets of the list.
func (l *ListEncoder) next(e *encoder, budget int) {
	if !l.begun {
		l.begun = true
		l.head(e)
		return
	}
	until := len(e.b) + budget
	switch r := l.r.(type) {
	case *SearchData:
		for ; l.i < len(r.Nums) && len(e.b) < until; l.i++ {
			e.b = append(e.b, ' ')
			e.b = appendUint(e.b, uint64(r.Nums[l.i]))
		}
		for l.i < len(r.Ranges) && len(e.b) < until {
			g := r.Ranges[l.i]
			if l.n == 0 {
				l.n = g.First
			}
			e.b = append(e.b, ' ')
			e.b = appendUint(e.b, uint64(l.n))
			if l.n == g.Last {
				l.i, l.n = l.i+1, 0
			} else {
				l.n++
			}
		}
		if l.i < max(len(r.Nums), len(r.Ranges)) {
			return
		}
		if r.ModSeq != 0 {
			e.raw(" (MODSEQ ")
			e.modSeq(r.ModSeq)
			e.byte(')')
		}
	case *ESearchData:
		l.ranges(e, until, len(r.All), func(i int) imap.Range { return r.All[i] })
		if l.i < len(r.All) {
			return
		}
	case *VanishedData:
		l.ranges(e, until, len(r.UIDs), func(i int) imap.Range {
			return imap.Range{First: uint32(r.UIDs[i].First), Last: uint32(r.UIDs[i].Last)}
		})
		if l.i < len(r.UIDs) {
			return
		}
	}
	l.done = true
}

func (l *ListEncoder) ranges(e *encoder, until, count int, at func(int) imap.Range) {
	for ; l.i < count && len(e.b) < until; l.i++ {
		if l.i > 0 {
			e.b = append(e.b, ',')
		}
		e.b = imap.Set{Ranges: []imap.Range{at(l.i)}}.Append(e.b)
	}
}

// head appends what comes before the list, after it has seen that the whole can
// be encoded.
func (l *ListEncoder) head(e *encoder) {
	switch r := l.r.(type) {
	case *SearchData:
		e.raw("* SEARCH")
		for _, n := range r.Nums {
			if n == 0 {
				e.fail("a number found is zero")
			}
		}
		e.ascending(r.Ranges)
		if len(r.Nums) > 0 && len(r.Ranges) > 0 {
			e.fail("SEARCH with numbers and ranges")
		}
		if r.ModSeq > imap.MaxModSeq {
			e.modSeq(r.ModSeq)
		}
	case *ESearchData:
		e.esearchHead(r)
		e.ascending(r.All)
	case *VanishedData:
		probe := encoder{}
		probe.uidSet(r.UIDs)
		if probe.err != nil {
			e.fail("a set of UIDs is empty or not in order")
		}
		e.raw("* VANISHED ")
		if r.Earlier {
			e.raw("(EARLIER) ")
		}
	}
}

func (e *encoder) ascending(rs []imap.Range) {
	for i, r := range rs {
		if r.First == 0 || r.Last < r.First || i > 0 && rs[i-1].Last >= r.First {
			e.fail("ranges found are not in order")
		}
	}
}
