//go:build interop

package interop

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// baseSet is a conversation of every command of the base set, and CONDSTORE: what is
// sent, and below it what every server has to tell, in any order, or may, where "?"
// stands. What differs from
// server to server without meaning anything, as texts, \Recent, modseqs and a UID that
// nothing asked for, is left out.
const baseSet = `
CAPABILITY
NOOP
ID NIL
NAMESPACE
CREATE box
SUBSCRIBE box
LSUB "" *
	LSUB box
LIST "" b%
	LIST box
APPEND box (\Seen later) " 5-Apr-2017 01:02:03 +0300" {+}
Subject: one
From: a@x.org

one
one

	OK APPENDUID 1
APPEND box (\Flagged) {+}
Subject: two

a
b
c

	OK APPENDUID 2
APPEND box {+}
Subject: 3


	OK APPENDUID 3
STATUS box (MESSAGES UIDNEXT UNSEEN)
	STATUS box (MESSAGES 3 UIDNEXT 4 UNSEEN 2)
SELECT box
	3 EXISTS
CHECK
FETCH 1:* (UID FLAGS RFC822.SIZE)
	1 FETCH UID 1 (\Seen later) SIZE 41
	2 FETCH UID 2 (\Flagged) SIZE 25
	3 FETCH UID 3 () SIZE 14
FETCH 1 (INTERNALDATE ENVELOPE BODYSTRUCTURE)
	1 FETCH 2017-04-04T22:02:03Z Subject one text/plain 10 octets 2 lines
UID FETCH 1 (BODY.PEEK[HEADER.FIELDS (SUBJECT)] BODY.PEEK[TEXT]<4.3>)
	1 FETCH UID 1 "Subject: one\r\n\r\n" "\non"
FETCH 3 BODY[]
	3 FETCH (\Seen) "Subject: 3\r\n\r\n"
STORE 2:3 +FLAGS (\Answered)
	2 FETCH (\Answered \Flagged)
	3 FETCH (\Answered \Seen)
UID STORE 3 -FLAGS (\Seen)
	3 FETCH UID 3 (\Answered)
STORE 2 FLAGS.SILENT (\Draft)
FETCH 2 FLAGS
	2 FETCH (\Draft)
SEARCH ALL
	SEARCH 1 2 3
SEARCH SUBJECT two
	SEARCH 2
UID SEARCH OR ANSWERED KEYWORD later
	SEARCH 1 3
SEARCH CHARSET UTF-8 NOT BODY one SMALLER 20
	SEARCH 3
SEARCH BEFORE 1-Jan-2018
	SEARCH 1
COPY 1 INBOX
	OK COPYUID 1 1
UID COPY 2:3 INBOX
	OK COPYUID 2:3 2:3
MOVE 1 INBOX
	OK COPYUID 1 4
	1 EXPUNGE
STORE 1:2 +FLAGS.SILENT (\Deleted)
UID EXPUNGE 3
	2 EXPUNGE
EXPUNGE
	1 EXPUNGE
EXAMINE INBOX
	4 EXISTS
FETCH 1:* (UID FLAGS)
	1 FETCH UID 1 (\Seen later)
	2 FETCH UID 2 (\Draft)
	3 FETCH UID 3 (\Answered)
	4 FETCH UID 4 (\Seen later)
CLOSE
SELECT INBOX (CONDSTORE)
	4 EXISTS
FETCH 2 (FLAGS MODSEQ)
	2 FETCH (\Draft) MODSEQ
STORE 2 (UNCHANGEDSINCE 1) +FLAGS (\Seen)
	OK MODIFIED 2
	? 2 FETCH (\Draft) MODSEQ
STORE 2 (UNCHANGEDSINCE 4611686018427387903) +FLAGS (\Seen)
	2 FETCH (\Draft \Seen) MODSEQ
FETCH 1:* (FLAGS) (CHANGEDSINCE 4611686018427387903)
SEARCH MODSEQ 1
	SEARCH 1 2 3 4 MODSEQ
UNSELECT
RENAME box crate
LIST "" (box crate)
	LIST crate
UNSUBSCRIBE box
LSUB "" *
DELETE crate
LIST "" crate
`

// conversation splits a script into commands and what is told. The content of an
// APPEND has its size filled in, and the empty line behind it is not part of it.
func conversation(text string) (commands []string, told [][]string) {
	for line := range strings.Lines(strings.Trim(text, "\n")) {
		line = strings.TrimSuffix(line, "\n")
		n := len(commands)
		switch {
		case strings.HasPrefix(line, "\t"):
			told[n-1] = append(told[n-1], line[1:])
		case n > 0 && regexp.MustCompile(`^APPEND `).MatchString(commands[n-1]) && told[n-1] == nil:
			commands[n-1] += "\r\n" + line
		default:
			commands, told = append(commands, line), append(told, nil)
		}
	}
	for i, text := range commands {
		if announced, content, is := strings.Cut(text, "{+}\r\n"); is {
			commands[i] = fmt.Sprintf("%s{%d+}\r\n%s", announced, len(content), content)
		}
	}
	return commands, told
}

// fetched writes what a FETCH told, without what is not to be compared.
func fetched(d *imapwire.FetchData, contents []string, uid bool) string {
	b := new(strings.Builder)
	fmt.Fprintf(b, "%d FETCH", d.Num)
	if uid && d.Has&imapwire.HasUID != 0 {
		fmt.Fprintf(b, " UID %d", d.UID)
	}
	if d.Has&imapwire.HasFlags != 0 {
		var flags []string
		for _, f := range d.Flags {
			if !f.Equal(imap.FlagRecent) {
				flags = append(flags, string(f))
			}
		}
		slices.Sort(flags)
		fmt.Fprintf(b, " (%s)", strings.Join(flags, " "))
	}
	if d.Has&imapwire.HasSize != 0 {
		fmt.Fprintf(b, " SIZE %d", d.Size)
	}
	if d.Has&imapwire.HasInternalDate != 0 {
		fmt.Fprintf(b, " %s", d.InternalDate.UTC().Format("2006-01-02T15:04:05Z"))
	}
	if d.Has&imapwire.HasEnvelope != 0 {
		fmt.Fprintf(b, " Subject %s", d.Envelope.Subject.Value)
	}
	if s := d.Structure; d.Has&imapwire.HasStructure != 0 {
		fmt.Fprintf(b, " %s/%s %d octets %d lines", strings.ToLower(s.Type), strings.ToLower(s.Subtype), s.Size, s.Lines)
	}
	if d.Has&imapwire.HasModSeq != 0 && d.ModSeq > 0 {
		b.WriteString(" MODSEQ")
	}
	for _, c := range contents {
		fmt.Fprintf(b, " %q", c)
	}
	return b.String()
}

// said writes what a response tells, or nothing.
func said(r imapwire.Response, opens bool) string {
	switch r := r.(type) {
	case *imapwire.ListData:
		if r.Mailbox != imap.Inbox {
			return "LIST " + r.Mailbox
		}
	case *imapwire.StatusData:
		b, _ := imapwire.AppendResponse(nil, r, imapwire.ResponseOptions{})
		return strings.TrimSuffix(strings.TrimPrefix(string(b), "* "), "\r\n")
	case *imapwire.SearchData:
		s := "SEARCH"
		for _, n := range r.Nums {
			s += fmt.Sprintf(" %d", n)
		}
		if r.ModSeq > 0 {
			s += " MODSEQ"
		}
		return s
	case *imapwire.ExistsData:
		if opens {
			return fmt.Sprintf("%d EXISTS", r.Count)
		}
	case *imapwire.ExpungeData:
		return fmt.Sprintf("%d EXPUNGE", r.Seq)
	case *imapwire.StatusResponse:
		// Dovecot tells COPYUID of a MOVE so (RFC 6851 §4.3).
		return coded(r.Code)
	}
	return ""
}

// coded writes those codes that say what a command did.
func coded(code imapwire.Code) string {
	switch code := code.(type) {
	case *imapwire.CodeAppendUID:
		return fmt.Sprintf("OK APPENDUID %s", code.UIDs)
	case *imapwire.CodeCopyUID:
		return fmt.Sprintf("OK COPYUID %s %s", code.Source, code.Dest)
	case *imapwire.CodeModified:
		return fmt.Sprintf("OK MODIFIED %s", code.Set)
	}
	return ""
}

// TestBaseSet: the same commands mean the same, and the same is told, at Dovecot and
// at the server here.
func TestBaseSet(t *testing.T) {
	commands, told := conversation(baseSet)
	eachServer(t, func(t *testing.T, p peer) {
		k := p.login(t)
		for i, text := range commands {
			_, cmd, err := imapwire.ParseCommand([]byte("A1 "+text+"\r\n"), imapwire.ParseOptions{})
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			_, opens := cmd.(*imapwire.Select)
			asksUID := strings.Contains(text, "UID")
			var got, contents []string
			add := func(s string) {
				if s != "" {
					got = append(got, s)
				}
			}
			s := k.do(cmd, func(ev imapclient.Event) {
				switch ev := ev.(type) {
				case *imapclient.FetchStart:
					contents = nil
				case *imapclient.Body:
					contents = append(contents, "")
				case *imapclient.BodyData:
					contents[len(contents)-1] += string(ev.Data)
				case *imapclient.FetchEnd:
					add(fetched(ev.Data, contents, asksUID))
					contents = nil
				case *imapclient.Data:
					line := said(ev.Response, opens)
					if _, is := cmd.(*imapwire.LSub); is && line != "" {
						line = "LSUB " + strings.TrimPrefix(line, "LIST ")
					}
					add(line)
				}
			})
			add(coded(s.Code))
			var want []string
			for _, line := range told[i] {
				if line, may := strings.CutPrefix(line, "? "); !may {
					want = append(want, line)
				} else if n := slices.Index(got, line); n >= 0 {
					got = slices.Delete(got, n, n+1)
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%q (-want +got):\n%s", text, d)
			}
		}
	})
}
