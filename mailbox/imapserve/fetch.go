package imapserve

import (
	"context"
	"errors"
	"io"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/message"
)

const (
	// fetchSlice is how many messages are taken from the store at once: more than
	// there is room for in the output.
	fetchSlice = 4096
	// inlineSize is the most octets of all sections of a message that are copied
	// into the response; what is larger is read while it is sent.
	inlineSize = 8 << 10
)

// fetchPlan is what a FETCH asks for.
type fetchPlan struct {
	has      imapwire.FetchHas
	sections []imapwire.FetchItem
	// body: the octets of the message are needed; seen: \Seen is set.
	body, seen bool
	// since, when not zero, leaves out messages with that modseq or a smaller
	// one.
	since imap.ModSeq
}

var errUnknownItem = errors.New("imapserve: unknown FETCH item")

// planFetch resolves macros and names.
func planFetch(cmd *imapwire.Fetch) (fetchPlan, error) {
	var p fetchPlan
	if cmd.UID {
		p.has |= imapwire.HasUID // RFC 9051 §6.4.9
	}
	const fast = imapwire.HasFlags | imapwire.HasInternalDate | imapwire.HasSize
	for _, item := range cmd.Items {
		switch item := item.(type) {
		case imapwire.FetchAttr:
			switch item {
			case imapwire.FetchFast:
				p.has |= fast
			case imapwire.FetchAll:
				p.has |= fast | imapwire.HasEnvelope
			case imapwire.FetchFull:
				p.has |= fast | imapwire.HasEnvelope | imapwire.HasBody
			case imapwire.FetchBodyBasic:
				p.has |= imapwire.HasBody
			case imapwire.FetchBodyStructure:
				p.has |= imapwire.HasStructure
			case imapwire.FetchEnvelope:
				p.has |= imapwire.HasEnvelope
			case imapwire.FetchFlags:
				p.has |= imapwire.HasFlags
			case imapwire.FetchInternalDate:
				p.has |= imapwire.HasInternalDate
			case imapwire.FetchModSeq:
				p.has |= imapwire.HasModSeq
			case imapwire.FetchUID:
				p.has |= imapwire.HasUID
			case imapwire.FetchRFC822Size:
				p.has |= imapwire.HasSize
			case imapwire.FetchRFC822, imapwire.FetchRFC822Text:
				p.sections, p.seen = append(p.sections, item), true
			case imapwire.FetchRFC822Header:
				p.sections = append(p.sections, item)
			default:
				return p, errUnknownItem
			}
		case *imapwire.FetchBody:
			p.sections = append(p.sections, item)
			p.seen = p.seen || !item.Peek
		case *imapwire.FetchBinary:
			p.sections = append(p.sections, item)
			p.seen = p.seen || !item.Peek && !item.SizeOnly
		default:
			return p, errUnknownItem
		}
	}
	p.body = len(p.sections) > 0 || p.has&(imapwire.HasEnvelope|imapwire.HasBody|imapwire.HasStructure) != 0
	return p, nil
}

// fetch answers FETCH.
func (s *Session) fetch(ctx context.Context, id engine.ID, cmd *imapwire.Fetch) {
	sel := s.selected
	plan, err := planFetch(cmd)
	switch {
	case err != nil || len(cmd.Modifiers) > 0:
		s.conn.Done(id, bad("unknown item or modifier"))
		return
	case cmd.Vanished && (!cmd.UID || cmd.ChangedSince == 0 || !s.qresync()):
		// RFC 7162 §3.2.6.
		s.conn.Done(id, bad("VANISHED goes with UID FETCH, CHANGEDSINCE and QRESYNC"))
		return
	}
	if cmd.ChangedSince != 0 {
		plan.has |= imapwire.HasModSeq
		plan.since = cmd.ChangedSince
	}
	if plan.has&imapwire.HasModSeq != 0 {
		s.condStore()
	}
	uids, err := sel.view.Resolve(cmd.Set, cmd.UID, sel.saved)
	if err != nil {
		s.conn.Done(id, bad("no such messages"))
		return
	}
	if cmd.Vanished {
		known := cmd.Set.ResolveUIDs(imap.MaxUID)
		if cmd.Set.Saved {
			known = sel.saved
		}
		d, err := s.difference(ctx, known, cmd.ChangedSince, nil)
		if err != nil {
			s.finish(ctx, id, s.condition(err))
			return
		}
		if len(d.Vanished) > 0 {
			s.conn.Send(&imapwire.VanishedData{Earlier: true, UIDs: d.Vanished})
		}
	}
	plan.seen = plan.seen && !sel.readOnly && sel.rights.Has(imap.RightSeen)
	f := &fetching{s: s, plan: plan, left: uids, told: sel.view.Told().Cursor()}
	s.run(ctx, id, then(f.run, s.finishingWith(id, func() imapwire.StatusCondition {
		switch {
		case f.err != nil:
			return s.condition(f.err)
		case f.gone:
			return ok(imapwire.CodeExpungeIssued, "some messages are gone")
		}
		return ok(nil, cmd.Verb()+" completed")
	})))
}

// fetching is a FETCH in progress.
type fetching struct {
	s    *Session
	plan fetchPlan
	// part is what is left of the slice at hand, left what follows it.
	part, left imap.UIDSet
	told       imap.UIDCursor
	// data is what is told of one message, and used again for the next.
	data imapwire.FetchData
	// gone: a message asked for has been expunged by somebody else.
	gone bool
	err  error
}

// run is the task: messages in slices, each told as soon as it is read.
func (f *fetching) run(ctx context.Context) bool {
	s := f.s
	slice := int64(fetchSlice)
	if f.plan.body {
		slice = 1
	}
	for len(f.part) > 0 || len(f.left) > 0 {
		if s.conn.Full() {
			return true
		}
		if len(f.part) == 0 {
			f.part = f.left.Cut(slice)
		}
		rest, told, err := f.tell(ctx, f.part)
		if err != nil {
			f.err = err
			return false
		}
		f.gone = f.gone || told < f.part.Count()-rest.Count()
		f.part = rest
	}
	return false
}

// tell sends one slice, or as much of it as there is room for, and returns what
// is left of it and how many messages of the others exist.
func (f *fetching) tell(ctx context.Context, part imap.UIDSet) (rest imap.UIDSet, told int64, err error) {
	s, sel := f.s, f.s.selected
	var changed imap.UIDSet
	if f.plan.seen {
		if !s.read(ctx) {
			return nil, 0, mailbox.ErrNonExistent
		}
		asked, err := f.asked(ctx, part)
		if err != nil {
			return nil, 0, err
		}
		res, err := sel.folder.Store(ctx, asked, mailbox.FlagUpdate{Op: mailbox.AddFlags, Flags: []imap.Flag{imap.FlagSeen}})
		if err != nil {
			return nil, 0, err
		}
		sel.view.Own(res.Before, res.ModSeq, res.Changed)
		changed = res.Changed
		// What became \Seen and could not be told of now is news as any other.
		defer func() { sel.view.Soil(changed) }()
	}
	for batch, err := range mailbox.Batches(ctx, sel.folder, part) {
		if err != nil {
			return nil, told, err
		}
		for i := range batch {
			m := &batch[i]
			exists, err := f.tellOne(ctx, m, changed.Contains(m.UID))
			if err != nil {
				return nil, told, err
			}
			changed = changed.Minus(imap.UIDSet{{First: m.UID, Last: m.UID}})
			if exists {
				told++
			}
			if s.conn.Full() {
				return part.Minus(imap.UIDSet{{First: 1, Last: m.UID}}), told, nil
			}
		}
	}
	return nil, told, nil
}

// tellOne sends what is asked for of a message, and with marked its flags, since
// the command made it \Seen and says so (RFC 9051 §6.4.5). exists is false when
// its octets turn out to be gone.
func (f *fetching) tellOne(ctx context.Context, m *mailbox.Message, marked bool) (exists bool, err error) {
	s, sel := f.s, f.s.selected
	seq, known := f.told.Seq(m.UID)
	if !known {
		return false, nil
	}
	if m.ModSeq <= f.plan.since {
		return true, nil
	}
	d := &f.data
	d.Num, d.Has = seq, f.plan.has
	d.UID, d.ModSeq, d.Size, d.InternalDate = m.UID, m.ModSeq, m.Size, m.InternalDate
	if marked {
		d.Has |= imapwire.HasFlags | s.unsolicited()
	}
	if d.Has&imapwire.HasFlags != 0 {
		s.announceKeywords(m.Flags)
		d.Flags = sel.flags(s, m)
	}
	if f.plan.body {
		d.Sections, d.BinarySizes = nil, nil
		err := f.addBody(ctx, d, m.UID)
		if errors.Is(err, mailbox.ErrExpunged) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	if err := s.sendFetch(d); err != nil {
		closeSections(d)
		return false, err
	}
	if d.Has&imapwire.HasFlags != 0 && (!s.modSeqs || d.Has&imapwire.HasModSeq != 0) {
		// Without its modseq a change has yet to be told (RFC 7162 §3.1).
		sel.view.Clean(imap.UIDSet{{First: m.UID, Last: m.UID}})
	}
	return true, nil
}

// asked returns those of part that CHANGEDSINCE does not leave out: what is not
// told does not become \Seen either.
func (f *fetching) asked(ctx context.Context, part imap.UIDSet) (imap.UIDSet, error) {
	if f.plan.since == 0 {
		return part, nil
	}
	var uids imap.UIDSet
	for m, err := range f.s.selected.folder.Messages(ctx, part) {
		if err != nil {
			return nil, err
		}
		if m.ModSeq > f.plan.since {
			uids.Add(m.UID)
		}
	}
	return uids, nil
}

// addBody fills in what needs the octets of the message.
func (f *fetching) addBody(ctx context.Context, d *imapwire.FetchData, uid imap.UID) error {
	body, err := f.s.selected.folder.Body(ctx, uid)
	if err != nil {
		return err
	}
	shared := &sharedBody{Body: body, users: 1}
	defer shared.release()
	index, err := indexOf(body)
	if err != nil {
		return err
	}
	if d.Has&imapwire.HasEnvelope != 0 {
		d.Envelope = index.Envelope()
	}
	if d.Has&imapwire.HasBody != 0 {
		d.Body = index.BodyStructure()
	}
	if d.Has&imapwire.HasStructure != 0 {
		d.Structure = index.BodyStructure()
	}
	room := int64(inlineSize)
	for _, item := range f.plan.sections {
		binary, isBinary := item.(*imapwire.FetchBinary)
		if isBinary && binary.SizeOnly {
			size, err := binarySize(shared, index, binary.Part)
			if err != nil {
				closeSections(d)
				return err
			}
			d.BinarySizes = append(d.BinarySizes, imapwire.BinarySize{Part: binary.Part, Size: size})
			continue
		}
		var data imapwire.SectionData
		var err error
		if isBinary {
			data, err = binarySection(shared, index, binary, room)
		} else {
			data, err = section(shared, index, item, room)
		}
		if err != nil {
			closeSections(d)
			return err
		}
		room -= int64(len(data.Content.Data))
		d.Sections = append(d.Sections, data)
	}
	return nil
}

// indexOf returns the offsets of a message: those its store keeps, or new ones.
func indexOf(body mailbox.Body) (*message.Index, error) {
	if b, kept := body.(mailbox.IndexedBody); kept {
		return b.Index()
	}
	return message.Parse(body, body.Size(), message.Limits{})
}

// section returns the content that an item asks for, as a copy if it has at most
// room octets.
func section(body *sharedBody, index *message.Index, item imapwire.FetchItem, room int64) (imapwire.SectionData, error) {
	var data imapwire.SectionData
	var partial *imap.Partial
	switch item := item.(type) {
	case *imapwire.FetchBody:
		data.Name, data.Section, partial = imapwire.SectionBody, item.Section, item.Partial
	case imapwire.FetchAttr:
		switch item {
		case imapwire.FetchRFC822:
			data.Name = imapwire.SectionRFC822
		case imapwire.FetchRFC822Header:
			data.Name, data.Section.Specifier = imapwire.SectionRFC822Header, imap.SpecifierHeader
		case imapwire.FetchRFC822Text:
			data.Name, data.Section.Specifier = imapwire.SectionRFC822Text, imap.SpecifierText
		}
	}
	content, exists, err := index.Section(body, data.Section)
	if data.Name != imapwire.SectionBody {
		data.Section = imap.Section{}
	}
	if partial != nil {
		data.Partial, data.Origin = true, partial.Offset
	}
	if err != nil || !exists {
		return data, err
	}
	if partial != nil {
		content = content.Slice(partial.Offset, partial.Count)
	}
	data.Content.Valid = true
	if content.Size() > room {
		data.Content.Reader = body.reader(content)
		data.Content.Size = content.Size()
		return data, nil
	}
	b := make([]byte, content.Size())
	if _, err := io.ReadFull(content.Reader(body), b); err != nil {
		return data, err
	}
	data.Content.Data = string(b)
	return data, nil
}

// A sharedBody is closed when the last section that reads from it is.
type sharedBody struct {
	mailbox.Body
	users int
}

func (b *sharedBody) release() error {
	if b.users--; b.users == 0 {
		return b.Body.Close()
	}
	return nil
}

func (b *sharedBody) reader(c message.Content) io.ReadCloser {
	b.users++
	return &sectionReader{Reader: c.Reader(b), body: b}
}

type sectionReader struct {
	io.Reader
	body *sharedBody
}

func (r *sectionReader) Close() error {
	if r.body == nil {
		return nil
	}
	b := r.body
	r.body = nil
	return b.release()
}

// closeSections closes what a response that is not sent would have sent.
func closeSections(d *imapwire.FetchData) {
	for _, sec := range d.Sections {
		if sec.Content.Reader != nil {
			sec.Content.Reader.Close()
		}
	}
}
