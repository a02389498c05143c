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

// listPlan is what a LIST asks for, RFC 5258 §3, RFC 6154 §5 and RFC 5819.
type listPlan struct {
	subscribed, specialUse, recursive bool // selection options
	tellSubscribed                    bool
	status                            []imapwire.StatusItem
}

// planList reads options; ok is false when one is not known. REMOTE selects
// nothing here: all mailboxes are local. Children and special uses are told
// always.
func (s *Session) planList(cmd *imapwire.List) (p listPlan, ok bool) {
	for _, o := range cmd.Select {
		switch o {
		case "SUBSCRIBED":
			p.subscribed, p.tellSubscribed = true, true
		case "SPECIAL-USE":
			p.specialUse = true
		case "RECURSIVEMATCH":
			p.recursive = true
		case "REMOTE":
		default:
			return p, false
		}
	}
	for _, o := range cmd.Return {
		switch o {
		case "SUBSCRIBED":
			p.tellSubscribed = true
		case "STATUS":
			p.status = cmd.StatusItems
		case "CHILDREN", "SPECIAL-USE":
		default:
			return p, false
		}
	}
	for _, item := range p.status {
		if !s.knowsStatus(item) {
			return p, false
		}
	}
	return p, true
}

// selects reports whether the selection options let a name through. Names that
// are only subscriptions show when SUBSCRIBED asks for them.
func (p listPlan) selects(info mailbox.FolderInfo) bool {
	return (info.Subscribed || !p.subscribed) && (len(info.Use) > 0 || !p.specialUse) && (!info.NonExistent || p.subscribed)
}

// A listed is a mailbox to tell, with the name to take its status of.
type listed struct {
	data *imapwire.ListData
	name string // empty: without a status
}

// list answers LIST (RFC 9051 §6.3.9).
func (s *Session) list(ctx context.Context, id engine.ID, cmd *imapwire.List) {
	if !cmd.Extended && cmd.Patterns[0] == "" {
		// Nothing but the delimiter is asked for.
		s.conn.Send(&imapwire.ListData{Attrs: []imap.MailboxAttr{imap.AttrNoSelect}, Delimiter: s.user.Delimiter()})
		s.finish(ctx, id, ok(nil, "LIST completed"))
		return
	}
	plan, known := s.planList(cmd)
	if !known {
		s.conn.Done(id, bad("unknown option"))
		return
	}
	var infos []mailbox.FolderInfo
	for info, err := range s.user.Folders(ctx) {
		if err != nil {
			s.finishWith(ctx, id, err, "")
			return
		}
		infos = append(infos, info)
	}
	found := s.listMatches(plan, infos, s.matchers(cmd.Reference, cmd.Patterns))
	s.run(ctx, id, then(s.tellList(found, plan.status), s.finishing(id, ok(nil, "LIST completed"))))
}

// listMatches returns what a LIST tells, in the order of infos.
func (s *Session) listMatches(plan listPlan, infos []mailbox.FolderInfo, patterns []pattern) []listed {
	delim := s.user.Delimiter()
	// below counts, for every name above a selected one, how many selected
	// ones there are, and how many of these are not told themselves.
	type descendants struct{ selected, untold int }
	below := make(map[string]descendants)
	if plan.recursive {
		there := make(map[string]bool, len(infos))
		for _, info := range infos {
			there[info.Name] = true
		}
		for _, info := range slices.Clone(infos) {
			if !plan.selects(info) {
				continue
			}
			told := matchAny(patterns, info.Name)
			for name := parentOf(info.Name, delim); name != ""; name = parentOf(name, delim) {
				d := below[name]
				d.selected++
				if !told {
					d.untold++
				}
				below[name] = d
				if !there[name] {
					// Above a subscription without a folder there may be none.
					there[name] = true
					infos = append(infos, mailbox.FolderInfo{Name: name, NonExistent: true, HasChildren: true})
				}
			}
		}
	}
	var out []listed
	for _, info := range infos {
		d := below[info.Name]
		// A name that is not selected shows for its children, and only when
		// these do not show themselves (RFC 5258 §3.5).
		if !plan.selects(info) && d.untold == 0 || !matchAny(patterns, info.Name) {
			continue
		}
		l := listed{data: &imapwire.ListData{Attrs: listAttrs(info, plan.tellSubscribed), Delimiter: delim, Mailbox: s.wire(info.Name)}}
		if d.selected > 0 {
			if plan.subscribed {
				l.data.ChildInfo = append(l.data.ChildInfo, "SUBSCRIBED")
			}
			if plan.specialUse {
				l.data.ChildInfo = append(l.data.ChildInfo, "SPECIAL-USE")
			}
		}
		if !info.NoSelect && !info.NonExistent {
			l.name = info.Name
		}
		out = append(out, l)
	}
	return out
}

// parentOf returns the name above a name, or the empty string.
func parentOf(name string, delim byte) string {
	return name[:max(0, strings.LastIndexByte(name, delim))]
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
		for name := parentOf(info.Name, delim); name != ""; name = parentOf(name, delim) {
			if _, there := attrs[name]; !there && matchAny(m, name) {
				names = append(names, name)
				attrs[name] = []imap.MailboxAttr{imap.AttrNoSelect}
			}
		}
	}
	slices.Sort(names)
	data := make([]listed, len(names))
	for i, name := range names {
		data[i].data = &imapwire.ListData{Verb: "LSUB", Attrs: attrs[name], Delimiter: delim, Mailbox: s.wire(name)}
	}
	s.run(ctx, id, then(s.tellList(data, nil), s.finishing(id, ok(nil, "LSUB completed"))))
}

// tellList is the task that tells mailboxes, each followed by its status if that
// is asked for. A status that can not be had is left out (RFC 5819 §2).
func (s *Session) tellList(found []listed, status []imapwire.StatusItem) task {
	return func(ctx context.Context) bool {
		for len(found) > 0 {
			if s.conn.Full() {
				return true
			}
			l := found[0]
			found = found[1:]
			s.conn.Send(l.data)
			if l.name == "" || len(status) == 0 {
				continue
			}
			if data, err := s.statusOf(ctx, l.name, status); err == nil {
				data.Mailbox = l.data.Mailbox
				s.conn.Send(data)
			}
		}
		return false
	}
}

// listAttrs returns the attributes of a line of the folder list. Special uses
// and children are always told: clients use them without asking.
func listAttrs(info mailbox.FolderInfo, subscribed bool) []imap.MailboxAttr {
	var a []imap.MailboxAttr
	switch {
	case info.NonExistent:
		a = append(a, imap.AttrNonExistent) // implies \Noselect, RFC 9051 §7.3.1
	case info.NoSelect:
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
	if subscribed && info.Subscribed {
		a = append(a, imap.AttrSubscribed)
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
// O(pattern × name) steps, whatever the wildcards.
func (p pattern) match(name string) bool {
	if matchWild(p.text, name, p.delim) {
		return true
	}
	return name == imap.Inbox && matchWild(strings.ToUpper(p.text), name, p.delim)
}

// matchWild reports whether a name fits a pattern.
func matchWild(pat, name string, delim byte) bool {
	fits, _ := matchSteps(pat, name, delim)
	return fits
}

// matchSteps keeps the set of places in the pattern at which a match of the name
// so far can stand, and moves all of them by one octet of the name at a time. It
// counts what it looks at.
func matchSteps(pat, name string, delim byte) (fits bool, steps int) {
	var room [2][64]bool
	at, next := append(room[0][:0], make([]bool, len(pat)+1)...), append(room[1][:0], make([]bool, len(pat)+1)...)
	// A wildcard may stand for nothing: whoever is at it is also behind it, and
	// whoever was there already is also behind those that follow.
	enter := func(set []bool, p int) {
		for ; !set[p]; p++ {
			steps++
			if set[p] = true; p == len(pat) || pat[p] != '*' && pat[p] != '%' {
				return
			}
		}
	}
	enter(at, 0)
	for i := 0; i < len(name); i++ {
		clear(next)
		for p := range len(pat) {
			steps++
			switch {
			case !at[p]:
			case pat[p] == '*', pat[p] == '%' && name[i] != delim:
				enter(next, p)
			case pat[p] == name[i] && pat[p] != '%':
				enter(next, p+1)
			}
		}
		at, next = next, at
	}
	return at[len(pat)], steps
}
