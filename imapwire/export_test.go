package imapwire

// ResponseFrames are the responses of the tables of the formal syntax: what is
// read, and what is refused.
func ResponseFrames() [][]byte { return ruleFrames(true) }

// CheckResponseFixpoint holds a frame to invariant 3.
var CheckResponseFixpoint = checkResponseFixpoint
