package smallscope

// A dropped is a message of a maildrop: as it was when the session began, and
// whether it is to be removed.
type dropped struct {
	uid    uint32
	size   int64
	marked bool
}

// connect is a login by POP3, which takes a picture of the folder. A session
// before it ended without QUIT, and removed nothing (RFC 1939 §3, §6).
func (m *model) connect(*session) answer {
	m.drop, m.unmarked = nil, false
	for _, msg := range m.inbox.messages {
		m.drop = append(m.drop, dropped{uid: msg.uid, size: msg.size})
	}
	return answer{tagged: "+OK"}
}

// stat is STAT (§5): what is not marked, whatever became of it.
func (m *model) stat(*session) answer {
	var count, sum int64
	for _, d := range m.drop {
		if !d.marked {
			count, sum = count+1, sum+d.size
		}
	}
	return answer{tagged: "+OK " + num(count) + " " + num(sum)}
}

// list is LIST (§5).
func (m *model) list(*session) answer {
	a := answer{tagged: "+OK"}
	for i, d := range m.drop {
		if !d.marked {
			a.add(num(i+1), num(d.size))
		}
	}
	return a
}

// uidl is UIDL (§7). The fact is the UID that the unique-id stands for.
func (m *model) uidl(*session) answer {
	a := answer{tagged: "+OK"}
	for i, d := range m.drop {
		if !d.marked {
			a.add(num(i+1), num(d.uid))
		}
	}
	return a
}

// at returns a message by its number, unless it is marked or nobody has it any
// more; then it can be neither read nor marked.
func (m *model) at(n int) *dropped {
	if n > len(m.drop) || m.drop[n-1].marked || m.inbox.find(m.drop[n-1].uid) == nil {
		return nil
	}
	return &m.drop[n-1]
}

// retr is RETR (§5).
func (m *model) retr(n int) answer {
	d := m.at(n)
	if d == nil {
		return answer{tagged: "-ERR"}
	}
	return answer{tagged: "+OK", facts: []string{"octets " + num(d.size)}}
}

// dele is DELE (§5).
func (m *model) dele(n int) answer {
	d := m.at(n)
	if d == nil {
		return answer{tagged: "-ERR"}
	}
	d.marked = true
	return answer{tagged: "+OK"}
}

// rset is RSET (§5).
func (m *model) rset(*session) answer {
	for i := range m.drop {
		m.unmarked = m.unmarked || m.drop[i].marked
		m.drop[i].marked = false
	}
	return answer{tagged: "+OK"}
}

// quit is QUIT (§6): what is marked goes, if it has not gone already.
func (m *model) quit(*session) answer {
	var gone []uint32
	for _, d := range m.drop {
		if d.marked && m.inbox.find(d.uid) != nil {
			gone = append(gone, d.uid)
		}
	}
	m.inbox.remove(gone)
	m.drop = nil
	return answer{tagged: "+OK"}
}
