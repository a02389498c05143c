package sasl

import "unicode/utf8"

// Anonymous is the name of the mechanism of RFC 4505.
const Anonymous = "ANONYMOUS"

// maxTrace is the most characters of trace information (RFC 4505 §2).
const maxTrace = 255

type anonymousServer struct{}

// message = [ email / token ]
func (anonymousServer) step(response []byte) (Step, error) {
	trace := string(response)
	if !traceable(trace) {
		return nil, ErrSyntax
	}
	return &Authenticated{Anonymous: true, Trace: trace}, nil
}

// traceable reports whether s keeps to the "trace" profile of RFC 4505 §3, as
// to its characters: those that would write something else into a log than
// they seem to are what it prohibits.
func traceable(s string) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxTrace {
		return false
	}
	for _, r := range s {
		// The profile is SASLprep's but for these two (RFC 3454, C.1.2 and C.7).
		if in(prohibited, r) && !in(spaces, r) && !(0x2FF0 <= r && r <= 0x2FFB) {
			return false
		}
	}
	return bidirectional(s)
}

func newAnonymousClient(o ClientOptions) (clientSide, error) {
	if !traceable(o.Trace) {
		return nil, ErrCredentials
	}
	return oneMessage(o.Trace), nil
}
