package smallscope

import (
	"slices"
	"strings"
)

// A flagSet is the system flags of a message.
type flagSet uint8

const (
	answered flagSet = 1 << iota
	flagged
	deleted
	seen
	draft
	recent // RFC 3501 §2.3.2; of one session, never of the folder
)

var flagNames = []string{`\answered`, `\flagged`, `\deleted`, `\seen`, `\draft`, `\recent`}

func (f flagSet) String() string {
	var names []string
	for i, name := range flagNames {
		if f&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return "(" + strings.Join(names, " ") + ")"
}

// A message of a folder. Its size stands for its content: no two contents of a
// test have the same.
type message struct {
	uid     uint32
	flags   flagSet
	modSeq  uint64
	size    int64
	claimed bool // some session has it as recent
}

// A tombstone is a message that is gone.
type tombstone struct {
	uid    uint32
	modSeq uint64
}

// A folder has its messages by ascending UID. Each change takes the next
// modseq, whatever number of messages it touches.
type folder struct {
	validity uint32
	uidNext  uint32
	modSeq   uint64
	messages []message
	gone     []tombstone
}

func (f *folder) find(uid uint32) *message {
	for i := range f.messages {
		if f.messages[i].uid == uid {
			return &f.messages[i]
		}
	}
	return nil
}

// add appends messages in one stroke and returns their UIDs.
func (f *folder) add(messages []message) (uids []uint32) {
	f.modSeq++
	for _, msg := range messages {
		msg.uid, msg.modSeq, msg.claimed = f.uidNext, f.modSeq, false
		f.uidNext++
		f.messages = append(f.messages, msg)
		uids = append(uids, msg.uid)
	}
	return uids
}

// remove takes messages out in one stroke.
func (f *folder) remove(uids []uint32) {
	if len(uids) == 0 {
		return
	}
	f.modSeq++
	f.messages = slices.DeleteFunc(f.messages, func(msg message) bool { return slices.Contains(uids, msg.uid) })
	for _, uid := range uids {
		f.gone = append(f.gone, tombstone{uid, f.modSeq})
	}
}
