package memstore

import (
	"container/list"
	"slices"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

// A folderLog is the history of a folder list: the last change of every folder,
// name and subscription, in the order of their modseqs.
type folderLog struct {
	modSeq imap.ModSeq
	// order has a *mailbox.FolderChange for each value of last.
	order *list.List
	last  map[changed]*list.Element
	// gone counts changes of what is not there any more; most is how many are
	// kept, and floor what that costs.
	gone, most int
	floor      imap.ModSeq
}

// changed is what a change is of.
type changed struct {
	what changedKind
	// text is the ID of a folder, or a name.
	text string
}

type changedKind uint8

const (
	_ changedKind = iota
	changedFolder
	changedName
	changedSubscription
)

func newFolderLog(most int) folderLog {
	return folderLog{order: list.New(), last: make(map[changed]*list.Element), most: most}
}

// folder notes a change of a folder.
func (l *folderLog) folder(c mailbox.FolderChange) { l.note(changed{changedFolder, string(c.ID)}, c) }

// name notes a change of a name that is only a parent.
func (l *folderLog) name(c mailbox.FolderChange) { l.note(changed{changedName, c.Name}, c) }

// subscription notes a change of the subscriptions.
func (l *folderLog) subscription(c mailbox.FolderChange) {
	l.note(changed{changedSubscription, c.Name}, c)
}

func (l *folderLog) note(key changed, c mailbox.FolderChange) {
	l.modSeq++
	c.ModSeq = l.modSeq
	if e := l.last[key]; e != nil {
		l.drop(key, e)
	}
	l.last[key] = l.order.PushBack(&c)
	if isGone(&c) {
		l.gone++
	}
	for e := l.order.Front(); l.gone > l.most; {
		old := e.Value.(*mailbox.FolderChange)
		next := e.Next()
		if isGone(old) {
			l.floor = old.ModSeq
			l.drop(keyOf(old), e)
		}
		e = next
	}
}

func (l *folderLog) drop(key changed, e *list.Element) {
	if isGone(l.order.Remove(e).(*mailbox.FolderChange)) {
		l.gone--
	}
	delete(l.last, key)
}

// keyOf returns what a change was noted under.
func keyOf(c *mailbox.FolderChange) changed {
	switch {
	case c.Event == mailbox.FolderSubscribed || c.Event == mailbox.FolderUnsubscribed:
		return changed{changedSubscription, c.Name}
	case c.ID != "":
		return changed{changedFolder, string(c.ID)}
	}
	return changed{changedName, c.Name}
}

// isGone reports whether nothing is left of what changed.
func isGone(c *mailbox.FolderChange) bool {
	return c.Event == mailbox.FolderDeleted || c.Event == mailbox.FolderUnsubscribed
}

// since returns what changed after m, ascending.
func (l *folderLog) since(m imap.ModSeq) ([]mailbox.FolderChange, error) {
	if m == 0 {
		return l.all(), nil
	}
	if m < l.floor {
		return nil, &mailbox.FloorError{Floor: l.floor}
	}
	var changes []mailbox.FolderChange
	for e := l.order.Back(); e != nil; e = e.Prev() {
		c := e.Value.(*mailbox.FolderChange)
		if c.ModSeq <= m {
			break
		}
		changes = append(changes, *c)
	}
	slices.Reverse(changes)
	return changes, nil
}

// all returns how the list comes to be from an empty one, and the modseq of
// now.
func (l *folderLog) all() []mailbox.FolderChange {
	var changes []mailbox.FolderChange
	for e := l.order.Front(); e != nil; e = e.Next() {
		c := *e.Value.(*mailbox.FolderChange)
		if isGone(&c) {
			continue
		}
		if c.Event == mailbox.FolderRenamed {
			c.Event, c.OldName = mailbox.FolderCreated, ""
		}
		changes = append(changes, c)
	}
	return append(changes, mailbox.FolderChange{ModSeq: l.modSeq, Event: mailbox.FolderNone})
}
