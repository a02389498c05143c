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
// differences, and nothing else is. Where Python fails there is nothing to compare.
func TestPython(t *testing.T) {
	msgs := message.Corpus(t)
	entries, used := make(map[string]bool), make(map[string]bool)
	for _, d := range differences {
		for _, f := range d.facts {
			name, rest, _ := strings.Cut(f, ": ")
			path, kinds, _ := strings.Cut(rest, " ")
			if kinds == "" {
				entries[name+": "+path] = true
			}
			for _, kind := range strings.Fields(kinds) {
				entries[name+": "+path+" "+kind] = true
			}
		}
	}
	facts, agreed, failed := pythonFacts(t, msgs), 0, 0
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		got := ourFacts(t, msgs[name])
		for _, fact := range slices.Sorted(maps.Keys(facts[name])) {
			want := facts[name][fact]
			if cmp.Equal(want, got[fact]) {
				agreed++
				continue
			}
			entry := name + ": " + fact
			for e := range entries {
				if path, below := strings.CutSuffix(e, "…"); below && strings.HasPrefix(entry, path) {
					entry = e
				}
			}
			used[entry] = true
			if s, ok := want.(string); ok && strings.HasPrefix(s, "!") {
				failed++
				continue
			}
			if !entries[entry] {
				t.Errorf("%s: %s\n\tPython: %.1000q\n\tours:   %.1000q", name, fact, fmt.Sprint(want), fmt.Sprint(got[fact]))
			}
		}
	}
	for e := range entries {
		if !used[e] {
			t.Errorf("%s: there is no such difference", e)
		}
	}
	if agreed < 2000 || failed > 10 {
		t.Errorf("%d facts agree, and Python fails to tell %d", agreed, failed)
	}
	t.Logf("%d messages: %d facts agree, %d differ for %d reasons, Python fails to tell %d",
		len(msgs), agreed, len(entries), len(differences), failed)
}

// pythonFacts runs facts.py over messages. Without Python there is nothing to
// compare with; where all checks run, that is a failure.
func pythonFacts(t *testing.T, msgs map[string][]byte) map[string]map[string]any {
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
	var facts map[string]map[string]any
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

// A difference is why Python and this package do not agree on some facts of some
// messages: who is right, and by which rule. A fact stands there as
// "message: path kinds of fact", or "message: path…" for all below that path.
type difference struct {
	why   string
	facts []string
}

var differences = []difference{
	{"The limits are ours.", []string{
		"content-type-too-many-params: m params", "message-chain-deep: m…", "multipart-depth: m…",
	}},
	{"A CR alone is no line end (RFC 5322 §2.2). Python's lines end with it.", []string{
		"cr-cr-lf: m content raw text type", "cr-in-header: m bcc content raw subject text",
		"cr-only: m content raw subject text", "nul-and-cr: m content raw subject text",
	}},
	{"IMAP strings have no NUL (RFC 9051 §9, CHAR8), so that a boundary that has one is not found; bchars does not have it either (RFC 2046 §5.1.1).", []string{
		"nul-and-cr: m from", "nul-everywhere: m from params type", "nul-everywhere: m.1 content raw text",
	}},
	{"White space may precede the colon (RFC 5322 §4.5, obs-optional). Python ends the header there.", []string{
		"colon-oddities: m content raw text", "date-folded-obsolete: m content raw text",
	}},
	{"What is no field ends the header, and nothing of it is lost: a field name has one character at least (RFC 5322 §3.6.8), and a continuation something to continue (§2.2.3). Python passes over such lines.", []string{
		"continuation-first: m content from raw text", "field-empty-name: m content raw text",
		"header-blank-first: m content from raw subject text",
	}},
	{"A name with octets above 127, which RFC 5322 §2.2 does not permit, is that of an unknown field; a quoted separator of an mbox file is passed over as is one without a quote. Python ends the header there.", []string{
		"byte-order-mark: m content raw", "field-names: m content raw", "header-mbox-quoted: m content raw text",
	}},
	{"Octets above 127 without a charset, or in one that is not known or lies: no RFC says what they are. Ours are UTF-8 or windows-1252; Python's that are not UTF-8 can not be read.", []string{
		"address-eight-bit: m from subject", "eight-bit: m from params subject", "parameter-charsets: m.3 params",
		"parameter-eight-bit: m params", "program-script: m subject to", "utf-8-overlong: m from subject",
		"words-invalid-utf8: m subject", "words-unknown-charset: m from subject",
	}},
	{"A comment is the name where nothing else is one, as in Dovecot; RFC 5322 §3.2.2 gives it no meaning, and Python none.", []string{
		"address-comments: m bcc from to", "address-deep-comment: m from", "address-eight-bit: m to",
		"address-folded: m cc", "address-names-encoded: m to", "addresses: m from", "report-bare: m from",
	}},
	{"Semicolons part addresses outside of groups, as some programs write. Python stops there.", []string{
		"address-name-specials: m cc", "address-separators: m bcc cc to", "addresses: m cc", "program-office: m to",
	}},
	{"No address of RFC 5322 §3.4: we keep what is there, Python drops it or puts it together in another way.", []string{
		"address-backslash: m cc to", "address-double: m bcc cc from to", "address-group-broken: m bcc from",
		"address-name-specials: m from", "address-no-at: m cc to", "address-route: m cc", "addresses: m bcc to",
	}},
	{"A domain literal may have commas (RFC 5322 §3.4.1, dtext), and its quoted pairs stay: without them its end could not be found.", []string{
		"address-domain-literal: m cc to",
	}},
	{"There are no encoded words in an addr-spec (RFC 2047 §5), and fields are parsed before words are decoded (§6.1). Python decodes first.", []string{
		"address-names-encoded: m bcc", "words-comma-inside: m from",
	}},
	{"Encoded words that touch text, that have question marks or spaces inside, or errors in Q: Python decodes some, depending on the field; we all.", []string{
		"address-names-encoded: m cc", "words-base64-errors: m subject", "words-not: m subject",
		"words-q-errors: m subject",
	}},
	{"White space between encoded words goes (RFC 2047 §6.2), in phrases too.", []string{
		"encoded-words: m to",
	}},
	{"x/text has no UTF-7.", []string{
		"words-charsets: m subject",
	}},
	{"Two-digit years from 50 on and three-digit ones are after 1900 (RFC 5322 §4.3).", []string{
		"date-three-digit-year: m date", "date-two-digit-year-50: m date",
	}},
	{"No date of RFC 5322, but a clear one: a zone with a colon, or with a name that is not in RFC 5322 §4.3, and twelve hours. Python passes over them.", []string{
		"date-am-pm: m date", "date-zone-colon: m date", "date-zone-double: m date", "program-fax: m date",
	}},
	{"A type has one token on each side of its slash, and comments around (RFC 2045 §5.1, RFC 5322 §3.2.2); what is none is text/plain (RFC 2045 §5.2). Python takes the text up to the semicolon.", []string{
		"content-type-comments: m type", "content-type-garbage: m.3 type", "content-type-garbage: m.5 type",
		"content-type-garbage: m.7 type", "content-type-garbage: m.8 params", "content-type-no-subtype: m.2 type",
		"content-type-no-subtype: m.3 params", "content-type-no-subtype: m.4 type", "program-fax: m type",
		"words-in-structured: m type",
	}},
	{"A multipart in which no part begins has one in IMAP, its content (RFC 9051 §9, body-type-mpart). Python takes it for an epilogue.", []string{
		"boundary-only-end: m.1 raw",
	}},
	{"Comments may surround an encoding, and what follows a token is passed over (RFC 2045 §6.1, RFC 5322 §3.2.2). Python looks for the whole value.", []string{
		"content-type-garbage: m.7 content text", "program-fax: m content", "transfer-names: m.6 content text",
	}},
	{"Values without the quotes that they need (RFC 2045 §5.1): we read up to the semicolon, so that report(2).pdf comes out whole; Python up to the first special, as the grammar has it.", []string{
		"boundary-unquoted-specials: m params", "content-type-comments: m params",
		"content-type-garbage: m.4 params", "content-type-garbage: m.6 disposition params",
		"content-type-quoted: m params", "content-type-semicolons: m params", "disposition-forms: m.11 disposition",
		"disposition-forms: m.3 disposition", "disposition-forms: m.5 disposition", "rfc2231: m.1 params",
		"words-in-parameters: m disposition",
	}},
	{"A disposition has a type, and that is a token (RFC 2183 §2). Without one it says nothing, as in Dovecot; Python reads on.", []string{
		"content-type-garbage: m.7 disposition", "disposition-forms: m.4 disposition",
	}},
	{"Pieces of a parameter are numbered from 0 without gaps, in any order, whatever a plain one says (RFC 2231 §3). Python takes the first that it finds.", []string{
		"parameter-missing-first: m disposition", "parameter-star-names: m params", "rfc2231: m params",
		"rfc2231: m.2 params",
	}},
	{"The extended form wins over the plain one; RFC 2231 has no rule, RFC 6266 §4.3 has this one. Python takes the first.", []string{
		"disposition-slashes: m disposition", "parameter-twice: m disposition params",
	}},
	{"Only the first piece has a charset, and only two apostrophes count (RFC 2231 §4).", []string{
		"parameter-charsets: m.7 params", "parameter-late-charset: m disposition",
	}},
	{"An encoded message is not looked into (RFC 2046 §5.2.1 forbids it). Python reads the encoding as a message.", []string{
		"message-base64: m.1.m content text", "message-quoted-printable: m.m content raw subject text",
		"multipart-digest-oddities: m.2.m content raw subject text",
	}},
	{"A part of a digest whose type can not be read is a message, the default of the place, as in Dovecot; RFC 2045 §5.2 knew no digests. Python says text/plain.", []string{
		"multipart-digest-oddities: m.1 content text type",
	}},
	{"The line end before a boundary belongs to the boundary (RFC 2046 §5.1.1), and here none comes. Python takes it away.", []string{
		"unterminated: m.1.2 content raw text",
	}},
	{"Boundaries that follow each other have an empty part between them, as in Dovecot. Python takes them for one.", []string{
		"empty-parts: m parts",
	}},
	{"A boundary is unfolded and unquoted like any parameter (RFC 2045 §5.1), and has one character at least (RFC 2046 §5.1.1).", []string{
		"boundary-empty: m.1 content raw text", "boundary-folded: m.1 raw", "boundary-quoted-escape: m.1 raw",
	}},
	{"The inner multipart is not yet over when a boundary that both have comes. Python ends it.", []string{
		"same-boundary: m.1.1 raw", "same-boundary: m.2 content text",
	}},
	{"White space at the end of a line goes, behind a soft line break too (RFC 2045 §6.7, rule 3); an equals sign that nothing follows stands for itself.", []string{
		"quoted-printable-errors: m content text", "quoted-printable-soft: m content text",
		"quoted-printable-space: m content text",
	}},
	{"Of base64 with a character too many Python decodes nothing, and it decodes uuencode.", []string{
		"base64-padding: m.4 content text", "transfer-names: m.5 content text",
	}},
}
