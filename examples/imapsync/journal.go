package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// A journal remembers which messages were copied, and as what. It is a text that
// only grows:
//
//	journal = header *line
//	header = "imapsync 1" SP source SP destination LF    ; each user@host in quotes
//	line = folder SP uidvalidity SP uid SP uidvalidity SP uid LF ; source, then destination
//
// folder is in quotes. A line is on the disk before the next message is copied.
type journal struct {
	file  *os.File // nil: what is remembered ends with the program
	pairs map[pair]*copied
}

// A pair is a folder at the source, and what its UIDs and those at the destination
// mean.
type pair struct {
	folder   string
	from, to uint32 // UIDVALIDITY
}

// copied are the messages of a pair: those of the source, and what stands for them
// at the destination.
type copied struct{ from, to imap.UIDSet }

// openJournal reads the journal in a file, and makes it if there is none. An empty
// path is a journal without file. A line that was cut off by a crash is taken away:
// it could be taken for another.
func openJournal(path, from, to string) (*journal, error) {
	j := &journal{pairs: map[pair]*copied{}}
	if path == "" {
		return j, nil
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	if err := j.load(f, fmt.Sprintf("imapsync 1 %q %q\n", from, to)); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	j.file = f
	return j, nil
}

func (j *journal) load(f *os.File, header string) error {
	text, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	whole := bytes.LastIndexByte(text, '\n') + 1
	if whole < len(text) {
		if err := f.Truncate(int64(whole)); err != nil {
			return err
		}
	}
	if whole == 0 {
		if _, err := f.WriteString(header); err != nil {
			return err
		}
		return f.Sync()
	}
	n := 0
	for line := range bytes.Lines(text[:whole]) {
		n++
		if n == 1 {
			if string(line) != header {
				return fmt.Errorf("the journal is of other accounts: expected %q", header)
			}
			continue
		}
		var p pair
		var from, to imap.UID
		if _, err := fmt.Sscanf(string(line), "%q %d %d %d %d\n", &p.folder, &p.from, &from, &p.to, &to); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		j.of(p).add(from, to)
	}
	return nil
}

// of returns what is known of a pair.
func (j *journal) of(p pair) *copied {
	c := j.pairs[p]
	if c == nil {
		c = &copied{}
		j.pairs[p] = c
	}
	return c
}

func (c *copied) add(from, to imap.UID) {
	c.from.Add(from)
	c.to.Add(to)
}

// add remembers a message. When a UID lasts no longer than the session, which a
// UIDVALIDITY of zero says, there is nothing to write down.
func (j *journal) add(p pair, from, to imap.UID) error {
	j.of(p).add(from, to)
	if j.file == nil || p.from == 0 || p.to == 0 {
		return nil
	}
	if _, err := fmt.Fprintf(j.file, "%q %d %d %d %d\n", p.folder, p.from, from, p.to, to); err != nil {
		return err
	}
	return j.file.Sync()
}

func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}
