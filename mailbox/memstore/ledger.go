package memstore

import (
	"fmt"

	"github.com/mailwire/mailwire/mailbox"
)

// A Quota is what a user may have.
type Quota struct {
	Storage, Messages Limit
	// Grace is how many octets above the limit delivery may take.
	Grace int64
}

// A Limit is a limit of a quota; zero is none.
type Limit struct {
	Set bool
	Max int64
}

// A Usage is what a user has.
type Usage struct{ Storage, Messages int64 }

// A ledger is a user's one quota root.
type ledger struct {
	limits Quota
	used   Usage
	held   Usage
}

func newLedger(q Quota) ledger { return ledger{limits: q} }

// A hold is what has been reserved.
type hold struct{ octets, count int64 }

func (h hold) plus(o hold) hold { return hold{h.octets + o.octets, h.count + o.count} }

// A credit is what a transaction takes away, and what it has reserved already.
type credit struct {
	octets, count int64
	own           hold
}

func (l *ledger) reserve(octets, count int64, c credit, delivery bool) (hold, error) {
	grace := int64(0)
	if delivery {
		grace = l.limits.Grace
	}
	if octets > 0 && l.limits.Storage.Set && l.used.Storage+l.held.Storage+octets-c.octets > l.limits.Storage.Max+grace {
		return hold{}, fmt.Errorf("%w: storage", mailbox.ErrOverQuota)
	}
	if count > 0 && l.limits.Messages.Set && l.used.Messages+l.held.Messages+count-c.count > l.limits.Messages.Max {
		return hold{}, fmt.Errorf("%w: messages", mailbox.ErrOverQuota)
	}
	l.held.Storage += octets
	l.held.Messages += count
	return hold{octets, count}, nil
}

func (l *ledger) release(h hold) {
	l.held.Storage -= h.octets
	l.held.Messages -= h.count
}

func (l *ledger) commit(h hold) {
	l.release(h)
	l.used.Storage += h.octets
	l.used.Messages += h.count
}

func (l *ledger) discharge(octets, count int64) {
	l.used.Storage -= octets
	l.used.Messages -= count
}
