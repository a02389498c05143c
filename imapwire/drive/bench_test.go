package drive_test

import (
	"bytes"
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

// BenchmarkNoop is a command of those that are sent in 64s over loopback.
func BenchmarkNoop(b *testing.B) {
	store := memstore.New(memstore.Options{Now: time.Now})
	if err := store.AddUser("u", "p"); err != nil {
		b.Fatal(err)
	}
	mail, err := imapserve.NewServer(store, imapserve.Options{Auth: store, PlaintextAuth: engine.PlaintextLoopback})
	if err != nil {
		b.Fatal(err)
	}
	defer mail.Close()
	srv := &drive.Server{NewSession: func(info drive.Info) (drive.Session, error) {
		return mail.Session(info.Now, imapserve.Info{Security: info.Security})
	}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error)
	go func() { served <- srv.Serve(ctx, l) }()
	defer func() {
		cancel()
		if err := <-served; err != nil {
			b.Error(err)
		}
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	buf := make([]byte, 32<<10)
	do := func(commands, end string) {
		if _, err := c.Write([]byte(commands)); err != nil {
			b.Fatal(err)
		}
		for n := 0; !bytes.Contains(buf[:n], []byte(end)); {
			k, err := c.Read(buf[n:])
			if err != nil {
				b.Fatal(err)
			}
			n += k
		}
	}
	do("a LOGIN u p\r\nb SELECT INBOX\r\n", "b OK")
	const depth = 64
	commands := strings.Repeat("n NOOP\r\n", depth-1) + "e NOOP\r\n"
	b.ReportAllocs()
	for b.Loop() {
		do(commands, "e OK")
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*depth), "ns/command")
}
