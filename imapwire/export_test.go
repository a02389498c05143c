package imapwire

// ResponseFrames are the responses of the tables of the formal syntax: what is
// read, and what is refused.
func ResponseFrames() [][]byte { return ruleFrames(true) }

// CheckResponseFixpoint holds a frame to invariant 3.
var CheckResponseFixpoint = checkResponseFixpoint

// CheckPlain holds a FETCH response that is read without the grammar to what the
// grammar reads.
var CheckPlain = checkPlain
