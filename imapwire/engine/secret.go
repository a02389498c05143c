package engine

import (
	"fmt"
	"io"
)

// A Secret is a string that does not show itself: under every verb of package
// fmt, in package log/slog and as text or JSON it reads as [redacted].
// Convert it to string to use it.
type Secret string

// Redacted is what stands in place of a secret.
const Redacted = "[redacted]"

// Format writes Redacted, whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, Redacted) }

// String returns Redacted.
func (Secret) String() string { return Redacted }

// GoString returns Redacted.
func (Secret) GoString() string { return Redacted }

// MarshalText returns Redacted.
func (Secret) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// MarshalJSON returns Redacted as a JSON string.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + Redacted + `"`), nil }
