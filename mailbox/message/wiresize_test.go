package message

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// naiveWire is the wire form by definition: bare LFs become CRLF, and a message
// that does not end with a line end gets one.
func naiveWire(msg []byte) []byte {
	var out []byte
	for i, c := range msg {
		if c == '\n' && (i == 0 || msg[i-1] != '\r') {
			out = append(out, '\r')
		}
		out = append(out, c)
	}
	if len(out) > 0 && out[len(out)-1] != '\n' {
		out = append(out, '\r', '\n')
	}
	return out
}

func checkWire(t *testing.T, msg []byte, chunk int) {
	t.Helper()
	want := naiveWire(msg)
	var w WireCounter
	for rest := msg; len(rest) > 0; {
		n := min(max(chunk, 1), len(rest))
		if k, err := w.Write(rest[:n]); k != n || err != nil {
			t.Fatalf("Write: %d, %v", k, err)
		}
		rest = rest[n:]
		// What was written so far might be all.
		if so := msg[:len(msg)-len(rest)]; len(so) < 64 && w.Size() != int64(len(naiveWire(so))) {
			t.Fatalf("%q in %d: %d, want %d", so, chunk, w.Size(), len(naiveWire(so)))
		}
	}
	if w.Size() != int64(len(want)) {
		t.Fatalf("%q in %d: %d, want %d", msg, chunk, w.Size(), len(want))
	}
	for _, r := range []io.Reader{
		WireReader(bytes.NewReader(msg)),
		iotest.OneByteReader(WireReader(bytes.NewReader(msg))),
		WireReader(iotest.OneByteReader(bytes.NewReader(msg))),
		WireReader(iotest.DataErrReader(bytes.NewReader(msg))),
	} {
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%q: %q, %v, want %q", msg, got, err, want)
		}
	}
}

func TestWire(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"a", "a\r\n"},
		{"a\n", "a\r\n"},
		{"a\r\n", "a\r\n"},
		{"a\r", "a\r\r\n"},
		{"\n", "\r\n"},
		{"\r\n", "\r\n"},
		{"\r", "\r\r\n"},
		{"\n\n", "\r\n\r\n"},
		{"\r\n\n\r\n", "\r\n\r\n\r\n"},
		{"\r\r\n", "\r\r\n"},
		{"a\rb\nc", "a\rb\r\nc\r\n"},
		{"\n\r", "\r\n\r\r\n"},
		{"\x00", "\x00\r\n"},
		{"\x00\n", "\x00\r\n"},
		{".\n..\n", ".\r\n..\r\n"},
	} {
		if got := readAll(t, WireReader(strings.NewReader(tt.in))); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
		}
		for chunk := 1; chunk <= len(tt.in)+1; chunk++ {
			checkWire(t, []byte(tt.in), chunk)
		}
	}
	// Every message of three kinds of octet, in every chunking by size.
	var all func(prefix []byte)
	all = func(prefix []byte) {
		for chunk := 1; chunk <= 3; chunk++ {
			checkWire(t, prefix, chunk)
		}
		if len(prefix) < 6 {
			for _, c := range "a\r\n" {
				all(append(prefix[:len(prefix):len(prefix)], byte(c)))
			}
		}
	}
	all(nil)
	// Lines ends around the buffer of the reader.
	for n := 4090; n < 4100; n++ {
		for _, end := range []string{"\r\n", "\n", "\r", "\n\n"} {
			checkWire(t, []byte(strings.Repeat("x", n)+end+"y"), 1000)
			checkWire(t, []byte(strings.Repeat("x", n)+end), 1000)
		}
	}
}

func TestWireReaderErrors(t *testing.T) {
	for _, in := range []string{"", "a", "a\n", "a\r"} {
		r := WireReader(io.MultiReader(strings.NewReader(in), iotest.ErrReader(errBroken)))
		got, err := io.ReadAll(r)
		if want := bytes.TrimSuffix(naiveWire([]byte(in+"x")), []byte("x\r\n")); err != errBroken || !bytes.Equal(got, want) {
			t.Errorf("%q: %q, %v, want %q", in, got, err, want)
		}
		if n, err := r.Read(make([]byte, 1)); n != 0 || err != errBroken {
			t.Errorf("%q: again: %d, %v", in, n, err)
		}
	}
	if n, err := WireReader(strings.NewReader("a")).Read(nil); n != 0 || err != nil {
		t.Errorf("no room: %d, %v", n, err)
	}
}
