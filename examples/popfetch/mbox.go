package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// An mbox is a box that is one file, of the kind called mboxrd:
//
//	mbox = *(from-line *line blank-line)
//	from-line = "From MAILER-DAEMON " date LF
//
// A line that is "From " behind any number of ">" has one ">" more. Drafts are in
// another file, so that the mbox is locked while octets are copied from one to the
// other, and not while the network is slow.
type mbox struct {
	disk   disk
	now    func() time.Time
	file   file
	draftf file
	w      *lineWriter
	quote  *quoter
	locked bool
}

// openMbox opens an mbox, and makes it if there is none. drafts is the other file.
func openMbox(d disk, path, drafts string, now func() time.Time) (*mbox, error) {
	m := &mbox{disk: d, now: now}
	var err error
	if m.file, err = d.open(path, os.O_RDWR|os.O_CREATE|os.O_APPEND); err != nil {
		return nil, err
	}
	if m.draftf, err = d.open(drafts, os.O_RDWR|os.O_CREATE); err != nil {
		m.file.Close()
		return nil, err
	}
	for _, path := range []string{path, drafts} {
		if err := d.syncDir(filepath.Dir(path)); err != nil {
			m.close()
			return nil, err
		}
	}
	return m, nil
}

func (m *mbox) close() error { return errors.Join(m.file.Close(), m.draftf.Close()) }

func (m *mbox) draft() (io.Writer, error) {
	if err := m.draftf.Truncate(0); err != nil {
		return nil, err
	}
	if _, err := m.draftf.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(m.draftf, "From MAILER-DAEMON %s\n", m.now().UTC().Format(time.ANSIC)); err != nil {
		return nil, err
	}
	m.quote = &quoter{w: m.draftf}
	m.w = &lineWriter{w: m.quote}
	return m.w, nil
}

func (m *mbox) seal() (string, error) {
	if err := m.w.end(); err != nil {
		return "", err
	}
	if err := m.quote.end(); err != nil {
		return "", err
	}
	if _, err := m.draftf.Write([]byte("\n")); err != nil {
		return "", err
	}
	if err := m.draftf.Sync(); err != nil {
		return "", err
	}
	draft, err := m.draftf.Stat()
	if err != nil {
		return "", err
	}
	if err := m.lock(); err != nil {
		return "", err
	}
	if err := m.endLine(); err != nil {
		return "", err
	}
	box, err := m.file.Stat()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("mbox %d %d", box.Size(), draft.Size()), nil
}

// endLine ends the last line of the mbox, and puts an empty one behind it, if
// whoever wrote there last has not.
func (m *mbox) endLine() error {
	info, err := m.file.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	end := make([]byte, min(2, info.Size()))
	if _, err := m.file.ReadAt(end, info.Size()-int64(len(end))); err != nil {
		return err
	}
	missing := ""
	switch {
	case end[len(end)-1] != '\n':
		missing = "\n\n"
	case len(end) == 2 && end[0] != '\n':
		missing = "\n"
	}
	if missing == "" {
		return nil
	}
	_, err = m.file.Write([]byte(missing))
	return err
}

// patience is how long another program may hold the lock, in steps of which lasts.
const (
	patience = 30 * time.Second
	step     = 50 * time.Millisecond
)

func (m *mbox) lock() error {
	var err error
	for waited := time.Duration(0); !m.locked && waited < patience; waited += step {
		if err = lock(m.file); err == nil {
			m.locked = true
			break
		}
		time.Sleep(step)
	}
	if err != nil && !m.locked {
		return fmt.Errorf("the mbox is locked: %w", err)
	}
	return nil
}

func (m *mbox) put(ticket string) (bool, error) {
	var offset, length int64
	if _, err := fmt.Sscanf(ticket, "mbox %d %d", &offset, &length); err != nil {
		return false, nil // of another kind of box
	}
	if err := m.lock(); err != nil {
		return false, err
	}
	defer func() {
		m.locked = false
		unlock(m.file)
	}()
	box, err := m.file.Stat()
	if err != nil {
		return false, err
	}
	draft, err := m.draftf.Stat()
	if err != nil {
		return false, err
	}
	if draft.Size() != length || box.Size() < offset {
		return false, nil
	}
	has := min(box.Size()-offset, length)
	same, err := equal(io.NewSectionReader(m.file, offset, has), io.NewSectionReader(m.draftf, 0, has))
	if err != nil || !same {
		return false, err
	}
	if _, err := io.Copy(m.file, io.NewSectionReader(m.draftf, has, length-has)); err != nil {
		return false, err
	}
	return true, m.file.Sync()
}

// equal reports whether two readers give the same octets.
func equal(a, b io.Reader) (bool, error) {
	p, q := make([]byte, 32<<10), make([]byte, 32<<10)
	for {
		n, err := io.ReadFull(a, p)
		k, err2 := io.ReadFull(b, q)
		if n != k || !bytes.Equal(p[:n], q[:k]) {
			return false, nil
		}
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			return true, nil
		default:
			return false, errors.Join(err, err2)
		}
	}
}

// A quoter puts ">" before lines that could be taken for the beginning of a
// message, and before those that have such a ">".
type quoter struct {
	w io.Writer
	// held is how much of "From " the line has had so far, ">" left out; other:
	// it is another line.
	held  int
	other bool
	buf   []byte
}

const separator = "From "

func (q *quoter) Write(p []byte) (int, error) {
	out := q.buf[:0]
	for _, b := range p {
		switch {
		case !q.other && q.held == 0 && b == '>':
			// Where the one ">" more stands among them makes no difference.
		case !q.other && b == separator[q.held]:
			if q.held++; q.held == len(separator) {
				out = append(append(out, '>'), separator...)
				q.held, q.other = 0, true
			}
			continue
		default:
			out = append(out, separator[:q.held]...)
			q.held, q.other = 0, b != '\n'
		}
		out = append(out, b)
	}
	q.buf = out
	_, err := q.w.Write(out)
	return len(p), err
}

// end writes what is held back.
func (q *quoter) end() error {
	_, err := io.WriteString(q.w, separator[:q.held])
	q.held = 0
	return err
}
