package smallscope

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
)

// A reader turns what a server writes into facts about messages by UID. It has
// the numbers that the client has, and they change as it reads.
type reader struct {
	view []uint32
	// arrivals are the UIDs that the messages of an EXISTS have, in order.
	arrivals []uint32
	tag      string
	// byUID: the command names messages by UID, and so does MODIFIED.
	byUID bool
	// boxes: facts are about mailboxes, and of messages only how many there are.
	boxes bool
	// opening: the answer is one to SELECT, whose HIGHESTMODSEQ is a fact.
	opening bool
	cache
	answer
}

// A cache is how a client that enabled QRESYNC knows from where on to ask for
// changes when it comes back (RFC 7162 §6).
type cache struct {
	highest uint64
	// max and code are what was told since the last tagged response: the
	// highest MODSEQ of a FETCH, and HIGHESTMODSEQ.
	max, code uint64
}

// settle is what the client does at a tagged response.
func (c *cache) settle() {
	if c.code != 0 {
		c.highest = c.code
	} else {
		c.highest = max(c.highest, c.max)
	}
	c.max, c.code = 0, 0
}

// read takes in whole responses.
func (r *reader) read(out []byte) error {
	for len(out) > 0 {
		n, err := responseLen(out)
		if err != nil {
			return err
		}
		frame := out[:n]
		out = out[n:]
		if bytes.HasPrefix(frame, []byte("+ ")) {
			r.add("+")
			continue
		}
		res, err := imapwire.ParseResponse(frame, imapwire.ParseOptions{})
		if err != nil {
			return fmt.Errorf("%q is not a response: %w", frame, err)
		}
		if r.tagged != "" {
			return fmt.Errorf("%q after the tagged response", frame)
		}
		if err := r.response(res); err != nil {
			return fmt.Errorf("%q: %w", frame, err)
		}
	}
	return nil
}

// responseLen returns the octets of the first response, literals included.
func responseLen(out []byte) (n int, err error) {
	for {
		i := bytes.Index(out[n:], []byte("\r\n"))
		if i < 0 {
			return 0, fmt.Errorf("%q is not a whole response", out)
		}
		line := out[n : n+i]
		n += i + 2
		open := bytes.LastIndexByte(line, '{')
		if open < 0 || line[len(line)-1] != '}' {
			return n, nil
		}
		size, err := strconv.Atoi(string(line[open+1 : len(line)-1]))
		if err != nil || n+size > len(out) {
			return 0, fmt.Errorf("%q is not a whole response", out)
		}
		n += size
	}
}

func (r *reader) uid(seq uint32) (uint32, error) {
	if seq == 0 || int(seq) > len(r.view) {
		return 0, fmt.Errorf("the client has %d messages", len(r.view))
	}
	return r.view[seq-1], nil
}

func (r *reader) response(res imapwire.Response) error {
	switch res := res.(type) {
	case *imapwire.ExpungeData:
		uid, err := r.uid(res.Seq)
		if err != nil {
			return err
		}
		r.view = slices.Delete(r.view, int(res.Seq)-1, int(res.Seq))
		r.add("expunged", num(uid))
	case *imapwire.VanishedData:
		word := "vanished"
		if res.Earlier {
			word = "earlier"
		}
		for u := range res.UIDs.All() {
			i := slices.Index(r.view, uint32(u))
			if i >= 0 && !res.Earlier {
				r.view = slices.Delete(r.view, i, i+1)
			} else if !res.Earlier {
				return fmt.Errorf("the client has no UID %d", u)
			}
			r.add(word, num(u))
		}
	case *imapwire.ExistsData:
		if r.boxes {
			r.add("exists", num(res.Count))
			break
		}
		more := int(res.Count) - len(r.view)
		if more < 0 || more > len(r.arrivals) {
			return fmt.Errorf("the client has %d messages, there are %d more", len(r.view), len(r.arrivals))
		}
		for _, uid := range r.arrivals[:more] {
			r.add("arrived", num(uid))
		}
		r.view, r.arrivals = append(r.view, r.arrivals[:more]...), r.arrivals[more:]
	case *imapwire.FetchData:
		return r.fetch(res)
	case *imapwire.SearchData:
		return r.found(res.Nums, false, res.ModSeq)
	case *imapwire.ESearchData:
		var all []uint32
		for _, n := range res.All {
			for i := n.First; i <= n.Last; i++ {
				all = append(all, i)
			}
		}
		return r.found(all, res.UID, res.ModSeq)
	case *imapwire.RecentData:
		r.add("recent", num(res.Count))
	case *imapwire.FlagsData:
		r.add("FLAGS")
	case *imapwire.StatusData:
		words := []string{"STATUS", res.Mailbox}
		for _, v := range res.Values {
			words = append(words, num(v.Number))
		}
		r.add(words...)
	case *imapwire.ListData:
		if r.boxes {
			var attrs []string
			for _, attr := range res.Attrs {
				attrs = append(attrs, strings.ToLower(string(attr)))
			}
			slices.Sort(attrs)
			r.add("LIST", res.Mailbox, strings.Join(attrs, " "))
			break
		}
		r.add("LIST", res.Mailbox)
	case *imapwire.StatusResponse:
		text := res.Condition.String()
		if c, ok := res.Code.(*imapwire.CodeNumber); ok && c.Name == imapwire.CodeHighestModSeq {
			r.cache.code = c.Number
			if res.Tag == "" && !r.opening {
				break
			}
		}
		if c := r.codeText(res.Code); c != "" {
			text += " " + c
		}
		if res.Tag == "" {
			r.add(text)
			break
		}
		r.tagged = text
		r.settle()
		if res.Tag != r.tag {
			return fmt.Errorf("the tag was %s", r.tag)
		}
	default:
		r.add(fmt.Sprintf("%T", res))
	}
	return nil
}

func (r *reader) fetch(d *imapwire.FetchData) error {
	uid, err := r.uid(d.Num)
	if err != nil {
		return err
	}
	if d.Has&imapwire.HasUID == 0 || uint32(d.UID) != uid {
		return fmt.Errorf("the client knows the number as UID %d", uid)
	}
	if d.Has&imapwire.HasFlags != 0 {
		r.add("flags", num(uid), flagsOf(d.Flags).String())
	}
	if d.Has&imapwire.HasModSeq != 0 {
		r.add("modseq", num(uid), num(uint64(d.ModSeq)))
		r.cache.max = max(r.cache.max, uint64(d.ModSeq))
	}
	for _, section := range d.Sections {
		r.add("body", num(uid), num(len(section.Content.Data)))
	}
	return nil
}

// found is the result of a SEARCH, in numbers or UIDs.
func (r *reader) found(ns []uint32, uid bool, modSeq imap.ModSeq) error {
	if !uid {
		for i, n := range ns {
			u, err := r.uid(n)
			if err != nil {
				return err
			}
			ns[i] = u
		}
	}
	r.add("found", nums(ns))
	if modSeq != 0 {
		r.add("found modseq", num(uint64(modSeq)))
	}
	return nil
}

func flagsOf(flags []imap.Flag) (f flagSet) {
	for _, flag := range flags {
		if i := slices.Index(flagNames, flag.Fold()); i >= 0 {
			f |= 1 << i
		}
	}
	return f
}

// codeText writes a code as the model does.
func (r *reader) codeText(c imapwire.Code) string {
	switch c := c.(type) {
	case nil:
		return ""
	case imapwire.CodeAtom:
		return string(c)
	case *imapwire.CodeNumber:
		if c.Name == imapwire.CodeHighestModSeq && !r.opening {
			return c.Name
		}
		return c.Name + " " + num(c.Number)
	case *imapwire.CodePermanentFlags:
		return "PERMANENTFLAGS"
	case *imapwire.CodeAppendUID:
		return "APPENDUID " + num(c.UIDValidity) + " " + nums(expand(imap.SetOfUIDs(c.UIDs)))
	case *imapwire.CodeModified:
		ns := expand(c.Set)
		for i, n := range ns {
			if !r.byUID && n >= 1 && int(n) <= len(r.view) {
				ns[i] = r.view[n-1]
			}
		}
		return "MODIFIED " + nums(ns)
	case *imapwire.CodeCopyUID:
		from, dest := expand(c.Source), expand(c.Dest)
		if len(from) != len(dest) {
			return fmt.Sprintf("COPYUID of %v to %v", from, dest)
		}
		return copyUID(&folder{validity: c.UIDValidity}, from, dest)
	}
	return fmt.Sprintf("%T", c)
}

// expand returns the numbers of a set in the order in which it names them
// (RFC 4315 §3: a range names them ascending).
func expand(s imap.Set) (ns []uint32) {
	for _, r := range s.Ranges {
		for n := min(r.First, r.Last); n <= max(r.First, r.Last) && len(ns) < 100; n++ {
			ns = append(ns, n)
		}
	}
	return ns
}

// uniqueIDs are the unique-ids that were seen, each with the UID that it was first
// seen for. UIDs count alike in all worlds.
type uniqueIDs struct {
	sync.Mutex
	of map[string]uint32
}

var unique = uniqueIDs{of: make(map[string]uint32)}

// uid returns the UID that a unique-id stands for: at first the one that it must,
// if that has no other.
func (u *uniqueIDs) uid(id string, must uint32) uint32 {
	u.Lock()
	defer u.Unlock()
	if uid, seen := u.of[id]; seen {
		return uid
	}
	for _, uid := range u.of {
		if uid == must {
			return 0
		}
	}
	u.of[id] = must
	return must
}

// readPOP3 takes in an answer of POP3.
func (r *reader) readPOP3(out []byte, x *exchange) error {
	lines := strings.Split(string(out), "\r\n")
	if lines[len(lines)-1] != "" {
		return fmt.Errorf("%q does not end with a line", out)
	}
	lines = lines[:len(lines)-1]
	want := 1
	if x.command.dials {
		want = 3 // the greeting, USER, PASS
	}
	if len(lines) < want {
		return fmt.Errorf("%q is not the whole answer", out)
	}
	for _, line := range lines[:want] {
		r.tagged, _, _ = strings.Cut(line, " ")
		if x.command.text == "STAT" {
			r.tagged = line
		} else if want > 1 && r.tagged != "+OK" {
			return fmt.Errorf("%q where a login goes well", out)
		}
	}
	lines = lines[want:]
	if !x.command.lines || r.tagged != "+OK" {
		if len(lines) > 0 {
			return fmt.Errorf("%q goes on", out)
		}
		return nil
	}
	if len(lines) == 0 || lines[len(lines)-1] != "." {
		return fmt.Errorf("%q does not end", out)
	}
	octets := 0
	for _, line := range lines[:len(lines)-1] {
		octets += len(strings.TrimPrefix(line, ".")) + 2
		n, rest, _ := strings.Cut(line, " ")
		switch x.command.text {
		case "LIST":
			r.add(n, rest)
		case "UIDL":
			i, err := strconv.Atoi(n)
			if err != nil || i < 1 || i > len(x.after.drop) {
				return fmt.Errorf("%q is no message", line)
			}
			r.add(n, num(unique.uid(rest, x.after.drop[i-1].uid)))
		}
	}
	if strings.HasPrefix(x.command.text, "RETR") {
		r.add("octets", num(octets))
	}
	return nil
}
