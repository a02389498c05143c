package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A state remembers which messages are in the box. It is a text:
//
//	state = header *line
//	header = "popfetch 1" SP account LF      ; user@host in quotes
//	line = "ready" SP uid SP whole SP ticket LF / "saved" SP uid SP whole LF
//	whole = "true" / "false"                 ; false: it may have been cut
//
// uid is in quotes, and empty of a server without unique-ids. A line is on the
// disk before what follows from it is done.
type state struct {
	disk disk
	path string
	file file
	head string
	// known is how often a unique-id was saved: servers may give one to messages
	// that are alike. cut are those that may have been cut.
	known map[string]int
	cut   map[string]bool
	// ready is what the last line says, if that is "ready".
	ready   *ready
	written bool // by this run
}

// ready is a message that is about to be in the box.
type ready struct {
	uid    string
	whole  bool
	ticket string
}

// openState reads a state, and makes it if there is none. A line that was cut off
// by a crash is taken away.
func openState(d disk, path, account string) (*state, error) {
	s := &state{disk: d, path: path, head: fmt.Sprintf("popfetch 1 %q\n", account), known: map[string]int{}, cut: map[string]bool{}}
	var err error
	if s.file, err = d.open(path, os.O_RDWR|os.O_CREATE|os.O_APPEND); err != nil {
		return nil, err
	}
	if err := s.load(); err != nil {
		s.file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func (s *state) load() error {
	text, err := io.ReadAll(s.file)
	if err != nil {
		return err
	}
	whole := bytes.LastIndexByte(text, '\n') + 1
	if whole < len(text) {
		if err := s.file.Truncate(int64(whole)); err != nil {
			return err
		}
	}
	if whole == 0 {
		if err := s.disk.syncDir(filepath.Dir(s.path)); err != nil {
			return err
		}
		return s.write(s.head)
	}
	if !bytes.HasPrefix(text, []byte(s.head)) {
		return fmt.Errorf("this is not the state of %s", strings.TrimSpace(s.head))
	}
	n := 1
	for line := range strings.Lines(string(text[len(s.head):whole])) {
		n++
		r := &ready{}
		if _, err := fmt.Sscanf(line, "ready %q %t", &r.uid, &r.whole); err == nil {
			_, r.ticket, _ = strings.Cut(line, fmt.Sprintf("ready %q %t ", r.uid, r.whole))
			r.ticket = strings.TrimSuffix(r.ticket, "\n")
			s.ready = r
			continue
		}
		if _, err := fmt.Sscanf(line, "saved %q %t\n", &r.uid, &r.whole); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		s.saved(r.uid, r.whole)
	}
	return nil
}

func (s *state) saved(uid string, whole bool) {
	s.ready = nil
	if uid != "" {
		s.known[uid]++
		s.cut[uid] = s.cut[uid] || !whole
	}
}

func (s *state) write(line string) error {
	s.written = true
	if _, err := io.WriteString(s.file, line); err != nil {
		return err
	}
	return s.file.Sync()
}

// deliver puts a sealed draft into the box, and remembers it. there is false as of
// the box.
func (s *state) deliver(b box, r *ready) (there bool, err error) {
	if s.ready != r {
		if err := s.write(fmt.Sprintf("ready %q %t %s\n", r.uid, r.whole, r.ticket)); err != nil {
			return false, err
		}
		s.ready = r
	}
	if there, err = b.put(r.ticket); err != nil || !there {
		return there, err
	}
	s.saved(r.uid, r.whole)
	return true, s.write(fmt.Sprintf("saved %q %t\n", r.uid, r.whole))
}

// recover finishes what a run that was killed had begun.
func (s *state) recover(b box) error {
	if s.ready == nil {
		return nil
	}
	_, err := s.deliver(b, s.ready)
	s.ready = nil
	return err
}

// forget drops what is not among the unique-ids of messages that are on the server
// still and in the box, each as often as there are such. It is the state's end.
func (s *state) forget(remain []string) error {
	left := map[string]int{}
	for _, uid := range remain {
		left[uid]++
	}
	if !s.written && maps.Equal(left, s.known) {
		return nil
	}
	var text strings.Builder
	text.WriteString(s.head)
	for _, uid := range slices.Sorted(maps.Keys(left)) {
		for range left[uid] {
			fmt.Fprintf(&text, "saved %q %t\n", uid, !s.cut[uid])
		}
	}
	temporary := s.path + ".new"
	f, err := s.disk.open(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = io.WriteString(f, text.String())
	if err = errors.Join(err, f.Sync(), f.Close(), s.file.Close()); err != nil {
		return err
	}
	return s.disk.rename(temporary, s.path)
}
