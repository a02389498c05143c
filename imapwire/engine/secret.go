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

// FormatFields is the Format method of a pointer to a struct that holds secrets: v
// is the struct. Without one, package fmt shows what is behind a pointer inside
// another value as plain octets when the verb fits no pointer, as %s and %q do not.
// It shows the fields as %v does, with the flags that were given.
func FormatFields(f fmt.State, v any) {
	io.WriteString(f, "&")
	fmt.Fprintf(f, fmt.FormatString(f, 'v'), v)
}
