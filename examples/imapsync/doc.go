// Command imapsync copies an account to another IMAP server: folders, messages,
// flags and internal dates. What is at the destination stays as it is, and nothing
// is deleted. It can be interrupted at any point and run again: a second run copies
// what the first did not.
//
//	imapsync -journal ada.journal -from imap://ada:secret@old.example.org/ -to imaps://ada:secret@new.example.org/
//
// Passwords may stand in IMAPSYNC_FROM_PASSWORD and IMAPSYNC_TO_PASSWORD instead.
// With imap the connection is secured by STARTTLS where the server announces it,
// and without it a password leaves only for this machine itself.
//
// # What was copied already
//
// The journal has a line for each message: what it is at the source, and what the
// destination made of it (APPENDUID, RFC 4315). It belongs to one pair of accounts.
// A message that it lacks is looked for at the destination, by Message-ID, size and
// internal date, and by its octets if it has no Message-ID. A message at the
// destination stands for one at the source, so that two alike are both copied.
//
// # How a message passes
//
// The source's engine gives its octets in the pieces in which they come, and they
// are pushed to the destination's: copy.go. When there is no room, the source is
// not read. There is no temporary file, and a message of any size takes the memory
// of one read and of one output queue.
//
// # Limits
//
// Flags that change after a message was copied are not carried over; subscriptions,
// quotas, rights and other users' folders are not copied. A level of a name that
// contains the delimiter of the destination has "_" there. A name that is only a
// parent of folders may become a folder. Servers that change octets on the way in,
// bare line feeds for example, need a journal, since sizes differ then.
package main
