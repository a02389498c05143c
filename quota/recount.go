package quota

// A Recount counts a root anew while it is in use. The folders are counted one
// after the other, each in a transaction of its own; a change of a folder that
// was counted already is told to the Recount in the transaction that makes it.
// What the Recount ends with is then the usage at its end, whatever happened in
// between, and the root shows its old usage until then. The zero value is ready.
type Recount struct {
	counted map[string]bool
	total   Amounts
}

// Count adds what a folder has now. Counting a folder twice changes nothing.
func (c *Recount) Count(folder string, has Amounts) {
	if c.counted[folder] {
		return
	}
	if c.counted == nil {
		c.counted = make(map[string]bool)
	}
	c.counted[folder] = true
	c.total = c.total.Plus(has)
}

// Change tells that a folder grew and shrank.
func (c *Recount) Change(folder string, came, gone Amounts) {
	if c.counted[folder] {
		c.total = c.total.Plus(came).Minus(gone)
	}
}

// Drop tells that a folder with so much in it left the root.
func (c *Recount) Drop(folder string, had Amounts) {
	if c.counted[folder] {
		c.total = c.total.Minus(had)
	}
	// What is not there need not be counted any more.
	c.Count(folder, Amounts{})
}

// Finish returns the root with the usage that was counted.
func (c *Recount) Finish(r Root) Root {
	r.Used = c.total
	return r
}
