package drive_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// serveStore serves a store in memory, with the user u of password p, over
// loopback, and returns what connects to it.
func serveStore(tb testing.TB, conns int) (dial func(testing.TB) net.Conn) {
	tb.Helper()
	store := memstore.New(memstore.Options{Now: time.Now})
	if err := store.AddUser("u", "p"); err != nil {
		tb.Fatal(err)
	}
	mail, err := imapserve.NewServer(store, imapserve.Options{Auth: store, PlaintextAuth: engine.PlaintextLoopback})
	if err != nil {
		tb.Fatal(err)
	}
	srv := &drive.Server{MaxConnsPerUser: conns, NewSession: func(info drive.Info) (drive.Session, error) {
		return mail.Session(info.Now, imapserve.Info{Security: info.Security})
	}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error)
	go func() { served <- srv.Serve(ctx, l) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			tb.Error(err)
		}
		mail.Close()
	})
	return func(tb testing.TB) net.Conn {
		tb.Helper()
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			tb.Fatal(err)
		}
		return c
	}
}

// BenchmarkNoop is a command of those that are sent in 64s over loopback.
func BenchmarkNoop(b *testing.B) {
	c := serveStore(b, 1)(b)
	defer c.Close()
	do(b, c, "a LOGIN u p\r\nb SELECT INBOX\r\n", "b OK")
	const depth = 64
	commands := strings.Repeat("n NOOP\r\n", depth-1) + "e NOOP\r\n"
	b.ReportAllocs()
	for b.Loop() {
		do(b, c, commands, "e OK")
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*depth), "ns/command")
}
