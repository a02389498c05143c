package query

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/message"
)

// ErrCharset reports strings in a charset that can not be decoded: BADCHARSET.
var ErrCharset = errors.New("query: unknown charset")

// ErrKey reports a search key that is not one of package imap's, or incomplete.
var ErrKey = errors.New("query: unusable search key")

// Scope is what a search key means besides the messages themselves.
type Scope struct {
	// Charset is the charset of the strings in the key; empty is UTF-8.
	Charset string
	// Told is what the session has been told: sequence numbers and "*" mean
	// its messages.
	Told imap.UIDList
	// Recent are the messages with \Recent.
	Recent imap.UIDSet
	// Saved is what "$" stands for.
	Saved imap.UIDSet
	// Now is what OLDER and YOUNGER count from.
	Now time.Time
}

// Charsets returns the charsets that a client is told to use.
func Charsets() []string { return []string{"US-ASCII", "UTF-8"} }

// A Query is a compiled search key. It is immutable and safe for concurrent
// use.
type Query struct{ root node }

// A node is a compiled key: what it costs, and how it decides.
type node struct {
	cost cost
	// meta decides when the cost is costMeta, and match otherwise.
	meta  func(*mailbox.Message) bool
	match func(*candidate) (bool, error)
}

func (n node) decide(c *candidate) (bool, error) {
	if n.cost == costMeta {
		return n.meta(c.m), nil
	}
	return n.match(c)
}

// A cost orders keys: cheaper ones decide first.
type cost uint8

const (
	costMeta   cost = iota // what the folder knows
	costHeader             // the header has to be read
	costBody               // the whole message
)

// Compile prepares a key. It resolves sets, decodes strings and orders keys by
// what they cost.
func Compile(key imap.SearchKey, scope Scope) (*Query, error) {
	if scope.Charset != "" && !message.KnownCharset(scope.Charset) {
		return nil, fmt.Errorf("%w: %q", ErrCharset, scope.Charset)
	}
	n, err := compile(key, &scope)
	if err != nil {
		return nil, err
	}
	return &Query{root: n}, nil
}

// Match reports whether a message of a folder matches. A message whose octets
// are gone does not. Other errors are those of the store. m is not changed and
// not kept.
func (q *Query) Match(ctx context.Context, f mailbox.Folder, m *mailbox.Message) (bool, error) {
	if q.root.cost == costMeta {
		return q.root.meta(m), nil
	}
	return q.open(ctx, f, m)
}

// open is Match for a key that may look at the octets of the message.
func (q *Query) open(ctx context.Context, f mailbox.Folder, m *mailbox.Message) (bool, error) {
	c := candidate{ctx: ctx, folder: f, m: m}
	defer c.close()
	found, err := q.root.match(&c)
	if errors.Is(err, mailbox.ErrExpunged) {
		return false, nil
	}
	return found && err == nil, err
}

// meta is a node that decides from what the folder knows.
func meta(match func(m *mailbox.Message) bool) node {
	return node{cost: costMeta, meta: match}
}

// opened is a node that reads the message, or may have to.
func opened(c cost, match func(*candidate) (bool, error)) node { return node{cost: c, match: match} }

func compile(key imap.SearchKey, scope *Scope) (node, error) {
	switch key := key.(type) {
	case *imap.SearchAll:
		return meta(func(*mailbox.Message) bool { return true }), nil
	case *imap.SearchFlag:
		return compileFlag(key, scope), nil
	case *imap.SearchNew:
		return meta(func(m *mailbox.Message) bool {
			return scope.Recent.Contains(m.UID) && !imap.HasFlag(m.Flags, imap.FlagSeen)
		}), nil
	case *imap.SearchText:
		return compileText(key, scope)
	case *imap.SearchHeader:
		return compileHeader(key.Name, key.Value, scope), nil
	case *imap.SearchDate:
		return compileDate(key)
	case *imap.SearchSize:
		return meta(func(m *mailbox.Message) bool {
			if key.Smaller {
				return m.Size < key.Size
			}
			return m.Size > key.Size
		}), nil
	case *imap.SearchSeq:
		return compileSeq(key.Set, scope), nil
	case *imap.SearchUID:
		return compileUIDs(key.Set, scope), nil
	case *imap.SearchWithin:
		return compileWithin(key, scope), nil
	case *imap.SearchModSeq:
		// One modseq for all of a message: RFC 7162 §3.1.5 has the entry ignored.
		return meta(func(m *mailbox.Message) bool { return m.ModSeq >= key.ModSeq }), nil
	case *imap.SearchNot:
		n, err := compile(key.Key, scope)
		if err != nil {
			return n, err
		}
		if n.cost == costMeta {
			return meta(func(m *mailbox.Message) bool { return !n.meta(m) }), nil
		}
		return opened(n.cost, func(c *candidate) (bool, error) {
			found, err := n.match(c)
			return !found, err
		}), nil
	case *imap.SearchOr:
		return compileList([]imap.SearchKey{key.Left, key.Right}, scope, true)
	case *imap.SearchAnd:
		if len(key.Keys) == 0 {
			return node{}, ErrKey
		}
		return compileList(key.Keys, scope, false)
	}
	return node{}, fmt.Errorf("%w: %T", ErrKey, key)
}

// compileList combines keys: the cheapest decide first, and the first that
// equals stop ends it.
func compileList(keys []imap.SearchKey, scope *Scope, stop bool) (node, error) {
	nodes := make([]node, len(keys))
	dearest := costMeta
	for i, k := range keys {
		n, err := compile(k, scope)
		if err != nil {
			return n, err
		}
		nodes[i] = n
		dearest = max(dearest, n.cost)
	}
	if dearest == costMeta {
		return meta(func(m *mailbox.Message) bool {
			for i := range nodes {
				if nodes[i].meta(m) == stop {
					return stop
				}
			}
			return !stop
		}), nil
	}
	sort.SliceStable(nodes, func(i, j int) bool { return nodes[i].cost < nodes[j].cost })
	return opened(dearest, func(c *candidate) (bool, error) {
		for _, n := range nodes {
			if found, err := n.decide(c); found == stop || err != nil {
				return found, err
			}
		}
		return !stop, nil
	}), nil
}

func compileFlag(key *imap.SearchFlag, scope *Scope) node {
	if key.Flag.Equal(imap.FlagRecent) {
		return meta(func(m *mailbox.Message) bool { return scope.Recent.Contains(m.UID) != key.Unset })
	}
	flag := key.Flag.Canonical()
	return meta(func(m *mailbox.Message) bool { return imap.HasFlag(m.Flags, flag) != key.Unset })
}

func compileSeq(set imap.Set, scope *Scope) node {
	if set.Saved {
		return meta(func(m *mailbox.Message) bool { return scope.Saved.Contains(m.UID) })
	}
	// A key holds its own ranges and not the UIDs that they stand for: "1:*" is
	// short, and may be said a thousand times about a folder with as many holes.
	told, numbers := scope.Told, set.Resolve(uint32(scope.Told.Len()))
	return meta(func(m *mailbox.Message) bool {
		seq, known := told.Seq(m.UID)
		i := sort.Search(len(numbers), func(i int) bool { return numbers[i].Last >= seq })
		return known && i < len(numbers) && numbers[i].First <= seq
	})
}

func compileUIDs(set imap.Set, scope *Scope) node {
	uids := scope.Saved
	if !set.Saved {
		uids = set.ResolveUIDs(scope.Told.Max())
	}
	return meta(func(m *mailbox.Message) bool { return uids.Contains(m.UID) })
}

// compileWithin compares with the moment of the search, to the second. A message
// of just that age is both older and younger (RFC 5032 §2).
func compileWithin(key *imap.SearchWithin, scope *Scope) node {
	edge := scope.Now.Unix() - int64(key.Seconds)
	return meta(func(m *mailbox.Message) bool {
		if key.Younger {
			return m.InternalDate.Unix() >= edge
		}
		return m.InternalDate.Unix() <= edge
	})
}

func compileDate(key *imap.SearchDate) (node, error) {
	var holds func(c int) bool // c is that of Date.Compare
	switch key.Op {
	case imap.DateBefore:
		holds = func(c int) bool { return c < 0 }
	case imap.DateOn:
		holds = func(c int) bool { return c == 0 }
	case imap.DateSince:
		holds = func(c int) bool { return c >= 0 }
	default:
		return node{}, ErrKey
	}
	compare := comparerTo(key.Date)
	switch key.Field {
	case imap.DateInternal:
		return meta(func(m *mailbox.Message) bool { return holds(compare(m.InternalDate)) }), nil
	case imap.DateSent:
		return opened(costHeader, func(c *candidate) (bool, error) {
			date, ok, err := c.sent()
			return ok && holds(compare(date)), err
		}), nil
	}
	return node{}, ErrKey
}

// comparerTo returns a function that compares the day of t, in its zone, with d.
// Which day it is has to be worked out only close to d: no zone is a hundred
// hours away.
func comparerTo(d imap.Date) func(t time.Time) int {
	const near = 8 * 24 * 60 * 60
	edge := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Unix()
	return func(t time.Time) int {
		switch s := t.Unix(); {
		case s < edge-near:
			return -1
		case s > edge+near:
			return 1
		}
		return imap.DateOf(t).Compare(d)
	}
}

// fieldNames are the header fields of the keys that name one.
var fieldNames = map[imap.TextField]string{
	imap.TextBCC: "bcc", imap.TextCC: "cc", imap.TextFrom: "from", imap.TextSubject: "subject", imap.TextTo: "to",
}

func compileText(key *imap.SearchText, scope *Scope) (node, error) {
	if name, ok := fieldNames[key.Field]; ok {
		return compileHeader(name, key.Value, scope), nil
	}
	if key.Field != imap.TextBody && key.Field != imap.TextText {
		return node{}, ErrKey
	}
	value := newNeedle(message.DecodeCharset(scope.Charset, key.Value))
	return opened(costBody, func(c *candidate) (bool, error) {
		return c.textContains(value, key.Field == imap.TextText)
	}), nil
}

func compileHeader(name, value string, scope *Scope) node {
	name = strings.ToLower(name)
	needle := newNeedle(message.DecodeCharset(scope.Charset, value))
	return opened(costHeader, func(c *candidate) (bool, error) { return c.headerContains(name, needle) })
}
