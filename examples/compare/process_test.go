package main

import (
	"fmt"
	"os"
	"testing"
)

// A test is a server, too, when it is asked to be one; and what it measures is less.
func TestMain(m *testing.M) {
	if is, err := serving(); is {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	idleSessions, sharedSessions, bigFolder = 20, 20, 5000
	os.Exit(m.Run())
}

// A client takes whole answers, however long they are and whatever was buffered,
// and an answer that refuses is an error.
func TestLoad(t *testing.T) {
	for _, kind := range []string{kindOurs, kindV2} {
		s, err := startServer(kind, 300)
		if err != nil {
			t.Fatal(err)
		}
		defer s.close()
		c, err := dialLoad(s.addr, 1024)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for range 2 {
			if n, err := c.do([]byte("f UID FETCH 1:* (FLAGS)\r\n"), "f OK"); n != 301 || err != nil {
				t.Errorf("%s: %d lines, %v", kind, n, err)
			}
			commands, end := noops(7)
			if n, err := c.do(commands, end); n != 7 || err != nil {
				t.Errorf("%s: %d lines, %v", kind, n, err)
			}
		}
		if _, err := c.do([]byte("x SELECT Nowhere\r\n"), "x OK"); err == nil {
			t.Errorf("%s: a folder that does not exist was selected", kind)
		}
	}
}
