package quota

import (
	"math"
	"math/bits"
	"strings"
)

// A Resource is something a quota counts, RFC 9208 §5.
type Resource uint8

const (
	_ Resource = iota
	// Storage is the octets of messages; limits are in units of 1024.
	Storage
	// Message is the number of messages.
	Message
	// Mailbox is the number of mailboxes.
	Mailbox
	// AnnotationStorage is the octets of annotations; limits are in units of
	// 1024.
	AnnotationStorage

	resources = iota
)

var resourceNames = [resources]string{"", "STORAGE", "MESSAGE", "MAILBOX", "ANNOTATION-STORAGE"}

// String returns the name of the protocol.
func (r Resource) String() string {
	if int(r) < len(resourceNames) {
		return resourceNames[r]
	}
	return ""
}

// ParseResource returns the resource of a name in any case.
func ParseResource(name string) (Resource, bool) {
	for r := Storage; r < resources; r++ {
		if strings.EqualFold(name, resourceNames[r]) {
			return r, true
		}
	}
	return 0, false
}

// Resources returns all resources, in the order of the RFC.
func Resources() []Resource { return []Resource{Storage, Message, Mailbox, AnnotationStorage} }

// Unit is what one unit of the protocol stands for: 1024 octets, or one thing.
func (r Resource) Unit() int64 {
	if r == Storage || r == AnnotationStorage {
		return 1024
	}
	return 1
}

// Units returns an amount in units of the protocol, rounded up (RFC 9208 §5.1):
// one octet is a unit. What is rounded is the sum of all messages, once, and not
// each message, so that many small messages cost no more than they are. Negative
// amounts are zero.
func (r Resource) Units(amount int64) int64 {
	unit := r.Unit()
	n := max(amount, 0) / unit
	if amount%unit > 0 {
		n++
	}
	return n
}

// Amounts is how much there is of each resource, indexed by [Resource].
type Amounts [resources]int64

// Of returns the amounts of count messages with together so many octets.
func Of(octets, count int64) Amounts {
	var a Amounts
	a[Storage], a[Message] = octets, count
	return a
}

// Plus returns a + b, saturated to 0 … 2^63-1.
func (a Amounts) Plus(b Amounts) Amounts {
	for i := range a {
		a[i] = add(a[i], b[i])
	}
	return a
}

// Minus returns a - b, saturated to 0 … 2^63-1.
func (a Amounts) Minus(b Amounts) Amounts {
	for i := range a {
		a[i] = sub(a[i], b[i])
	}
	return a
}

// clamp returns a with zero for what is negative.
func (a Amounts) clamp() Amounts {
	for i := range a {
		a[i] = max(a[i], 0)
	}
	return a
}

// add and sub take negative numbers for zero.
func add(a, b int64) int64 {
	a, b = max(a, 0), max(b, 0)
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

func sub(a, b int64) int64 { return max(max(a, 0)-max(b, 0), 0) }

// scale returns percent of n units as an amount, rounded down and saturated.
func scale(n, percent, unit int64) int64 {
	if n <= 0 || percent <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(n), uint64(percent))
	if hi >= 50 { // at least 50 × 2^64 / 100
		return math.MaxInt64
	}
	carry, lo := bits.Mul64(lo, uint64(unit))
	if hi = hi*uint64(unit) + carry; hi >= 50 {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, 100)
	return int64(q)
}
