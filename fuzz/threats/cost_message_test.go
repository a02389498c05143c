package threats

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox/message"
)

// How the cost of a parser without counters is counted
//
// Package message counts nothing of its own work, and the engines of POP3 count octets
// and commands. What counts everything is the compiler: the tests of this package are
// built with the counters of go test -covermode=count in those packages, and run once
// for each size, with all families. How often each statement was run is the same on
// every machine, and says where what is not linear stands. What the standard library
// does in one statement, such as looking for an octet, is one; octets read and
// allocated are counted by TestCostPOP3, and by the tests of package message.

// countedPackages are those whose statements are counted.
var countedPackages = []string{
	"mailbox/message", "pop3wire", "pop3wire/pop3server", "pop3wire/pop3client", "imapwire/engine", "imapwire/sasl",
}

// countedSizes are those of a run, each ten times the one before.
var countedSizes = []int{200, 2_000, 20_000}

// mostPerUnit is how often a statement may be run for each unit of the size, all
// families together, whatever that is in times of the size before: limits and the
// window in which a message is read begin to show at one size only.
const mostPerUnit = 200

// messageCosts are the families: each does something of a size in units of the
// attack.
var messageCosts = map[string]func(n int){
	"address fields":      func(n int) { parseMessage(strings.Repeat("To: a@b\n", 5*n)) },
	"addresses":           func(n int) { parseMessage("To: " + strings.Repeat("a@b,", 5*n)) },
	"addresses, all":      func(n int) { message.ParseAddresses(strings.Repeat("\"a\" <b@c>,", n), n) },
	"groups":              func(n int) { message.ParseAddresses(strings.Repeat("g:a@b;", n), 2*n) },
	"semicolons":          func(n int) { message.ParseAddresses(strings.Repeat(";", n), n) },
	"open comments":       func(n int) { message.ParseAddresses(strings.Repeat("(", n), n) },
	"comments":            func(n int) { message.ParseAddresses("a@b "+strings.Repeat("(x)", n), n) },
	"open routes":         func(n int) { message.ParseAddresses(strings.Repeat("<@a,", n), n) },
	"open quotes":         func(n int) { message.ParseAddresses(strings.Repeat("\"", n), n) },
	"backslashes":         func(n int) { message.ParseAddresses("\""+strings.Repeat("\\", n), n) },
	"open domains":        func(n int) { message.ParseAddresses(strings.Repeat("a@[", n), n) },
	"words":               func(n int) { message.ParseAddresses(strings.Repeat("a ", n), n) },
	"words and a domain":  func(n int) { message.ParseAddresses(strings.Repeat("a ", n)+"@b"+strings.Repeat(" @c", n), n) },
	"header fields":       func(n int) { parseMessage(strings.Repeat("X-Field: value\n", n)) },
	"kept fields":         func(n int) { parseMessage(strings.Repeat("Subject: x\nDate: x\n", n)) },
	"folded lines":        func(n int) { parseMessage("Subject: x\n" + strings.Repeat(" x\n", n)) },
	"lines that are none": func(n int) { parseMessage(strings.Repeat("no field\n", n)) },
	"parameters":          func(n int) { parseMessage("Content-Type: text/plain" + strings.Repeat(";a=b", n)) },
	"pieces of one":       func(n int) { message.DecodeParams(pieces(n, func(i int) int { return i })) },
	"pieces, reversed":    func(n int) { message.DecodeParams(pieces(n, func(i int) int { return n - i })) },
	"pieces, all alike":   func(n int) { message.DecodeParams(pieces(n, func(int) int { return 1 })) },
	"percent": func(n int) {
		message.DecodeParams([]imap.Param{{Name: "a*", Value: "utf-8''" + strings.Repeat("%4", n)}})
	},
	"parts": func(n int) { parseMessage(mixed + strings.Repeat("--b\n\n", n)) },
	"parts with headers": func(n int) {
		parseMessage(mixed + strings.Repeat("--b\nContent-Type: text/html; a=b\nContent-ID: x\n\n\n", n))
	},
	"almost boundaries": func(n int) { parseMessage(mixed + strings.Repeat("--bb\n", n)) },
	"ends":              func(n int) { parseMessage(mixed + strings.Repeat("--b--\n", n)) },
	"messages":          func(n int) { parseMessage(strings.Repeat("Content-Type: message/rfc822\n\n", n)) },
	"multiparts":        func(n int) { parseMessage(strings.Repeat(mixed+"--b\n", n)) },
	"prefixes of each other": func(n int) {
		var b strings.Builder
		for i := range min(n, 90) {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=%s\n\n--%s\n", strings.Repeat("a", i%70+1), strings.Repeat("a", i%70+1))
		}
		for i := range n {
			b.WriteString("\n--" + strings.Repeat("a", i%80+1) + "\n")
		}
		parseMessage(b.String())
	},
	"encoded words":        func(n int) { message.DecodeWords(strings.Repeat("=?utf-8?q?x?= ", n)) },
	"words of charsets":    func(n int) { message.DecodeWords(strings.Repeat("=?utf-8?b?w?= =?x?q??=", n)) },
	"starts of words":      func(n int) { message.DecodeWords(strings.Repeat("=?", n)) },
	"words without an end": func(n int) { message.DecodeWords(strings.Repeat("=?a?q?", n)) },
	"base64": func(n int) {
		io.Copy(io.Discard, message.TransferReader("base64", strings.NewReader(strings.Repeat("AA=\n", n))))
	},
	"quoted-printable": func(n int) {
		io.Copy(io.Discard, message.TransferReader("quoted-printable", strings.NewReader(strings.Repeat("= \r\n", n))))
	},
	"wire form": func(n int) { io.Copy(io.Discard, message.WireReader(strings.NewReader(strings.Repeat("\r\n\r", n)))) },
	"sections": func(n int) {
		msg := strings.Repeat("X-Field: value\nY: z\n", n) + "\n"
		x := parseMessage(msg)
		names := make([]string, n)
		for i := range names {
			names[i] = "X-" + strconv.Itoa(i)
		}
		x.Section(strings.NewReader(msg), imap.Section{Specifier: imap.SpecifierHeaderFields, Fields: names})
		x.Section(strings.NewReader(msg), imap.Section{Specifier: imap.SpecifierHeaderFieldsNot, Fields: names})
		x.Section(strings.NewReader(msg), imap.Section{Part: slices.Repeat([]uint32{1}, n)})
		c, _, _ := x.Section(strings.NewReader(msg), imap.Section{})
		c.Slice(1<<63-1, 1<<63-1)
		c.Slice(1, 1<<63-1)
	},
	"binary form": func(n int) {
		x := parseMessage(mixed + strings.Repeat("--b\nContent-Type: text/html; a=b\n\n", n))
		b, _ := x.AppendBinary(nil)
		new(message.Index).UnmarshalBinary(b)
	},
}

const mixed = "Content-Type: multipart/mixed; boundary=b\n\n"

// pieces are the pieces of one parameter, numbered as number says.
func pieces(n int, number func(i int) int) (list []imap.Param) {
	for i := range n {
		list = append(list, imap.Param{Name: fmt.Sprintf("a*%d*", number(i)), Value: "x"})
	}
	return list
}

func parseMessage(s string) *message.Index {
	x, err := message.Parse(strings.NewReader(s), int64(len(s)), message.Limits{})
	if err != nil {
		panic(err)
	}
	x.BodyStructure()
	return x
}

// TestCounted is what TestCostCounted runs, in another process.
func TestCounted(t *testing.T) {
	size, err := strconv.Atoi(os.Getenv("MAILWIRE_COUNTED"))
	if err != nil {
		t.Skip("it is run by TestCostCounted")
	}
	for _, f := range messageCosts {
		f(size)
	}
	for _, f := range popCosts {
		f(size)
	}
}

// countedTests builds the tests of this package with counters.
func countedTests(t *testing.T) (binary string) {
	t.Helper()
	binary = filepath.Join(t.TempDir(), "counted.test")
	var list []string
	for _, p := range countedPackages {
		list = append(list, "github.com/mailwire/mailwire/"+p)
	}
	build := exec.Command("go", "test", "-c", "-covermode=count", "-coverpkg="+strings.Join(list, ","), "-o", binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return binary
}

// counted runs the families at a size, and returns how often each block of statements
// was run.
func counted(t *testing.T, binary string, size int) map[string]int64 {
	t.Helper()
	profile := filepath.Join(filepath.Dir(binary), "profile")
	run := exec.Command(binary, "-test.run=^TestCounted$", "-test.coverprofile="+profile)
	run.Env = append(os.Environ(), fmt.Sprint("MAILWIRE_COUNTED=", size))
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%d: %v: %s", size, err, out)
	}
	b, err := os.ReadFile(profile)
	if err != nil {
		t.Fatal(err)
	}
	blocks := map[string]int64{}
	// file.go:12.34,56.7 statements times
	for line := range bytes.Lines(b) {
		f := strings.Fields(string(line))
		if len(f) != 3 {
			continue
		}
		times, err := strconv.ParseInt(f[2], 10, 64)
		if err != nil {
			t.Fatalf("%q", line)
		}
		blocks[strings.TrimPrefix(f[0], "github.com/mailwire/mailwire/")] += times
	}
	return blocks
}

// TestCostCounted: threats C1, C8 to C12 and C14, invariant 8. Ten times all attacks
// that made a parser of others look back, and no statement is run more than twelve
// times as often.
func TestCostCounted(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the tests anew")
	}
	if _, err := exec.LookPath("go"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("the tests are built with the go command, and there is none")
	}
	binary := countedTests(t)
	var last map[string]int64
	for _, size := range countedSizes {
		blocks, run, sum := counted(t, binary, size), 0, int64(0)
		for block, times := range blocks {
			if sum += times; times > 0 {
				run++
			}
			if last != nil && times > 12*last[block] && times > mostPerUnit*int64(size) {
				t.Errorf("%s is run %d times at the size of %d, and %d times at a tenth", block, times, size, last[block])
			}
		}
		t.Logf("%d: %d blocks of %d, run %d times", size, run, len(blocks), sum)
		if run < 500 || sum < int64(size) {
			t.Errorf("%d: only %d blocks were run, %d times", size, run, sum)
		}
		last = blocks
	}
}
