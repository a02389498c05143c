package pop3client

// bodyPiece takes a piece of a message. It is part of the input, and told as
// such.
func (c *Conn) bodyPiece() {
	m, cmd := &c.multi, c.cmds[0]
	piece, n, done := m.unstuff.Next(c.in)
	c.used(n)
	if len(piece) > 0 {
		m.size += int64(len(piece))
		c.piece = BodyData{ID: cmd.id, Data: piece}
		c.event(&c.piece)
	}
	if done {
		s, size := m.status, m.size
		c.multi = multi{}
		c.event(&BodyEnd{ID: cmd.id, Size: size})
		c.done(cmd, s, nil)
	}
}
