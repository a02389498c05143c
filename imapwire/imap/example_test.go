package imap_test

import (
	"fmt"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// From what a command names to the UIDs it means: numbers resolve against what
// the session has been told.
func Example() {
	told := imap.UIDListOf(imap.UIDSetOf(3, 4, 9)) // numbers 1 to 3
	set := imap.SetRange(2, imap.Star)             // 2:*
	for _, r := range set.Resolve(uint32(told.Len())) {
		fmt.Println(told.Slice(r))
	}
	fmt.Println(told.Intersect(set.ResolveUIDs(told.Max())))
	// Output:
	// 4,9
	// 3:4,9
}

func ExampleEncodeMailbox() {
	wire := imap.EncodeMailbox("Entwürfe & mehr", false)
	fmt.Println(wire)
	name, err := imap.DecodeMailbox(wire, false)
	fmt.Println(name, err)
	_, err = imap.DecodeMailbox("&AEA-", false) // "@", which is not encoded
	fmt.Println(err)
	// Output:
	// Entw&APw-rfe &- mehr
	// Entwürfe & mehr <nil>
	// imap: mailbox name is not valid in its encoding
}

func ExampleFlag_Equal() {
	fmt.Println(imap.Flag(`\seen`).Equal(imap.FlagSeen), imap.Flag(`\SEEN`).Canonical())
	// Output: true \Seen
}
