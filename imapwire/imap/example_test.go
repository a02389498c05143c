package imap_test

import (
	"fmt"
	"time"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// From what a command names to the messages it means, and on to the next: the
// list of a session gives numbers their UIDs, and follows what it is told.
func Example() {
	told := imap.UIDListOf(imap.UIDSetOf(3, 4, 9)) // messages 1 to 3

	// FETCH 2:*
	set := imap.SetRange(2, imap.Star)
	for _, r := range set.Resolve(uint32(told.Len())) {
		fmt.Println("FETCH", set, "means UIDs", told.Slice(r))
	}

	// UID FETCH 20:*,1:4, where "*" is the last message
	set = imap.Set{Ranges: []imap.Range{{First: 20, Last: imap.Star}, {First: 1, Last: 4}}}
	uids := told.Intersect(set.ResolveUIDs(told.Max()))
	fmt.Println("UID FETCH", set, "means UIDs", uids)
	for u := range uids.All() {
		seq, _ := told.Seq(u)
		fmt.Printf("* %d FETCH (UID %d)\n", seq, u)
	}

	// Two messages arrive, then UID 4 is expunged.
	told = told.Append(imap.UIDSetOf(10, 12))
	fmt.Printf("* %d EXISTS\n", told.Len())
	gone, _ := told.Seq(4)
	told = told.Without(imap.UIDSetOf(4))
	fmt.Printf("* %d EXPUNGE\n", gone)
	fmt.Println("left:", told.Set())
	// Output:
	// FETCH 2:* means UIDs 4,9
	// UID FETCH 20:*,1:4 means UIDs 3:4,9
	// * 1 FETCH (UID 3)
	// * 2 FETCH (UID 4)
	// * 3 FETCH (UID 9)
	// * 5 EXISTS
	// * 2 EXPUNGE
	// left: 3,9:10,12
}

// Sessions that hold the same list go on from it each in their own way.
func ExampleUIDList_Append() {
	folder := imap.UIDListOf(imap.UIDSet{{First: 1, Last: 5}})
	quick := folder.Append(imap.UIDSetOf(6, 8))
	slow := folder.Append(imap.UIDSetOf(6)).Without(imap.UIDSetOf(2))
	fmt.Println(folder.Set(), quick.Set(), slow.Set())
	// Output: 1:5 1:6,8 1,3:6
}

func ExampleUIDList_Seq() {
	told := imap.UIDListOf(imap.UIDSetOf(3, 4, 9))
	fmt.Println(told.Seq(9))
	fmt.Println(told.Seq(5)) // none; the next larger is message 3
	// Output:
	// 3 true
	// 3 false
}

// "*" is the largest number there is, at whichever end it stands.
func ExampleSet_Resolve() {
	set := imap.Set{Ranges: []imap.Range{{First: 9, Last: imap.Star}, {First: 4, Last: 2}, {First: 3, Last: 3}}}
	fmt.Println(set, "in a folder of 7:", set.Resolve(7))
	// Output: 9:*,4:2,3 in a folder of 7: [{2 4} {7 9}]
}

func ExampleUIDSet() {
	var s imap.UIDSet
	s.Add(7)
	s.AddRange(imap.UIDRange{First: 1, Last: 5})
	s.Add(6)
	fmt.Println(s, s.Count(), s.Contains(6))
	fmt.Println(s.Minus(imap.UIDSetOf(3)), s.Intersect(imap.UIDSetOf(3, 9)))
	// Output:
	// 1:7 7 true
	// 1:2,4:7 3
}

// Long work goes in slices.
func ExampleUIDSet_Cut() {
	left := imap.UIDSet{{First: 1, Last: 5}, {First: 8, Last: 9}}
	for len(left) > 0 {
		fmt.Println(left.Cut(3))
	}
	// Output:
	// 1:3
	// 4:5,8
	// 9
}

func ExampleEncodeMailbox() {
	wire := imap.EncodeMailbox("Entwürfe & mehr", false)
	fmt.Println(wire)
	name, err := imap.DecodeMailbox(wire, false)
	fmt.Println(name, err)
	fmt.Println(imap.EncodeMailbox("Entwürfe & mehr", true)) // UTF-8 is in force
	// Output:
	// Entw&APw-rfe &- mehr
	// Entwürfe & mehr <nil>
	// Entwürfe & mehr
}

// What no name encodes to is no name, but can be shown.
func ExampleDisplayMailbox() {
	wire := "me&AEA-home" // "@" does not need a shift
	_, err := imap.DecodeMailbox(wire, false)
	fmt.Println(err)
	fmt.Println(imap.DisplayMailbox(wire, false))
	// Output:
	// imap: mailbox name is not valid in its encoding
	// me&AEA-home
}

func ExampleFlag_Equal() {
	fmt.Println(imap.Flag(`\seen`).Equal(imap.FlagSeen), imap.Flag(`\SEEN`).Canonical())
	// Output: true \Seen
}

// Flags as the keys of a map.
func ExampleFlag_Fold() {
	count := map[string]int{}
	for _, f := range []imap.Flag{"$Junk", "$junk", `\Seen`} {
		count[f.Fold()]++
	}
	fmt.Println(count)
	// Output: map[$junk:2 \seen:1]
}

func ExampleParseDate() {
	d, err := imap.ParseDate("5-jan-2026")
	fmt.Println(d, err, d.Compare(imap.DateOf(time.Date(2026, 1, 6, 0, 0, 0, 0, time.UTC))))
	_, err = imap.ParseDate("29-Feb-2026")
	fmt.Println(err)
	// Output:
	// 5-Jan-2026 <nil> -1
	// imap: not a date
}

func ExampleParseDateTime() {
	t, err := imap.ParseDateTime(" 5-Jan-2026 08:30:00 +0100")
	fmt.Println(t.UTC(), err)
	fmt.Println(string(imap.AppendDateTime(nil, t)))
	// Output:
	// 2026-01-05 07:30:00 +0000 UTC <nil>
	// " 5-Jan-2026 08:30:00 +0100"
}
