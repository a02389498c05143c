package main

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/mailwire/mailwire/quota"
)

// A sizeFlag is a number of octets: 1048576, 1024K, 1M or 1MiB.
type sizeFlag int64

func (s *sizeFlag) String() string { return strconv.FormatInt(int64(*s), 10) }

// Set takes a number with a letter for the power of 1024, "iB" behind it or not.
func (s *sizeFlag) Set(text string) error {
	bad := errors.New("expected a size, such as 10MiB, 500K or 4096")
	digits := strings.TrimRight(text, "kKmMgGtTiB")
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil {
		return bad
	}
	var shift int
	switch strings.ToUpper(strings.TrimSuffix(text[len(digits):], "iB")) {
	case "":
		if digits != text {
			return bad
		}
	case "K":
		shift = 10
	case "M":
		shift = 20
	case "G":
		shift = 30
	case "T":
		shift = 40
	default:
		return bad
	}
	if n > math.MaxInt64>>shift {
		return errors.New("too large")
	}
	*s = sizeFlag(n << shift)
	return nil
}

// limits returns the quota of every user: octets are rounded up to the units of
// the protocol, and zero is no limit.
func (c *config) limits() (l quota.Limits) {
	if c.quota > 0 {
		l[quota.Storage] = quota.Hard(quota.Storage.Units(int64(c.quota)))
	}
	if c.quotaMessages > 0 {
		l[quota.Message] = quota.Hard(c.quotaMessages)
	}
	return l
}

// warnings are told to clients that have a mailbox open.
var warnings = []quota.Threshold{
	{Resource: quota.Storage, Percent: 90},
	{Resource: quota.Message, Percent: 90},
}
