package imapwire

import (
	"slices"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// How a FETCH response finds its memory
//
// A response is read into memory of its parser, whose slices grow to what responses
// need and stay. With Parser.Reuse that is handed out. Otherwise what was read is
// cloned: by then it is known how much there is of everything, so
// that a clone is one allocation for the record, one for an envelope with its
// addresses and one for a structure with its parts and parameters.
//
// Strings are never part of that: all of a response are substrings of one string
// that is its own. Flags are not even that: system flags are constants, and of
// keywords, which are the same few in all messages of a mailbox, the parser
// remembers those that it saw.

// A fetchMemory is what FETCH responses are read into, one after the other.
type fetchMemory struct {
	data            FetchData
	envelope        imap.Envelope
	body, structure imap.BodyStructure

	flags     []imap.Flag
	addresses []imap.Address
	params    []imap.Param
	parts     []imap.BodyStructure
	languages []string
	// siblings are parts of multiparts that are not complete.
	siblings []imap.BodyStructure

	keywords [32]imap.Flag
	octets   int // of the frame that was read into it
}

// maxMemory is the octets of the largest frame whose memory is kept beyond the
// next response, whatever that is.
const maxMemory = 16 << 10

// begin makes m ready for the next response.
func (m *fetchMemory) begin(frame []byte) *FetchData {
	m.octets = len(frame)
	m.data = FetchData{}
	m.reset()
	return &m.data
}

// reset forgets all that slices hold.
func (m *fetchMemory) reset() {
	m.flags, m.addresses, m.params = m.flags[:0], m.addresses[:0], m.params[:0]
	m.parts, m.languages, m.siblings = m.parts[:0], m.languages[:0], m.siblings[:0]
}

// maxKeyword is the octets of the longest keyword that is remembered.
const maxKeyword = 64

// keyword returns b, of maxKeyword octets at most, as a flag: without allocating if
// the parser has seen it lately.
func (m *fetchMemory) keyword(b []byte) imap.Flag {
	slot := &m.keywords[(len(b)*5+int(b[0])+int(b[len(b)-1]))%len(m.keywords)]
	if string(b) != string(*slot) {
		*slot = imap.Flag(b)
	}
	return *slot
}

// keyword returns octets i to j of the frame as a flag.
func (c *cursor) keyword(i, j int) imap.Flag {
	if j-i > maxKeyword || c.memory == nil {
		return imap.Flag(c.str(i, j))
	}
	return c.memory.keyword(c.b[i:j])
}

// mem returns the memory that a FETCH response is read into.
func (c *cursor) mem() *fetchMemory {
	if c.memory == nil {
		c.memory = &fetchMemory{}
	}
	return c.memory
}

// Clone returns a deep copy of f, which is the caller's for ever: what is borrowed
// with [Parser.Reuse] is kept so. Readers in contents are not copied.
func (f *FetchData) Clone() *FetchData {
	r := &struct {
		FetchData
		flags [4]imap.Flag
	}{}
	r.Flags = r.flags[:0]
	f.CloneInto(&r.FetchData)
	return &r.FetchData
}

// CloneInto makes dst a deep copy of f, as [FetchData.Clone] does, in the memory of
// dst and, where they have room in it, that of dst.Flags.
func (f *FetchData) CloneInto(dst *FetchData) {
	flags := dst.Flags[:0]
	*dst = *f
	if f.Flags != nil {
		dst.Flags = append(flags, f.Flags...)
	}
	if f.Envelope != nil {
		dst.Envelope = cloneEnvelope(f.Envelope)
	}
	if f.Body != nil {
		dst.Body = cloneStructure(f.Body)
	}
	if f.Structure != nil {
		dst.Structure = cloneStructure(f.Structure)
	}
	if len(f.Sections) > 0 {
		dst.Sections = slices.Clone(f.Sections)
		for i := range dst.Sections {
			s := &dst.Sections[i].Section
			s.Part, s.Fields = slices.Clone(s.Part), slices.Clone(s.Fields)
		}
	}
	if len(f.BinarySizes) > 0 {
		dst.BinarySizes = slices.Clone(f.BinarySizes)
		for i := range dst.BinarySizes {
			dst.BinarySizes[i].Part = slices.Clone(dst.BinarySizes[i].Part)
		}
	}
	dst.Unknown, dst.Broken = slices.Clone(f.Unknown), slices.Clone(f.Broken)
}

// carve copies list to the front of slab, and returns the copy and the rest of slab.
func carve[T any](slab, list []T) (copied, rest []T) {
	if len(list) == 0 {
		return list[:0:0], slab
	}
	n := copy(slab, list)
	return slab[:n:n], slab[n:]
}

func cloneEnvelope(e *imap.Envelope) *imap.Envelope {
	n := len(e.From) + len(e.Sender) + len(e.ReplyTo) + len(e.To) + len(e.CC) + len(e.BCC)
	c, slab := newEnvelope(n)
	*c = *e
	for _, list := range [...]*[]imap.Address{&c.From, &c.Sender, &c.ReplyTo, &c.To, &c.CC, &c.BCC} {
		*list, slab = carve(slab, *list)
	}
	return c
}

// newEnvelope returns an envelope and n addresses, in one piece when n is what
// letters have.
func newEnvelope(n int) (*imap.Envelope, []imap.Address) {
	switch {
	case n <= 4:
		r := &struct {
			imap.Envelope
			addresses [4]imap.Address
		}{}
		return &r.Envelope, r.addresses[:]
	case n <= 8:
		r := &struct {
			imap.Envelope
			addresses [8]imap.Address
		}{}
		return &r.Envelope, r.addresses[:]
	}
	return &imap.Envelope{}, make([]imap.Address, n)
}

// A structureSlab is what a body structure is made of, to the number of pieces.
type structureSlab struct {
	parts     []imap.BodyStructure
	params    []imap.Param
	languages []string
}

// A structureCount is how many pieces there are.
type structureCount struct{ parts, params, languages int }

func (n *structureCount) add(b *imap.BodyStructure) {
	n.parts += len(b.Parts)
	n.params += len(b.Params) + len(b.DispositionArgs)
	n.languages += len(b.Language)
	for i := range b.Parts {
		n.add(&b.Parts[i])
	}
}

func cloneStructure(b *imap.BodyStructure) *imap.BodyStructure {
	var n structureCount
	n.add(b)
	c, slab := newStructure(n)
	*c = *b
	slab.own(c)
	return c
}

// own puts slices of s in the place of those of b.
func (s *structureSlab) own(b *imap.BodyStructure) {
	b.Params, s.params = carve(s.params, b.Params)
	b.DispositionArgs, s.params = carve(s.params, b.DispositionArgs)
	b.Language, s.languages = carve(s.languages, b.Language)
	if b.Envelope != nil {
		b.Envelope = cloneEnvelope(b.Envelope)
	}
	b.Parts, s.parts = carve(s.parts, b.Parts)
	for i := range b.Parts {
		s.own(&b.Parts[i])
	}
}

// newStructure returns a structure and room for n further pieces, in one piece
// when n is what letters have.
func newStructure(n structureCount) (*imap.BodyStructure, structureSlab) {
	var languages []string
	if n.languages > 0 {
		languages = make([]string, n.languages)
	}
	switch {
	case n.parts == 0 && n.params <= 4:
		r := &struct {
			imap.BodyStructure
			params [4]imap.Param
		}{}
		return &r.BodyStructure, structureSlab{nil, r.params[:], languages}
	case n.parts <= 2 && n.params <= 6:
		r := &struct {
			imap.BodyStructure
			parts  [2]imap.BodyStructure
			params [6]imap.Param
		}{}
		return &r.BodyStructure, structureSlab{r.parts[:], r.params[:], languages}
	case n.parts <= 4 && n.params <= 8:
		r := &struct {
			imap.BodyStructure
			parts  [4]imap.BodyStructure
			params [8]imap.Param
		}{}
		return &r.BodyStructure, structureSlab{r.parts[:], r.params[:], languages}
	case n.parts <= 4 && n.params <= 12:
		r := &struct {
			imap.BodyStructure
			parts  [4]imap.BodyStructure
			params [12]imap.Param
		}{}
		return &r.BodyStructure, structureSlab{r.parts[:], r.params[:], languages}
	}
	return &imap.BodyStructure{}, structureSlab{make([]imap.BodyStructure, n.parts), make([]imap.Param, n.params), languages}
}

// A fetchMark is how much of a record there was.
type fetchMark struct {
	has                              FetchHas
	sections, sizes, unknown, broken int
}

func (f *FetchData) mark() fetchMark {
	return fetchMark{f.Has, len(f.Sections), len(f.BinarySizes), len(f.Unknown), len(f.Broken)}
}

// back makes f what it was at m.
func (f *FetchData) back(m fetchMark) {
	gone := f.Has &^ m.has
	f.Has = m.has
	if gone&HasUID != 0 {
		f.UID = 0
	}
	if gone&HasModSeq != 0 {
		f.ModSeq = 0
	}
	if gone&HasFlags != 0 {
		f.Flags = nil
	}
	if gone&HasSize != 0 {
		f.Size = 0
	}
	if gone&HasInternalDate != 0 {
		f.InternalDate = time.Time{}
	}
	if gone&HasEnvelope != 0 {
		f.Envelope = nil
	}
	if gone&HasBody != 0 {
		f.Body = nil
	}
	if gone&HasStructure != 0 {
		f.Structure = nil
	}
	f.Sections = shorten(f.Sections, m.sections)
	f.BinarySizes = shorten(f.BinarySizes, m.sizes)
	f.Unknown = shorten(f.Unknown, m.unknown)
	f.Broken = shorten(f.Broken, m.broken)
}

// shorten returns the first n of list, nil for none.
func shorten[T any](list []T, n int) []T {
	if n == 0 {
		return nil
	}
	return list[:n]
}
