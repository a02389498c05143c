package imapwire

import (
	"slices"

	"github.com/mailwire/mailwire/imapwire/engine"
)

func itoa(n int) string {
	var b [20]byte
	i := len(b)
	for {
		i--
		b[i] = byte('0' + n%10)
		n /= 10
		if n == 0 {
			return string(b[i:])
		}
	}
}

// digits moves over 1*DIGIT, whose value has to lie in min to max.
func (c *cursor) digits(production string, lo, hi uint64) uint64 {
	if c.err != nil {
		return 0
	}
	i, j := c.pos, c.pos
	var n uint64
	for ; j < len(c.b) && '0' <= c.b[j] && c.b[j] <= '9'; j++ {
		if n >= 1e18 { // ten times as much may not fit
			n = 1 << 63
			j += engine.Digit.Span(c.b[j:])
			break
		}
		n = n*10 + uint64(c.b[j]-'0')
	}
	if i == j {
		c.fail(production, "a number")
		return 0
	}
	if c.token(); c.err != nil {
		return 0
	}
	c.pos = j
	c.steps += int64(j - i)
	if n > hi {
		c.failAt(i, production, "a smaller number")
		return 0
	}
	if n < lo || lo > 0 && c.b[i] == '0' {
		c.failAt(i, production, "a number that is not zero and starts with no zero")
		return 0
	}
	return n
}

// listNumber reads one of the numbers of a list, which are no tokens of their own.
//
//	nz-number = digit-nz *DIGIT, 1 to 4294967295
func (c *cursor) listNumber(production string) uint32 {
	if c.err != nil {
		return 0
	}
	// Nine digits always fit.
	b := c.b[c.pos:]
	n, digits := uint32(0), 0
	for digits < len(b) && digits < 10 {
		x := b[digits] - '0'
		if x > 9 {
			break
		}
		n = n*10 + uint32(x)
		digits++
	}
	if digits == 0 || digits > 9 || b[0] == '0' {
		c.tokens--
		return c.nzNumber(production)
	}
	c.steps += int64(digits)
	c.pos += digits
	return n
}

// number = 1*DIGIT, 0 to 4294967295
func (c *cursor) number(production string) uint32 {
	return uint32(c.digits(production, 0, 1<<32-1))
}

// nz-number = digit-nz *DIGIT, 1 to 4294967295
func (c *cursor) nzNumber(production string) uint32 {
	return uint32(c.digits(production, 1, 1<<32-1))
}

// number64 = 1*DIGIT, 0 to 9223372036854775807
func (c *cursor) number64(production string) int64 {
	return int64(c.digits(production, 0, 1<<63-1))
}

// nz-number64 = digit-nz *DIGIT, 1 to 9223372036854775807
func (c *cursor) nzNumber64(production string) int64 {
	return int64(c.digits(production, 1, 1<<63-1))
}

func (e *encoder) uint(n uint64) {
	if e.err == nil {
		e.b = appendUint(e.b, n)
	}
}

// appendUint appends n as strconv.AppendUint does. Half of what a server says is
// numbers: they are written where they stand, in two thirds of the time.
func appendUint(b []byte, n uint64) []byte {
	const most = 20
	b = slices.Grow(b, most)
	digits := 1
	for p := uint64(10); n >= p && digits < most; p *= 10 {
		digits++
	}
	b = b[:len(b)+digits]
	i := len(b)
	for ; n >= 100; n /= 100 {
		pair := digitPairs[n%100*2:]
		i -= 2
		b[i], b[i+1] = pair[0], pair[1]
	}
	if n >= 10 {
		i--
		b[i] = byte('0' + n%10)
		n /= 10
	}
	b[i-1] = byte('0' + n)
	return b
}

// digitPairs are the numbers 00 to 99, two octets each.
const digitPairs = "0001020304050607080910111213141516171819" +
	"2021222324252627282930313233343536373839" +
	"4041424344454647484950515253545556575859" +
	"6061626364656667686970717273747576777879" +
	"8081828384858687888990919293949596979899"

// number = 1*DIGIT
func (e *encoder) number(n uint32) { e.uint(uint64(n)) }

// nz-number = digit-nz *DIGIT
func (e *encoder) nzNumber(n uint32, what string) {
	if n == 0 {
		e.fail("%s is zero", what)
	}
	e.uint(uint64(n))
}

// number64 = 1*DIGIT
func (e *encoder) number64(n int64, what string) {
	if n < 0 {
		e.fail("%s is %d", what, n)
	}
	e.uint(uint64(n))
}
