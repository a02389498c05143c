package imapclient

import (
	"fmt"
	"slices"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// Limits bound what a [Collector] and a [Mirror] hold of what a server tells.
// Zero means the default. Those of a [Conn] are [imapwire.Limits].
type Limits struct {
	// Section is how many octets one section of a message may have to be
	// gathered; default 1 MiB.
	Section int
	// Result is how many octets one Result may hold: contents, and the
	// responses themselves as on the wire, with 256 for each; default 16 MiB.
	Result int
	// Messages is how many messages a Mirror knows; 16 to 24 octets each;
	// default 4,194,304.
	Messages int
	// Flags is how many octets the distinct sets of flags in a Mirror may have;
	// default 4 MiB.
	Flags int
	// Known is with how many ranges of UIDs a SELECT says what the Mirror knows.
	// A mailbox in more pieces is asked for whole, which costs no more than
	// longer news. Default 64, negative is none.
	Known int
}

func (l Limits) withDefaults() Limits {
	for _, f := range []struct {
		field *int
		value int
	}{{&l.Section, 1 << 20}, {&l.Result, 16 << 20}, {&l.Messages, 4 << 20}, {&l.Flags, 4 << 20}, {&l.Known, 64}} {
		if *f.field == 0 {
			*f.field = f.value
		}
	}
	return l
}

// A Collector gathers what a server says to each command, so that a simple job
// is: send, wait for the [Result], look at it. It is given every command and
// every event, and holds no more than its limits:
//
//	id, err := c.Send(cmd)
//	col.Sent(id, cmd)
//	…
//	if res := col.Take(c.Next()); res != nil { // the command is done
//
// # What belongs to a command
//
// Data do not say what asked for them, an ESEARCH with a tag excepted. They
// belong to the oldest command in progress to which they can be an answer, of
// those that Sent was told of: LIST to LIST, LSUB or XLIST, and what a SELECT,
// CREATE or RENAME tells of names; STATUS to STATUS, and to LIST, which can return
// it; FETCH to FETCH, STORE and SELECT; EXPUNGE and VANISHED to EXPUNGE, MOVE,
// SELECT, NOOP, CHECK and UID FETCH; EXISTS, RECENT and FLAGS to SELECT, NOOP and
// CHECK; untagged OK, NO and BAD to the oldest command of any kind; data that this
// package has no name for to the oldest command that it has no name for. So with
// one command in progress at a time, all is where one would look for it, and with
// several, all is where it was asked for if the server answers in order. News
// that come while a command of that kind is in progress are in its Result as well.
// What belongs to no command is not gathered; so is what IDLE tells: that is for
// whoever sees the events.
//
// The zero value is ready to use.
type Collector struct {
	Limits Limits

	results []*Result // without an answer, in the order of Sent

	// Of the FETCH response that is told: its Result, the contents so far, one
	// for each section, and the octets of that which is gathered.
	to       *Result
	contents []content
}

type content struct {
	data []byte
	kept bool // whole, once its last piece came
}

// A Result is what the server said to one command.
type Result struct {
	ID   engine.ID
	Verb string // of the command, with "UID " before it where it is one
	// Status is the tagged response; empty when the conversation ended first.
	Status imapwire.StatusCondition
	// Data are the untagged responses, FETCH, SEARCH and ESEARCH with ALL
	// excepted, in their order.
	Data []imapwire.Response
	// Fetches are the FETCH responses, in their order. Contents are in the Data
	// of their sections, as if they had not been streamed; one that was too
	// large is still marked as Pushed.
	Fetches []*imapwire.FetchData

	kinds  answers
	nums   []imap.Range
	octets int
	err    error
	limit  error
}

// A StatusError is a command that the server answered with NO or BAD.
type StatusError struct {
	Verb   string
	Status imapwire.StatusCondition
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("imapclient: %s: %s %s", e.Verb, e.Status.Condition, e.Status.Text)
}

// answers are kinds of data that may be an answer.
type answers uint32

const (
	capabilityAnswer answers = 1 << iota
	enabledAnswer
	idAnswer
	listAnswer
	statusAnswer
	namespaceAnswer
	searchAnswer
	fetchAnswer
	goneAnswer
	mailboxAnswer
	quotaAnswer
	otherAnswer
)

var answersTo = map[string]answers{
	"CAPABILITY": capabilityAnswer, "LOGIN": capabilityAnswer, "AUTHENTICATE": capabilityAnswer,
	"ENABLE": enabledAnswer, "ID": idAnswer,
	"LIST": listAnswer | statusAnswer, "LSUB": listAnswer, "CREATE": listAnswer, "RENAME": listAnswer,
	"SELECT": listAnswer | fetchAnswer | goneAnswer | mailboxAnswer, "EXAMINE": listAnswer | fetchAnswer | goneAnswer | mailboxAnswer,
	"STATUS": statusAnswer, "NAMESPACE": namespaceAnswer,
	"SEARCH": searchAnswer, "UID SEARCH": searchAnswer,
	"FETCH": fetchAnswer, "UID FETCH": fetchAnswer | goneAnswer, "STORE": fetchAnswer, "UID STORE": fetchAnswer,
	"EXPUNGE": goneAnswer, "UID EXPUNGE": goneAnswer, "MOVE": goneAnswer, "UID MOVE": goneAnswer,
	"NOOP": goneAnswer | mailboxAnswer, "CHECK": goneAnswer | mailboxAnswer,
	"GETQUOTA": quotaAnswer, "GETQUOTAROOT": quotaAnswer, "SETQUOTA": quotaAnswer,
	"APPEND": 0, "CLOSE": 0, "COPY": 0, "UID COPY": 0, "DELETE": 0, "IDLE": 0, "LOGOUT": 0, "STARTTLS": 0, "SUBSCRIBE": 0,
	"UNSELECT": 0, "UNSUBSCRIBE": 0,
}

// kindOf returns which kind of answer a response is; 0: that of any command.
func kindOf(r imapwire.Response) answers {
	switch r.(type) {
	case *imapwire.CapabilityData:
		return capabilityAnswer
	case *imapwire.EnabledData:
		return enabledAnswer
	case *imapwire.IDData:
		return idAnswer
	case *imapwire.ListData:
		return listAnswer
	case *imapwire.StatusData:
		return statusAnswer
	case *imapwire.NamespaceData:
		return namespaceAnswer
	case *imapwire.SearchData, *imapwire.ESearchData:
		return searchAnswer
	case *imapwire.ExpungeData, *imapwire.VanishedData:
		return goneAnswer
	case *imapwire.ExistsData, *imapwire.RecentData, *imapwire.FlagsData:
		return mailboxAnswer
	case *imapwire.QuotaData, *imapwire.QuotaRootData:
		return quotaAnswer
	case *imapwire.StatusResponse:
		return 0
	}
	return otherAnswer
}

// Sent says that a command was sent, with the ID that [Conn.Send] returned: a
// Result will come. A command that is not told has none.
func (c *Collector) Sent(id engine.ID, cmd imapwire.Command) {
	kinds, ok := answersTo[cmd.Verb()]
	if !ok {
		kinds = otherAnswer
	}
	c.results = append(c.results, &Result{ID: id, Verb: cmd.Verb(), kinds: kinds})
}

// Take takes an event of the Conn, and returns the Result of the command that is
// done with it, or nil. All events have to be given, in their order. What is
// borrowed is copied.
func (c *Collector) Take(ev Event) *Result {
	switch ev := ev.(type) {
	case *Data:
		c.data(ev)
	case *FetchStart:
		c.to, c.contents = c.asked(fetchAnswer), nil
	case *Body:
		c.body(ev)
	case *BodyData:
		c.bodyData(ev)
	case *FetchEnd:
		c.fetched(ev)
	case *Done:
		for i, r := range c.results {
			if r.ID == ev.ID {
				c.results = slices.Delete(c.results, i, i+1)
				r.Status, r.err = ev.Status, ev.Err
				return r
			}
		}
	case *Closed:
		c.results, c.to, c.contents = nil, nil, nil
	}
	return nil
}

// asked returns the oldest command with such an answer, or nil.
func (c *Collector) asked(kind answers) *Result {
	for _, r := range c.results {
		if kind == 0 || r.kinds&kind != 0 {
			return r
		}
	}
	return nil
}

func (c *Collector) data(ev *Data) {
	r := c.asked(kindOf(ev.Response))
	if data, ok := ev.Response.(*imapwire.ESearchData); ok && data.Tag != "" {
		r = nil
		for _, res := range c.results {
			if ev.ID != 0 && res.ID == ev.ID {
				r = res
			}
		}
	}
	if r == nil {
		return
	}
	switch data := ev.Response.(type) {
	case *imapwire.SearchData:
		if c.charge(r, 8*len(data.Nums)) {
			for _, n := range data.Nums {
				r.nums = appendNumber(r.nums, n)
			}
		}
		return
	case *imapwire.ESearchData:
		if !c.charge(r, 8*len(data.All)) {
			return
		}
		r.nums = append(r.nums, data.All...)
		if !data.HasMin && !data.HasMax && !data.HasCount && data.ModSeq == 0 && len(data.Extended) == 0 {
			return
		}
		rest := *data
		rest.All = nil
		ev = &Data{Response: &rest}
	}
	if c.charge(r, responseCost(ev.Response)) {
		r.Data = append(r.Data, ev.Response)
	}
}

// responseCost is what a response counts towards Limits.Result.
func responseCost(r imapwire.Response) int {
	const each = 256
	if f, ok := r.(*imapwire.FetchData); ok {
		rest := *f
		rest.Sections = nil
		return each*(1+len(f.Sections)) + wireSize(&rest)
	}
	return each + wireSize(r)
}

func wireSize(r imapwire.Response) int {
	b, err := imapwire.AppendResponse(nil, r, imapwire.ResponseOptions{UTF8: true})
	if err != nil {
		// What was tolerated when it came has no form to be written in.
		return 64 << 10
	}
	return len(b)
}

// charge counts octets, and reports whether the Result may hold them.
func (c *Collector) charge(r *Result, n int) bool {
	most := c.Limits.withDefaults().Result
	if r.octets += n; r.octets <= most {
		return true
	}
	// Behind the first that is too much nothing is taken: no hole is left.
	if r.limit == nil {
		r.limit = &engine.LimitError{Name: "Result", Cap: int64(most), Got: int64(r.octets)}
	}
	r.octets = most + 1
	return false
}

// body takes note of a section: whether it is gathered.
func (c *Collector) body(ev *Body) {
	if c.to == nil {
		return
	}
	kept := ev.Section.Content.Valid
	size, most := ev.Section.Content.Size, int64(c.Limits.withDefaults().Section)
	if kept && size > most {
		kept = false
		if c.to.limit == nil {
			c.to.limit = &engine.LimitError{Name: "Section", Cap: most, Got: size}
		}
	}
	kept = kept && c.charge(c.to, int(size))
	c.contents = append(c.contents, content{kept: kept})
}

func (c *Collector) bodyData(ev *BodyData) {
	if c.to == nil || len(c.contents) == 0 {
		return
	}
	if last := &c.contents[len(c.contents)-1]; last.kept {
		last.data = append(last.data, ev.Data...)
	}
}

func (c *Collector) fetched(ev *FetchEnd) {
	r, contents := c.to, c.contents
	c.to, c.contents = nil, nil
	if r == nil {
		r = c.asked(fetchAnswer)
	}
	if r == nil || ev.Err != nil || !c.charge(r, responseCost(ev.Data)) {
		return
	}
	f := *ev.Data
	f.Sections = slices.Clone(f.Sections)
	for i := range min(len(contents), len(f.Sections)) {
		if contents[i].kept {
			f.Sections[i].Content = imapwire.Content{Valid: true, Data: string(contents[i].data), Binary: f.Sections[i].Content.Binary}
		}
	}
	r.Fetches = append(r.Fetches, &f)
}

// Err returns nil when the command succeeded and all of its answer is there; else
// why the conversation ended before, a [*StatusError], or an [*engine.LimitError]
// when the answer was larger than [Limits] allow: the Result has what came before
// and the conversation goes on.
func (r *Result) Err() error {
	switch {
	case r.err != nil:
		return r.err
	case r.Status.Condition != imapwire.OK:
		return &StatusError{Verb: r.Verb, Status: r.Status}
	}
	return r.limit
}

// dataOf returns the responses of one type.
func dataOf[T imapwire.Response](r *Result) []T {
	var out []T
	for _, d := range r.Data {
		if d, ok := d.(T); ok {
			out = append(out, d)
		}
	}
	return out
}

// Lists returns the mailboxes of a LIST or LSUB.
func (r *Result) Lists() []*imapwire.ListData { return dataOf[*imapwire.ListData](r) }

// Statuses returns the answers to a STATUS, or to a LIST that returns them.
func (r *Result) Statuses() []*imapwire.StatusData { return dataOf[*imapwire.StatusData](r) }

// StatusValue returns the number of an attribute in the answer to a STATUS of one
// mailbox, and whether it was told.
func (r *Result) StatusValue(item imapwire.StatusItem) (int64, bool) {
	for _, s := range r.Statuses() {
		for _, v := range s.Values {
			if v.Item == item && v.Raw == "" {
				return v.Number, true
			}
		}
	}
	return 0, false
}

// Search returns the numbers that a SEARCH found, ascending and merged: sequence
// numbers, or UIDs of a UID SEARCH. It does not matter whether the server told
// them as SEARCH or as ALL of an ESEARCH.
func (r *Result) Search() []imap.Range { return imap.Set{Ranges: r.nums}.Resolve(0) }

// SearchUIDs returns what Search does as a set of UIDs.
func (r *Result) SearchUIDs() imap.UIDSet {
	return imap.Set{Ranges: r.nums}.ResolveUIDs(0)
}

// ESearch returns the other results of a SEARCH: MIN, MAX, COUNT; nil when there
// are none. All is nil in it.
func (r *Result) ESearch() *imapwire.ESearchData { return firstOf[*imapwire.ESearchData](r) }

func firstOf[T imapwire.Response](r *Result) (first T) {
	if all := dataOf[T](r); len(all) > 0 {
		return all[0]
	}
	return first
}

// Capabilities returns the capabilities that were told, as data or in the code of
// the tagged response, and whether they were.
func (r *Result) Capabilities() (imap.Capabilities, bool) {
	if code, ok := r.Status.Code.(*imapwire.CodeCapability); ok {
		return code.Capabilities, true
	}
	if all := dataOf[*imapwire.CapabilityData](r); len(all) > 0 {
		return all[len(all)-1].Capabilities, true
	}
	return nil, false
}

// Enabled returns what an ENABLE has enabled.
func (r *Result) Enabled() imap.Capabilities {
	var caps imap.Capabilities
	for _, d := range dataOf[*imapwire.EnabledData](r) {
		caps = append(caps, d.Capabilities...)
	}
	return caps
}

// Namespace returns the answer to a NAMESPACE, nil without one.
func (r *Result) Namespace() *imapwire.NamespaceData { return firstOf[*imapwire.NamespaceData](r) }

// ServerID returns the answer to an ID, nil without one or when it was NIL.
func (r *Result) ServerID() []imapwire.IDField {
	if d := firstOf[*imapwire.IDData](r); d != nil {
		return d.Fields
	}
	return nil
}

// codeOf returns the first code of one type: that of the tagged response, or one
// told before it.
func codeOf[T imapwire.Code](r *Result) (code T) {
	if code, ok := r.Status.Code.(T); ok {
		return code
	}
	for _, s := range dataOf[*imapwire.StatusResponse](r) {
		if code, ok := s.Code.(T); ok {
			return code
		}
	}
	return code
}

// AppendUID returns the UIDs that an APPEND gave, nil when the server did not
// tell (RFC 4315 §3).
func (r *Result) AppendUID() *imapwire.CodeAppendUID { return codeOf[*imapwire.CodeAppendUID](r) }

// CopyUID returns which UIDs a COPY or MOVE gave to which, nil when the server did
// not tell. A MOVE tells before its end (RFC 6851 §4.3).
func (r *Result) CopyUID() *imapwire.CodeCopyUID { return codeOf[*imapwire.CodeCopyUID](r) }

// Expunged returns the messages that went: sequence numbers in the order in which
// they went, each counted without those before it, and the UIDs of VANISHED, those
// gone earlier included.
func (r *Result) Expunged() (nums []uint32, uids imap.UIDSet) {
	for _, d := range r.Data {
		switch d := d.(type) {
		case *imapwire.ExpungeData:
			nums = append(nums, d.Seq)
		case *imapwire.VanishedData:
			uids = uids.Union(d.UIDs)
		}
	}
	return nums, uids
}
