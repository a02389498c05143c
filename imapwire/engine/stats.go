package engine

// Stats are counters by which the cost of a conversation can be observed. They
// are the same on every machine and do not depend on how input was cut, with
// the exception of BytesRetained, which is what is held at the moment.
type Stats struct {
	BytesIn       int64 // octets fed and consumed
	BytesOut      int64 // octets reported written with Advance
	BytesRetained int64 // octets of input held in the engine's own buffers
	MaxRetained   int64 // the most that BytesRetained has been
	QueuedOut     int64 // octets of the engine's own in the output queue
	MaxQueuedOut  int64 // the most that QueuedOut has been
	Steps         int64 // octets looked at by framer and grammar, and values encoded
	MaxDepth      int   // deepest nesting parsed
	Commands      int64 // commands (server) or responses (client) completed
	Bad           int64 // of these, malformed ones
}
