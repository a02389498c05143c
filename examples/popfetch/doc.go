// Command popfetch fetches the mail of a POP3 account into an mbox file or a
// Maildir. It can be interrupted at any point and run again: what has arrived is
// not fetched twice, and nothing leaves the server before it is on the disk here.
//
//	popfetch -mbox FILE pops://ada:secret@pop.example.org          fetch, then delete
//	popfetch -keep -maildir DIR pop3://ada:secret@pop.example.org  fetch what is new
//
// The password may stand in POPFETCH_PASSWORD instead. With pop3 the connection is
// secured by STLS, without which popfetch speaks to this machine itself at most.
// It logs in with the best SASL mechanism that the server announces, with APOP, or
// with USER and PASS.
//
// # How a message passes
//
//	server's engine → BodyData, in pieces → draft, beside the box → box
//
// The draft is on the disk before the box changes, and the file of the state says
// that it comes: "ready". Then it is appended to the mbox, or renamed from tmp to
// new of the Maildir, and the state says "saved". A run that finds "ready" without
// "saved" looks how far the one before came, and does the rest. So a message comes
// once, wherever a run is killed: box.go, state.go.
//
// # What was fetched already
//
// The state remembers messages by unique-id (UIDL). Without -keep it holds those
// that wait for their deletion, which POP3 does with QUIT alone: when the
// connection breaks before, or the server says that it could not delete, the next
// run deletes them without fetching them again. A server without UIDL can not be
// used with -keep, and gives messages twice when a run is killed.
//
// # Limits
//
// Lines end in LF in the box, and mbox has ">" before lines that begin with "From "
// or with ">" and such (mboxrd). A message that came shorter than the server had
// said may have been cut at a line of one dot by a server that does not double
// them: it is saved, told, and stays on the server. The mbox is locked with fcntl,
// not with a second file. A Maildir may keep a file in tmp of a run that was
// killed; those who read it take such away after 36 hours.
package main
