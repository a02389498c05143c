package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	imapv2 "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"github.com/mailwire/mailwire/imapwire/drive"
	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox/imapserve"
	"github.com/mailwire/mailwire/mailbox/memstore"
)

// How servers are run
//
// A server runs in a process of its own, so that its clients cost it neither time
// nor memory: this program once more, with what to serve in the environment. It
// prints its address, answers each line of its input, which is a question, and ends
// when its input does: at the latest with the process that measures.

// serveEnv names the variable that makes a process a server: a kind and the number
// of messages in INBOX.
const serveEnv = "COMPARE_SERVE"

// The kinds of servers, ours and that of go-imap v2.
const (
	kindOurs = "mailwire"
	kindV2   = "go-imap"
)

// The account that every server has.
const (
	userName = "user"
	password = "pass"
)

// serving serves, if this process is to be a server, until its input ends.
func serving() (is bool, err error) {
	kind, messages, is := strings.Cut(os.Getenv(serveEnv), " ")
	if !is {
		return false, nil
	}
	n, err := strconv.Atoi(messages)
	if err != nil {
		return true, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return true, err
	}
	serve := serveOurs
	if kind == kindV2 {
		serve = serveV2
	}
	if err := serve(l, n); err != nil {
		return true, err
	}
	fmt.Println(l.Addr())
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		if err := json.NewEncoder(os.Stdout).Encode(answerTo(in.Text())); err != nil {
			return true, err
		}
	}
	return true, in.Err()
}

// processor is the processor time that the process has used.
func (s *server) processor() (time.Duration, error) {
	n, err := s.ask(askTime)
	return n.Processor, err
}

// The questions to a server's process.
const (
	askTime   = "time"
	askMemory = "memory"
)

// A numbers is what a server's process answers: the processor time it has used, or
// what it holds, in octets, once everything is given back that can be.
type numbers struct {
	Processor     time.Duration
	Resident, Own int64 // Own is the heap and the stacks
}

func answerTo(question string) (n numbers) {
	if question == askTime {
		n.Processor, _ = processorTime()
		return n
	}
	// What a pool gives up lives through one collection, and a stack shrinks by
	// half in each.
	for range 3 {
		runtime.GC()
	}
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	n.Own = int64(m.HeapAlloc + m.StackInuse)
	n.Resident = resident()
	return n
}

// resident returns the memory of this process that is in RAM; 0 where /proc does
// not tell.
func resident() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	if fields := strings.Fields(string(b)); len(fields) > 1 {
		pages, _ := strconv.ParseInt(fields[1], 10, 64)
		return pages * int64(os.Getpagesize())
	}
	return 0
}

// A server is a server's process as its clients have it.
type server struct {
	addr string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
}

// startServer starts a server of a kind with so many messages in INBOX.
func startServer(kind string, messages int) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &server{cmd: exec.Command(self)}
	s.cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d", serveEnv, kind, messages))
	s.cmd.Stderr = os.Stderr
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s.out = bufio.NewReader(out)
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := s.out.ReadString('\n')
	if err != nil {
		s.close()
		return nil, fmt.Errorf("the server %s: %w", kind, err)
	}
	s.addr = strings.TrimSpace(line)
	return s, nil
}

func (s *server) close() {
	s.in.Close()
	s.cmd.Wait()
}

// ask asks the process a question.
func (s *server) ask(question string) (n numbers, err error) {
	if _, err := io.WriteString(s.in, question+"\n"); err != nil {
		return n, err
	}
	line, err := s.out.ReadBytes('\n')
	if err != nil {
		return n, err
	}
	return n, json.Unmarshal(line, &n)
}

// The messages of both servers: small, every other one \Seen, and each a minute
// younger than the one before.
const message = "From: ada@example.org\r\nTo: bob@example.org\r\nSubject: hello\r\nDate: Mon, 2 Feb 2026 10:00:00 +0000\r\n\r\nHello.\r\n"

var firstDate = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

func isSeen(i int) bool { return i%2 == 0 }

func dateOf(i int) time.Time { return firstDate.Add(time.Duration(i) * time.Minute) }

// serveOurs is the server of the README, which lets one user have more than fifty
// connections.
func serveOurs(l net.Listener, messages int) error {
	store := memstore.New(memstore.Options{Now: time.Now})
	if err := store.AddUser(userName, password); err != nil {
		return err
	}
	if err := fillOurs(store, messages); err != nil {
		return err
	}
	mail, err := imapserve.NewServer(store, imapserve.Options{Auth: store, PlaintextAuth: engine.PlaintextLoopback})
	if err != nil {
		return err
	}
	srv := &drive.Server{
		NewSession: func(info drive.Info) (drive.Session, error) {
			return mail.Session(info.Now, imapserve.Info{Security: info.Security})
		},
		MaxConns: 2 * idleSessions, MaxConnsPerUser: 2 * idleSessions,
	}
	go func() { log.Fatal(srv.Serve(context.Background(), l)) }()
	return nil
}

func fillOurs(store *memstore.Store, messages int) error {
	ctx := context.Background()
	user, err := store.User(ctx, userName)
	if err != nil {
		return err
	}
	defer user.Close()
	inbox, err := user.Open(ctx, "INBOX")
	if err != nil {
		return err
	}
	defer inbox.Close()
	for i := 0; i < messages; {
		tx, err := inbox.Append(ctx)
		if err != nil {
			return err
		}
		for range min(1000, messages-i) {
			var flags []imap.Flag
			if isSeen(i) {
				flags = []imap.Flag{imap.FlagSeen}
			}
			w, err := tx.Message(int64(len(message)), flags, dateOf(i))
			if err != nil {
				return err
			}
			if _, err := io.WriteString(w, message); err != nil {
				return err
			}
			i++
		}
		if _, err := tx.Commit(); err != nil {
			return err
		}
	}
	// Nothing is recent for the sessions to come.
	_, err = inbox.ClaimRecent(ctx)
	return err
}

// serveV2 is the server that go-imap v2 has for tests, with the options of its
// command.
func serveV2(l net.Listener, messages int) error {
	mem := imapmemserver.New()
	user := imapmemserver.NewUser(userName, password)
	if err := user.Create("INBOX", nil); err != nil {
		return err
	}
	for i := range messages {
		opt := &imapv2.AppendOptions{Time: dateOf(i)}
		if isSeen(i) {
			opt.Flags = []imapv2.Flag{imapv2.FlagSeen}
		}
		if _, err := user.Append("INBOX", literal{strings.NewReader(message)}, opt); err != nil {
			return err
		}
	}
	mem.AddUser(user)
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		Caps:         imapv2.CapSet{imapv2.CapIMAP4rev1: {}, imapv2.CapIMAP4rev2: {}},
		InsecureAuth: true,
	})
	go func() { log.Fatal(srv.Serve(l)) }()
	return nil
}

// A literal is a message as go-imap takes it.
type literal struct{ *strings.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }

var errAnswer = errors.New("the server answers something else")
