package imapclient

import (
	"fmt"
	"iter"
	"slices"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// A Mirror is a picture of one mailbox, made of what a server told: how many
// messages there are, their UIDs by number, and the flags and modseqs of each
// UID. It is a value that does nothing by itself. What it remembers can be kept
// with [Mirror.MarshalBinary], and in the next conversation it says what to ask
// for so that the picture is true again: no more than the server makes
// necessary.
//
//	cmd := m.Select("INBOX", caps)              // QRESYNC, CONDSTORE or neither
//	id, err := c.Send(cmd)
//	m.Sent(id, cmd)                             // every command, in the order of Send
//	…
//	ev := c.Next()
//	err = m.Take(ev)                            // every event
//	if _, ok := ev.(*imapclient.Done); ok {
//		for _, cmd := range m.Catchup() {   // what is missing, if anything is
//			id, err := c.Send(cmd)
//			m.Sent(id, cmd)
//		}
//	}
//
// The zero value knows nothing. A Mirror must not be copied once it is in use.
// It takes about 24 octets for a message whose UID has no neighbour, and 16 for
// one that has, and what the distinct sets of flags take; messages without
// flags told take no more than the holes between UIDs.
type Mirror struct {
	// Limits bound what it holds: Messages, Flags and Known.
	Limits Limits

	validity uint32
	uidNext  imap.UID
	modSeq   imap.ModSeq // up to which everything was told
	volatile bool        // UIDNOTSTICKY: the UIDs end with the session
	numbers  numberList
	records  flagRecords
	table    flagTable

	flags, permanent []imap.Flag

	// Of the connection.
	qresync bool // enabled
	open    bool // some mailbox is selected
	cmds    []mirrorCommand

	// Of the session with the mailbox.
	next    *imapwire.Select // what Select returned last
	caps    mirrorCaps
	state   mirrorState
	sel     selecting
	modSeqs bool // the server keeps modseqs, and tells them
	// Since the last tagged response: the largest modseq, and a HIGHESTMODSEQ.
	heard, code imap.ModSeq
	// told is what modSeq becomes when the picture is true again.
	told   imap.ModSeq
	frozen bool // something was not understood: modSeq stays
	sync   mirrorSync
}

// A MirrorError is a response that can not be true of the mailbox as it was told
// before: the n-th of a mailbox with fewer messages, a message with another UID.
// It is an [engine.ErrProtocol].
type MirrorError struct {
	Num  uint32   // the sequence number, or the count of EXISTS; 0: none
	UID  imap.UID // 0: none
	What string
}

func (e *MirrorError) Error() string {
	switch {
	case e.UID != 0 && e.Num != 0:
		return fmt.Sprintf("imapclient: message %d with UID %d: %s", e.Num, e.UID, e.What)
	case e.UID != 0:
		return fmt.Sprintf("imapclient: UID %d: %s", e.UID, e.What)
	}
	return fmt.Sprintf("imapclient: message %d: %s", e.Num, e.What)
}

// Unwrap returns engine.ErrProtocol.
func (e *MirrorError) Unwrap() error { return engine.ErrProtocol }

type mirrorState uint8

const (
	mirrorAway mirrorState = iota // another mailbox is selected, or none
	mirrorSelecting
	mirrorSelected
)

type mirrorCaps struct{ condStore, esearch bool }

// selecting is what is known while a SELECT is in progress.
type selecting struct {
	cmd      *imapwire.Select
	validity uint32
	uidNext  imap.UID
	exists   bool
	noModSeq bool
	// await: messages are told of the mailbox that was selected before, until
	// it is CLOSED (RFC 7162 §3.2.11).
	await bool
}

type commandKind uint8

const (
	otherCommand commandKind = iota
	selectThis
	selectOther
	closeCommand
	searchCommand
	storeSilent
)

type mirrorCommand struct {
	id    engine.ID
	kind  commandKind
	begun bool
	sel   *imapwire.Select
	ask   *ask
	store imapwire.Store
	// Of a silent STORE: what its set means, and the UIDs whose flags were told
	// while it ran.
	set  []imap.Range
	done imap.UIDSet
}

// Sent says that a command was sent, with the ID that [Conn.Send] returned. All
// commands have to be told, in the order of Send: what data mean depends on the
// command in progress. cmd is not kept, that of a silent STORE excepted, which
// must not change until it is done.
func (m *Mirror) Sent(id engine.ID, cmd imapwire.Command) {
	c := mirrorCommand{id: id}
	switch v := cmd.(type) {
	case *imapwire.Select:
		if c.kind = selectOther; v == m.next && v != nil {
			c.kind = selectThis
		}
		c.sel = v
	case *imapwire.Search:
		c.kind = searchCommand
	case *imapwire.Store:
		if v.Silent {
			c.kind, c.store = storeSilent, *v
		}
	default:
		if verb := cmd.Verb(); verb == "CLOSE" || verb == "UNSELECT" {
			c.kind = closeCommand
		}
	}
	c.ask = m.sync.sent(cmd, id)
	m.cmds = append(m.cmds, c)
	m.begin()
}

// begin takes note of what the oldest command does from here on.
func (m *Mirror) begin() {
	if len(m.cmds) == 0 || m.cmds[0].begun {
		return
	}
	c := &m.cmds[0]
	c.begun = true
	switch c.kind {
	case selectThis:
		m.away()
		m.state = mirrorSelecting
		m.sel = selecting{cmd: c.sel, await: m.qresync && m.open}
		if m.volatile {
			m.forget()
			m.volatile = false
		}
		m.sync.loose = m.records.n > 0
	case selectOther:
		m.away()
	case storeSilent:
		last := m.numbers.count
		if c.store.UID {
			// Nothing is known of a last message whose UID is not, so it does
			// not matter which it is.
			if last = uint32(m.numbers.uid(m.numbers.count)); last == 0 {
				last = uint32(imap.MaxUID)
			}
		}
		c.set = c.store.Set.Resolve(last)
	}
}

// away ends the session with the mailbox. What is known of numbers stays: it
// helps to select it again.
func (m *Mirror) away() {
	m.state, m.sel, m.sync = mirrorAway, selecting{}, mirrorSync{}
	m.heard, m.code, m.told, m.modSeqs, m.frozen = 0, 0, 0, false, false
	for i := range m.cmds {
		m.cmds[i].ask = nil
	}
}

// forget empties the picture: the UIDs mean other messages now, or none.
func (m *Mirror) forget() {
	m.records, m.table = flagRecords{}, flagTable{}
	m.numbers.reset(m.numbers.count)
	m.modSeq, m.uidNext = 0, 0
	m.sync.live = nil
}

// forgetModSeqs forgets modseqs that do not hold any more.
func (m *Mirror) forgetModSeqs() {
	m.modSeq = 0
	m.records.between(1, imap.MaxUID, func(r *flagRecord) bool {
		r.modSeq = 0
		return true
	})
}

// Take takes in what an event of the [Conn] tells. All events have to be given,
// in their order, those of other mailboxes and a new connection's included.
//
// An error is a [*MirrorError] or an [*engine.LimitError]: the picture is what it
// was, and the event is as if it had not come. Since something was missed then,
// HighestModSeq rests until the mailbox is selected anew, when the server tells
// it again.
func (m *Mirror) Take(ev Event) error {
	var err error
	switch ev := ev.(type) {
	case *Closed:
		m.away()
		m.cmds, m.qresync, m.open = nil, false, false
	case *Data:
		err = m.data(ev)
	case *FetchEnd:
		if m.state == mirrorAway {
			return nil
		}
		if ev.Err != nil {
			m.missed(true)
			return nil
		}
		err = m.fetch(ev.Data)
	case *Malformed:
		// What can not be read may have been news of a message.
		if m.state != mirrorAway && newsOfMessages(ev.Raw) {
			m.missed(true)
		}
	case *Done:
		m.done(ev)
	}
	if err != nil {
		m.missed(true)
	}
	return err
}

func newsOfMessages(raw string) bool {
	const vanished = "* VANISHED"
	return len(raw) > 2 && engine.Digit.Is(raw[2]) || len(raw) >= len(vanished) && imap.Capability(raw[:len(vanished)]).Equal(vanished)
}

// missed says that the flags of some message were told, and not taken. With
// freeze they can not be understood, so asking again does not help.
func (m *Mirror) missed(freeze bool) {
	m.frozen = m.frozen || freeze
	if !freeze || m.state == mirrorSelecting {
		m.sync.missed = true
	}
}

// data takes an untagged response.
func (m *Mirror) data(ev *Data) error {
	switch r := ev.Response.(type) {
	case *imapwire.EnabledData:
		m.qresync = m.qresync || r.Capabilities.Has(imap.CapQResync)
		return nil
	case *imapwire.StatusResponse:
		m.status(r.Code)
		return nil
	}
	if m.state == mirrorAway {
		return nil
	}
	switch r := ev.Response.(type) {
	case *imapwire.ExistsData:
		return m.exists(r.Count)
	case *imapwire.ExpungeData:
		return m.expunge(r.Seq)
	case *imapwire.VanishedData:
		return m.vanished(r)
	case *imapwire.FlagsData:
		m.flags = cloneFlags(r.Flags)
	case *imapwire.SearchData:
		m.search(0, r.Nums, nil, ev.More)
	case *imapwire.ESearchData:
		if ev.ID != 0 {
			m.search(ev.ID, nil, r.All, ev.More)
		}
	}
	return nil
}

// status takes the code of an untagged response, or of a tagged one.
func (m *Mirror) status(code imapwire.Code) {
	if code == imapwire.CodeClosed {
		switch m.state {
		case mirrorSelecting:
			// What came until here was told of the mailbox before.
			m.sel.await, m.sel.exists = false, false
			m.sync.missed, m.frozen = false, false
			m.numbers.reset(0)
			m.heard, m.code = 0, 0
		case mirrorSelected:
			m.away()
		}
		m.open = false
	}
	if m.state == mirrorAway {
		return
	}
	switch code := code.(type) {
	case imapwire.CodeAtom:
		switch {
		case code == imapwire.CodeNoModSeq && m.state == mirrorSelecting:
			m.sel.noModSeq = true
		case code == imapwire.CodeUIDNotSticky:
			m.volatile = true
		}
	case *imapwire.CodePermanentFlags:
		m.permanent = cloneFlags(code.Flags)
	case *imapwire.CodeNumber:
		switch code.Name {
		case imapwire.CodeUIDValidity:
			m.uidValidity(code.Number)
		case imapwire.CodeUIDNext:
			switch u := imap.UID(min(code.Number, uint64(imap.MaxUID))); {
			case m.state == mirrorSelecting:
				m.sel.uidNext = u
			default:
				m.uidNext = max(u, m.largest()+1)
			}
		case imapwire.CodeHighestModSeq:
			m.code, m.sel.await = imap.ModSeq(min(code.Number, uint64(imap.MaxModSeq))), false
		}
	}
}

func cloneFlags(flags []imap.Flag) []imap.Flag {
	out := slices.Clone(flags)
	for i, f := range out {
		out[i] = imap.Flag(string([]byte(f)))
	}
	return out
}

// largest returns the largest UID that was told, below the last there is.
func (m *Mirror) largest() imap.UID {
	return min(max(m.records.max(), m.numbers.max()), imap.MaxUID-1)
}

func (m *Mirror) uidValidity(n uint64) {
	if n == 0 || n > 1<<32-1 {
		return
	}
	if m.state == mirrorSelecting {
		m.sel.validity, m.sel.await = uint32(n), false
	}
	if m.validity == uint32(n) {
		return
	}
	// RFC 7162 §6, d-1a.
	m.forget()
	m.validity = uint32(n)
	if m.state == mirrorSelected {
		m.modSeqs, m.told = false, 0
		m.sync = mirrorSync{}
	}
}

// exists takes EXISTS: a mailbox grows by it, and only an expunge shrinks it (RFC
// 9051 §7.4.1, §7.5.1).
func (m *Mirror) exists(n uint32) error {
	switch {
	case m.state == mirrorSelecting && (!m.sel.exists || n < m.numbers.count):
		// The first, or that before it was of another mailbox.
		m.numbers.reset(n)
		m.sel.exists = true
	case n < m.numbers.count:
		return &MirrorError{Num: n, What: "EXISTS below the number of messages"}
	default:
		m.numbers.grow(n - m.numbers.count)
		m.sync.news()
	}
	return nil
}

// foreign reports whether what is told of messages may be of the mailbox that was
// selected before.
func (m *Mirror) foreign() bool {
	return m.state == mirrorSelecting && (m.sel.await || !m.sel.exists || m.sel.cmd.QResync == nil)
}

// fetch takes what was told of one message.
func (m *Mirror) fetch(f *imapwire.FetchData) error {
	if m.foreign() {
		// If it is of this mailbox, the server is asked again.
		m.missed(false)
		return nil
	}
	if f.Num == 0 || f.Num > m.numbers.count {
		return &MirrorError{Num: f.Num, UID: f.UID, What: "told of, and not there"}
	}
	known := m.numbers.uid(f.Num)
	u := known
	if f.Has&imapwire.HasUID != 0 {
		switch u = f.UID; {
		case known != 0 && known != u:
			return &MirrorError{Num: f.Num, UID: u, What: "has another UID"}
		case known == 0 && (u == 0 || !m.numbers.fits(f.Num, u)):
			return &MirrorError{Num: f.Num, UID: u, What: "UIDs do not ascend"}
		}
	}
	var rec *flagRecord
	if u != 0 {
		rec = m.records.get(u)
	}
	if err := m.afford(f, u, known, rec); err != nil {
		return err
	}
	if f.Has&imapwire.HasModSeq != 0 {
		m.heard = max(m.heard, f.ModSeq)
	}
	if u == 0 {
		// The flags of some message that was remembered, and which?
		if m.sync.loose && f.Has&(imapwire.HasFlags|imapwire.HasModSeq) != 0 {
			m.missed(false)
		}
		return nil
	}
	if known == 0 {
		m.numbers.set(f.Num, u)
		m.sync.stuck = false
	}
	if u >= m.uidNext && m.uidNext != 0 && u < imap.MaxUID {
		m.uidNext = u + 1
	}
	m.record(f, u, rec)
	return nil
}

// afford returns an error when a message would cost more than the limits allow.
func (m *Mirror) afford(f *imapwire.FetchData, u, known imap.UID, rec *flagRecord) error {
	lim := m.Limits.withDefaults()
	if u == 0 {
		return nil
	}
	if (known == 0 || rec == nil && f.Has&imapwire.HasFlags != 0) && max(int64(m.numbers.known), int64(m.records.n)) >= int64(lim.Messages) {
		return &engine.LimitError{Name: "Messages", Cap: int64(lim.Messages), Got: int64(lim.Messages) + 1}
	}
	if f.Has&imapwire.HasFlags != 0 {
		if n := m.table.octets + m.table.cost(f.Flags); n > lim.Flags {
			return &engine.LimitError{Name: "Flags", Cap: int64(lim.Flags), Got: int64(n)}
		}
	}
	return nil
}

// record takes the flags and the modseq of a message.
func (m *Mirror) record(f *imapwire.FetchData, u imap.UID, rec *flagRecord) {
	var modSeq imap.ModSeq
	if f.Has&imapwire.HasModSeq != 0 {
		modSeq = f.ModSeq
	}
	store := m.silent(f.Num, u)
	if len(m.sync.absent) > 0 && f.Has&imapwire.HasFlags != 0 {
		m.sync.absent = m.sync.absent.Minus(imap.UIDSet{{First: u, Last: u}})
	}
	switch {
	case f.Has&imapwire.HasFlags != 0:
		m.put(rec, u, f.Flags, modSeq)
		if store != nil {
			store.done.Add(u)
		}
	case modSeq == 0:
	case store != nil:
		// RFC 7162 §3.1.3: what a silent STORE did is told by the modseq alone.
		m.apply(&store.store, rec, u, modSeq)
		store.done.Add(u)
	case rec != nil && modSeq > rec.modSeq:
		// They were changed, and how was not told.
		m.dropRecords(imap.UIDRange{First: u, Last: u})
	}
}

// put records flags. A modseq of 0 was not told: that before it holds if nothing
// changed.
func (m *Mirror) put(rec *flagRecord, u imap.UID, flags []imap.Flag, modSeq imap.ModSeq) {
	i := m.table.take(flags)
	if rec == nil {
		m.records.add(flagRecord{u, i, modSeq})
		return
	}
	if modSeq != 0 || i != rec.flags {
		rec.modSeq = modSeq
	}
	m.table.drop(rec.flags)
	rec.flags = i
}

// done takes the end of a command.
func (m *Mirror) done(ev *Done) {
	i := slices.IndexFunc(m.cmds, func(c mirrorCommand) bool { return c.id == ev.ID })
	var c mirrorCommand
	if i >= 0 {
		c = m.cmds[i]
	}
	ok := ev.Err == nil && ev.Status.Condition == imapwire.OK
	if ev.Err == nil {
		m.status(ev.Status.Code)
		if c.begun {
			m.finish(&c, ok, ev.Status)
		}
		m.tagged()
	}
	if c.ask != nil && m.state == mirrorSelected {
		m.answered(c.ask, ok)
	}
	if m.state == mirrorSelected {
		m.settle()
	}
	if i >= 0 {
		m.cmds = slices.Delete(m.cmds, i, i+1)
		m.begin()
	}
}

// finish takes the tagged response of a command that the Mirror knows.
func (m *Mirror) finish(c *mirrorCommand, ok bool, s imapwire.StatusCondition) {
	switch c.kind {
	case selectThis, selectOther:
		// One that fails leaves nothing selected (RFC 9051 §6.3.2).
		m.open = ok
		if c.kind == selectThis && m.state == mirrorSelecting {
			if ok {
				m.selected()
			} else {
				m.away()
			}
		}
	case closeCommand:
		if ok {
			m.away()
			m.open = false
		}
	case storeSilent:
		if m.state == mirrorSelected && s.Condition != imapwire.BAD {
			m.stored(c, ok, s.Code)
		}
	}
}

// tagged takes note that a tagged response came: only then is it safe to go on
// from what was told (RFC 7162 §6).
func (m *Mirror) tagged() {
	switch {
	case m.state != mirrorSelected:
		return
	case m.code != 0:
		m.told, m.modSeqs = m.code, true
	case m.modSeqs:
		m.told = max(m.told, m.heard)
	}
	m.code, m.heard = 0, 0
	if m.modSeqs && !m.sync.behind && !m.frozen {
		m.modSeq = m.told
	}
}

// UIDValidity returns the UIDVALIDITY, 0 when the mailbox was never selected.
func (m *Mirror) UIDValidity() uint32 { return m.validity }

// UIDNext returns the UID that the next message may get, or a larger one; 0 when
// the server never said.
func (m *Mirror) UIDNext() imap.UID { return m.uidNext }

// HighestModSeq returns the modseq up to which all changes are in the picture; 0
// when the server has no modseqs.
func (m *Mirror) HighestModSeq() imap.ModSeq { return m.modSeq }

// Exists returns how many messages there are, or were when the mailbox was
// selected last.
func (m *Mirror) Exists() uint32 { return m.numbers.count }

// UID returns the UID of the message with a sequence number, 0 when it is not
// known.
func (m *Mirror) UID(num uint32) imap.UID { return m.numbers.uid(num) }

// Num returns the sequence number of a UID, 0 when it is not known.
func (m *Mirror) Num(u imap.UID) uint32 {
	num, _, _ := m.numbers.find(u)
	return num
}

// UIDs returns the UIDs whose flags are known.
func (m *Mirror) UIDs() imap.UIDSet { return m.records.uids() }

// Flags returns the flags of a message, ascending and without \Recent, which is
// not the message's but the session's; its modseq, 0 when that was not told; and
// whether they are known. The flags must not be changed.
func (m *Mirror) Flags(u imap.UID) (flags []imap.Flag, modSeq imap.ModSeq, ok bool) {
	rec := m.records.get(u)
	if rec == nil {
		return nil, 0, false
	}
	return m.table.flags(rec.flags), rec.modSeq, true
}

// Messages yields the UIDs whose flags are known, ascending, with the flags. The
// Mirror must not be changed while it does.
func (m *Mirror) Messages() iter.Seq2[imap.UID, []imap.Flag] {
	return func(yield func(imap.UID, []imap.Flag) bool) {
		m.records.between(1, imap.MaxUID, func(r *flagRecord) bool { return yield(r.uid, m.table.flags(r.flags)) })
	}
}

// MailboxFlags returns what FLAGS and PERMANENTFLAGS told last. They are not
// remembered beyond the process, since every SELECT tells them.
func (m *Mirror) MailboxFlags() (flags, permanent []imap.Flag) { return m.flags, m.permanent }

// Selected reports whether the mailbox is selected.
func (m *Mirror) Selected() bool { return m.state == mirrorSelected }
