package quota

// A Recount counts a root anew while it is in use. The folders are counted one
// after the other, each in a transaction of its own; a change of a folder that
// was counted already is told to the Recount in the transaction that makes it.
// What the Recount ends with is then the usage at its end, whatever happened in
// between, and the root shows its old usage until then. The zero value is ready.
//
// Three things are the caller's. Every folder is counted before Finish, those
// that came while counting included: count a new folder when it is created. A
// folder that the root ignores counts as nothing ([Rule.Charge]). And a Recount
// is changed in place: tell it what will be committed for certain, or keep it
// with the transaction, which takes it back.
type Recount struct {
	// Counted has the folders that were counted, with false for those that
	// were dropped and are back to nothing; Total is what they have now. That
	// is all there is to a Recount: a store may keep it, for another node to go
	// on with.
	Counted map[string]bool
	Total   Amounts
}

// Count adds what a folder has now. folder is what identifies it whatever its
// name. Counting a folder twice changes nothing, unless it was dropped: then it
// is back.
func (c *Recount) Count(folder string, has Amounts) {
	if !c.Counted[folder] {
		c.mark(folder, true)
		c.Total = c.Total.Plus(has)
	}
}

// Change tells that a folder grew and shrank.
func (c *Recount) Change(folder string, came, gone Amounts) {
	if _, known := c.Counted[folder]; known {
		c.mark(folder, true)
		c.Total = c.Total.Plus(came).Minus(gone)
	}
}

// Drop tells that a folder with so much in it left the root. It need not be
// counted any more, unless it comes back.
func (c *Recount) Drop(folder string, had Amounts) {
	if c.Counted[folder] {
		c.Total = c.Total.Minus(had)
	}
	c.mark(folder, false)
}

func (c *Recount) mark(folder string, counted bool) {
	if c.Counted == nil {
		c.Counted = make(map[string]bool)
	}
	c.Counted[folder] = counted
}

// Finish returns the root with the usage that was counted. What is reserved stays
// reserved.
func (c *Recount) Finish(r Root) Root {
	r.Used = c.Total
	return r
}
