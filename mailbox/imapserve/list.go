package imapserve

import (
	"context"
	"slices"
	"strings"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

// list answers LIST (RFC 9051 §6.3.9) with the selection and return options of
// RFC 6154 §5.
func (s *Session) list(ctx context.Context, id engine.ID, cmd *imapwire.List) {
	if len(cmd.Patterns) == 1 && cmd.Patterns[0] == "" && len(cmd.Select) == 0 {
		// Nothing but the delimiter is asked for.
		s.conn.Send(&imapwire.ListData{Attrs: []imap.MailboxAttr{imap.AttrNoSelect}, Delimiter: s.user.Delimiter()})
		s.finish(ctx, id, ok(nil, "LIST completed"))
		return
	}
	onlyUse := false
	for _, o := range cmd.Select {
		if o != string(imap.CapSpecialUse) {
			s.conn.Done(id, bad("unknown selection option"))
			return
		}
		onlyUse = true
	}
	for _, o := range cmd.Return {
		if o != string(imap.CapSpecialUse) && o != "CHILDREN" {
			s.conn.Done(id, bad("unknown return option"))
			return
		}
	}
	var data []*imapwire.ListData
	matchers := s.matchers(cmd.Reference, cmd.Patterns)
	for info, err := range s.user.Folders(ctx) {
		if err != nil {
			s.finishWith(ctx, id, err, "")
			return
		}
		if info.NonExistent || onlyUse && len(info.Use) == 0 || !matchAny(matchers, info.Name) {
			continue
		}
		data = append(data, &imapwire.ListData{Attrs: listAttrs(info), Delimiter: s.user.Delimiter(), Mailbox: s.wire(info.Name)})
	}
	s.run(ctx, id, then(s.tellList(data), s.finishing(id, ok(nil, "LIST completed"))))
}

// lsub answers LSUB, RFC 3501 §6.3.9: subscribed names that match, and with "%"
// the parents of subscribed names that do, marked \Noselect.
func (s *Session) lsub(ctx context.Context, id engine.ID, cmd *imapwire.LSub) {
	delim := s.user.Delimiter()
	m := s.matchers(cmd.Reference, []string{cmd.Pattern})
	attrs := make(map[string][]imap.MailboxAttr)
	var names []string
	for info, err := range s.user.Folders(ctx) {
		if err != nil {
			s.finishWith(ctx, id, err, "")
			return
		}
		if !info.Subscribed {
			continue
		}
		if matchAny(m, info.Name) {
			if _, there := attrs[info.Name]; !there {
				names = append(names, info.Name)
			}
			attrs[info.Name] = nil
			if info.NoSelect {
				attrs[info.Name] = []imap.MailboxAttr{imap.AttrNoSelect}
			}
			continue
		}
		if !strings.HasSuffix(cmd.Pattern, "%") {
			continue
		}
		for name := info.Name; ; {
			i := strings.LastIndexByte(name, delim)
			if i < 0 {
				break
			}
			name = name[:i]
			if _, there := attrs[name]; !there && matchAny(m, name) {
				names = append(names, name)
				attrs[name] = []imap.MailboxAttr{imap.AttrNoSelect}
			}
		}
	}
	slices.Sort(names)
	data := make([]*imapwire.ListData, len(names))
	for i, name := range names {
		data[i] = &imapwire.ListData{Verb: "LSUB", Attrs: attrs[name], Delimiter: delim, Mailbox: s.wire(name)}
	}
	s.run(ctx, id, then(s.tellList(data), s.finishing(id, ok(nil, "LSUB completed"))))
}

func (s *Session) tellList(data []*imapwire.ListData) task {
	return func(context.Context) bool {
		for len(data) > 0 {
			if s.conn.Full() {
				return true
			}
			s.conn.Send(data[0])
			data = data[1:]
		}
		return false
	}
}

// listAttrs returns the attributes of a line of the folder list. Special uses
// and children are always told: clients use them without asking.
func listAttrs(info mailbox.FolderInfo) []imap.MailboxAttr {
	var a []imap.MailboxAttr
	if info.NoSelect {
		a = append(a, imap.AttrNoSelect)
	}
	switch {
	case info.NoInferiors:
		a = append(a, imap.AttrNoInferiors) // implies \HasNoChildren, RFC 9051 §7.3.1
	case info.HasChildren:
		a = append(a, imap.AttrHasChildren)
	default:
		a = append(a, imap.AttrHasNoChildren)
	}
	return append(a, info.Use...)
}

// A pattern is a mailbox pattern of LIST.
type pattern struct {
	text  string
	delim byte
}

// matchers returns the patterns of a LIST: reference and pattern are put
// together as they are (RFC 9051 §6.3.9), in UTF-8. One that is not valid in
// its encoding matches nothing.
func (s *Session) matchers(reference string, patterns []string) []pattern {
	var out []pattern
	for _, p := range patterns {
		text, err := imap.DecodeMailbox(reference+p, s.conn.UTF8())
		if err != nil {
			continue
		}
		out = append(out, pattern{text, s.user.Delimiter()})
	}
	return out
}

func matchAny(ps []pattern, name string) bool {
	return slices.ContainsFunc(ps, func(p pattern) bool { return p.match(name) })
}

// match reports whether name fits the pattern: "*" stands for anything, "%" for
// anything without a delimiter. INBOX matches in any case. It takes
// O(pattern × name) steps at worst, whatever the wildcards.
func (p pattern) match(name string) bool {
	if matchWild(p.text, name, p.delim) {
		return true
	}
	return name == imap.Inbox && matchWild(strings.ToUpper(p.text), name, p.delim)
}

// matchWild walks both strings once; after a mismatch it goes back to the last
// wildcard and lets that take one octet more. A "%" that can not take another
// octet, because it is a delimiter, falls back to the last "*".
func matchWild(pat, name string, delim byte) bool {
	type mark struct{ p, n int } // where to go on after the wildcard
	star, percent := mark{-1, 0}, mark{-1, 0}
	p, n := 0, 0
	for {
		switch {
		case p < len(pat) && pat[p] == '*':
			p++
			star, percent = mark{p, n}, mark{-1, 0}
			continue
		case p < len(pat) && pat[p] == '%':
			p++
			percent = mark{p, n}
			continue
		case n == len(name) && p == len(pat):
			return true
		case n < len(name) && p < len(pat) && pat[p] == name[n]:
			p++
			n++
			continue
		}
		if percent.p >= 0 && percent.n < len(name) && name[percent.n] != delim {
			percent.n++
			p, n = percent.p, percent.n
			continue
		}
		if star.p >= 0 && star.n < len(name) {
			star.n++
			percent.p = -1
			p, n = star.p, star.n
			continue
		}
		return false
	}
}
