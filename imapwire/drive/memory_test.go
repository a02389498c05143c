package drive_test

import (
	"bytes"
	"net"
	"runtime"
	"testing"
)

// TestRestingMemory: a session that rests with a folder selected holds a stack of
// 4 KiB and about as much of the heap, its connection included.
func TestRestingMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector needs more")
	}
	const sessions = 200
	dial := serveStore(t, sessions+1)
	hold := func() (heap, stack int64) {
		// A stack shrinks by half in each collection.
		for range 4 {
			runtime.GC()
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc), int64(m.StackInuse)
	}
	conns := make([]net.Conn, 0, sessions+1)
	connect := func() {
		c := dial(t)
		conns = append(conns, c)
		do(t, c, "a LOGIN u p\r\nb SELECT INBOX\r\n", "b OK")
	}
	connect() // what is there once for all is there
	heap, stack := hold()
	for range sessions {
		connect()
	}
	heapAfter, stackAfter := hold()
	heap, stack = (heapAfter-heap)/sessions, (stackAfter-stack)/sessions
	t.Logf("%d octets of heap, %d of stack", heap, stack)
	// The client's half of the connection is in the same process.
	if heap > 6<<10 || stack > 6<<10 {
		t.Errorf("a session that rests holds %d octets of heap, %d of stack", heap, stack)
	}
	for _, c := range conns {
		c.Close()
	}
}

// do writes commands and reads up to what is awaited.
func do(tb testing.TB, c net.Conn, commands, end string) {
	tb.Helper()
	if _, err := c.Write([]byte(commands)); err != nil {
		tb.Fatal(err)
	}
	buf := make([]byte, 8<<10)
	for n := 0; !bytes.Contains(buf[:n], []byte(end)); {
		k, err := c.Read(buf[n:])
		if err != nil {
			tb.Fatal(err)
		}
		n += k
	}
}
