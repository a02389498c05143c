package main

import (
	"io"
	"math"
	"testing"

	"github.com/mailwire/mailwire/quota"
)

func TestSizeFlag(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "4096": 4096, "500K": 500 << 10, "500k": 500 << 10, "10M": 10 << 20, "10MiB": 10 << 20, "1KiB": 1024,
		"2G": 2 << 30, "2GiB": 2 << 30, "3T": 3 << 40, "9223372036854775807": math.MaxInt64, "8388607T": 8388607 << 40,
	} {
		var s sizeFlag
		if err := s.Set(text); err != nil || int64(s) != want {
			t.Errorf("%s is %d, %v, expected %d", text, s, err, want)
		}
	}
	for _, text := range []string{"", "K", "MiB", "10MB", "10 M", "-1", "1.5M", "10iB", "10B", "10KK", "10Mib", "0x10", "9223372036854775808", "8388608T", "1e6"} {
		var s sizeFlag
		if err := s.Set(text); err == nil {
			t.Errorf("%q is %d", text, s)
		}
	}
}

// TestUserQuota: the limits are each user's, also where the samples are more.
func TestUserQuota(t *testing.T) {
	c := config{users: userFlag{{"a", "x"}, {"b", "x"}}, quota: 1025, quotaMessages: 7}
	store, err := newStore(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range c.users {
		roots, err := store.Quota(u.name)
		if err != nil || len(roots) != 1 || roots[0].Limits[quota.Storage] != quota.Hard(2) || roots[0].Limits[quota.Message] != quota.Hard(7) || roots[0].Used[quota.Message] < 20 {
			t.Errorf("%s has %+v, %v", u.name, roots, err)
		}
	}
	store, err = newStore(t.Context(), config{users: c.users, empty: true})
	if err != nil {
		t.Fatal(err)
	}
	if roots, _ := store.Quota("a"); roots[0].Limits != (quota.Limits{}) {
		t.Errorf("without flags the limits are %+v", roots[0].Limits)
	}
	if err := serve(t.Context(), config{imap: "127.0.0.1:0", quotaMessages: -1}, io.Discard, io.Discard); err == nil {
		t.Error("a negative number of messages is taken")
	}
}
