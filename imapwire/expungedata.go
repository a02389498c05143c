package imapwire

// expunged-resp = "VANISHED" [SP "(EARLIER)"] SP known-uids
func (c *cursor) vanishedData() Response {
	r := &VanishedData{}
	c.sp("expunged-resp")
	if c.peek() == '(' {
		c.open("expunged-resp")
		if !c.acceptFold("EARLIER") {
			c.fail("expunged-resp", "EARLIER")
		}
		c.close("expunged-resp")
		c.sp("expunged-resp")
		r.Earlier = true
	}
	r.UIDs = c.uidSet("known-uids")
	return r
}

func (e *encoder) vanished(r *VanishedData) {
	e.raw("* VANISHED ")
	if r.Earlier {
		e.raw("(EARLIER) ")
	}
	e.uidSet(r.UIDs)
}
