package engine

import (
	"errors"
	"fmt"
)

var (
	// ErrBusy: Feed was called while the engine still has events to report or
	// waits for something else. Nothing was consumed.
	ErrBusy = errors.New("engine: fed while events, a decision or an answer are outstanding")
	// ErrNotNow: the response may not be sent at this moment; nothing was
	// queued. It may be sent later.
	ErrNotNow = errors.New("engine: not allowed at this moment")
	// ErrClosed: the conversation is over.
	ErrClosed = errors.New("engine: connection closed")
	// ErrUnknownID: no command with that ID awaits this call.
	ErrUnknownID = errors.New("engine: no such command in progress")
	// ErrTimeout: the deadline passed; it stands in the Closed event.
	ErrTimeout = errors.New("engine: time-out")
	// ErrProtocol: the peer speaks another protocol, or broke one in a way
	// after which nothing it says can be trusted.
	ErrProtocol = errors.New("engine: protocol error")
	// ErrTooManyErrors: the peer's mistakes exceeded Limits.Bad.
	ErrTooManyErrors = errors.New("engine: too many bad commands")
)

// A SyntaxError is a mistake in what the peer sent. It costs the command or
// response it stands in, never the connection.
type SyntaxError struct {
	// Offset counts octets from the start of the command or response.
	Offset int64
	// Production is the ABNF rule that was being read.
	Production string
	// Expected says what should have stood at Offset, in words.
	Expected string
	// Got is what stood there, cut to a few octets; empty at the end.
	Got string
	// Tag is the tag of the command, as far as it was readable.
	Tag string
	// Err is a cause with a type of its own, or nil.
	Err error
}

const maxGot = 24

// CutGot returns the octets of b that a [SyntaxError] quotes.
func CutGot(b []byte) string { return string(b[:min(len(b), maxGot)]) }

func (e *SyntaxError) Error() string {
	msg := fmt.Sprintf("syntax error at octet %d", e.Offset)
	if e.Production != "" {
		msg += " in " + e.Production
	}
	if e.Expected != "" {
		msg += ": expected " + e.Expected
		if e.Got == "" {
			msg += ", got the end"
		} else {
			msg += fmt.Sprintf(", got %q", e.Got)
		}
	}
	if e.Err != nil {
		msg += ": " + e.Err.Error()
	}
	return msg
}

// Unwrap returns e.Err.
func (e *SyntaxError) Unwrap() error { return e.Err }

// A LimitError reports that the peer exceeded a limit. It does not depend on
// how its bytes were cut into reads.
type LimitError struct {
	// Name is the field of the Limits struct.
	Name string
	// Cap is the limit in force.
	Cap int64
	// Got is the number that exceeded it, as far as it is known: for a length
	// that never ended, Cap+1.
	Got int64
	// Offset counts octets from the start of the command or response to the
	// first one too many.
	Offset int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("limit %s of %d exceeded (%d) at octet %d", e.Name, e.Cap, e.Got, e.Offset)
}
