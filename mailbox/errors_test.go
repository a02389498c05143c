package mailbox_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/mailwire/mailwire/mailbox"
)

func TestFloorError(t *testing.T) {
	err := fmt.Errorf("reading: %w", &mailbox.FloorError{Floor: 17})
	var floor *mailbox.FloorError
	if !errors.As(err, &floor) || floor.Floor != 17 {
		t.Fatalf("%v is not a FloorError", err)
	}
	if got, want := floor.Error(), "mailbox: changes before modseq 17 are gone"; got != want {
		t.Errorf("got %q, expected %q", got, want)
	}
}

// TestAllUIDs: the set is every UID and nothing else.
func TestAllUIDs(t *testing.T) {
	if n := mailbox.AllUIDs.Count(); n != 1<<32-1 {
		t.Errorf("AllUIDs has %d members", n)
	}
}
