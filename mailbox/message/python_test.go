//go:build interop

package message_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox/message"
)

// TestPython: what Python's email package understands of the corpus, this package
// understands in the same way: the tree, the octets and the text of parts, names
// of files, and what the envelope says. What they differ in is in the table of
// differences, and nothing else is.
func TestPython(t *testing.T) {
	msgs := message.Corpus(t)
	for name, want := range pythonFacts(t, msgs) {
		got := ourFacts(t, msgs[name])
		known := make(map[string]bool)
		for _, fact := range slices.Sorted(maps.Keys(want)) {
			var w any
			if err := json.Unmarshal(want[fact], &w); err != nil {
				t.Fatal(err)
			}
			if cmp.Equal(w, got[fact]) {
				continue
			}
			if entry := findDifference(name, fact); entry != "" {
				known[entry] = true
				continue
			}
			t.Errorf("%s: %s\n\tPython: %#v\n\tours:   %#v", name, fact, w, got[fact])
		}
		for entry := range differences[name] {
			if !known[entry] {
				t.Errorf("%s: %s: there is no difference any more", name, entry)
			}
		}
	}
	for name := range differences {
		if msgs[name] == nil {
			t.Errorf("differences of %s, which is no message", name)
		}
	}
}

// findDifference returns the entry of the table for a fact of a message.
func findDifference(name, fact string) string {
	for entry := range differences[name] {
		if fact == entry || strings.HasSuffix(entry, "…") && strings.HasPrefix(fact, strings.TrimSuffix(entry, "…")) {
			return entry
		}
	}
	return ""
}

// pythonFacts runs facts.py over messages. Without Python there is nothing to
// compare with; where all checks run, that is a failure.
func pythonFacts(t *testing.T, msgs map[string][]byte) map[string]map[string]json.RawMessage {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%v: install the package python3", err)
		}
		t.Skip(err)
	}
	dir := t.TempDir()
	for name, msg := range msgs {
		if err := os.WriteFile(filepath.Join(dir, name), msg, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var log bytes.Buffer
	cmd := exec.CommandContext(ctx, python, "-B", filepath.Join("testdata", "interop", "facts.py"), dir)
	cmd.Stderr = &log
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	var facts map[string]map[string]json.RawMessage
	if err := json.Unmarshal(out, &facts); err != nil {
		t.Fatal(err)
	}
	if len(facts) != len(msgs) {
		t.Fatalf("facts of %d messages, want %d", len(facts), len(msgs))
	}
	return facts
}

// ourFacts returns what this package says of a message, in the words of facts.py.
func ourFacts(t *testing.T, msg []byte) map[string]any {
	t.Helper()
	x, err := message.Parse(bytes.NewReader(msg), int64(len(msg)), message.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	f := factsOf{t, msg, make(map[string]any)}
	f.message("m", x.Root())
	return f.facts
}

type factsOf struct {
	t     *testing.T
	msg   []byte
	facts map[string]any
}

// tell notes a fact in the form that JSON gives it.
func (f *factsOf) tell(name string, value any) {
	b, err := json.Marshal(value)
	if err == nil {
		var v any
		err = json.Unmarshal(b, &v)
		f.facts[name] = v
	}
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *factsOf) message(path string, p *message.Part) {
	e := p.Envelope
	f.tell(path+" subject", message.DecodeWords(e.Subject.Value))
	if date, ok := message.ParseDate(e.Date.Value); ok {
		f.tell(path+" date", date.UTC().Format("2006-01-02T15:04:05Z"))
	}
	for name, list := range map[string][]imap.Address{
		"from": e.From, "sender": e.Sender, "reply-to": e.ReplyTo, "to": e.To, "cc": e.CC, "bcc": e.BCC,
	} {
		var out []string
		for _, a := range list {
			switch {
			case !a.Host.Valid && !a.Mailbox.Valid:
				out = append(out, "end of group")
			case !a.Host.Valid:
				out = append(out, "group "+message.DecodeWords(a.Mailbox.Value))
			default:
				out = append(out, fmt.Sprintf("%s <%s@%s>", message.DecodeWords(a.Name.Value), a.Mailbox.Value, a.Host.Value))
			}
		}
		f.tell(path+" "+name, out)
	}
	f.entity(path, p)
}

func (f *factsOf) entity(path string, p *message.Part) {
	f.tell(path+" type", strings.ToLower(p.Type+"/"+p.Subtype))
	f.tell(path+" params", decoded(p.Params))
	f.tell(path+" disposition", decoded(p.DispositionArgs))
	f.tell(path+" raw", p.Body.Size)
	if p.IsMultipart() {
		f.tell(path+" parts", len(p.Parts))
	}
	for i := range p.Parts {
		f.entity(fmt.Sprintf("%s.%d", path, i+1), &p.Parts[i])
	}
	if p.Message != nil {
		f.message(path+".m", p.Message)
	}
	if !p.IsLeaf() {
		return
	}
	read := func(r io.Reader) []byte {
		b, err := io.ReadAll(r)
		if err != nil {
			f.t.Fatal(err)
		}
		return b
	}
	content := read(message.TransferReader(p.Encoding, bytes.NewReader(f.msg[p.Body.Offset:p.Body.End()])))
	f.tell(path+" content", base64.StdEncoding.EncodeToString(content))
	if p.IsText() {
		f.tell(path+" text", string(read(message.CharsetReader(p.Param("charset"), bytes.NewReader(content)))))
	}
}

func decoded(params []imap.Param) map[string]string {
	out := make(map[string]string)
	for _, p := range message.DecodeParams(params) {
		out[p.Name] = p.Value
	}
	return out
}

// differences are the facts in which Python differs, by message; one that ends in
// "…" stands for all that start so. Each says who is right, and by which rule.
var differences = map[string]map[string]string{}
