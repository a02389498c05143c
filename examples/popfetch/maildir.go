package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A maildir is a box that is a directory: a message is a file with a name that no
// other has, written in tmp and moved to new, from where others move it on.
type maildir struct {
	disk disk
	now  func() time.Time
	dir  string
	// prefix of names: what tells this process from others.
	prefix string
	n      int

	name string
	file file
	w    *lineWriter
}

// openMaildir opens a Maildir, and makes what is missing of it.
func openMaildir(d disk, dir string, now func() time.Time) (*maildir, error) {
	for _, sub := range []string{"tmp", "new", "cur"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	if err := d.syncDir(dir); err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	random := make([]byte, 8)
	rand.Read(random) // never fails
	host = strings.NewReplacer("/", `\057`, ":", `\072`).Replace(host)
	return &maildir{disk: d, now: now, dir: dir, prefix: fmt.Sprintf("P%dR%x.%s", os.Getpid(), random, host)}, nil
}

func (m *maildir) close() error {
	if m.file == nil {
		return nil
	}
	err := m.file.Close()
	m.file = nil
	// A draft that was not finished is of no use to anybody.
	return errors.Join(err, os.Remove(filepath.Join(m.dir, "tmp", m.name)))
}

func (m *maildir) draft() (io.Writer, error) {
	if err := m.close(); err != nil {
		return nil, err
	}
	m.n++
	m.name = fmt.Sprintf("%d.Q%d%s", m.now().Unix(), m.n, m.prefix)
	var err error
	m.file, err = m.disk.open(filepath.Join(m.dir, "tmp", m.name), os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return nil, err
	}
	m.w = &lineWriter{w: m.file}
	return m.w, nil
}

func (m *maildir) seal() (string, error) {
	if err := m.w.end(); err != nil {
		return "", err
	}
	if err := m.file.Sync(); err != nil {
		return "", err
	}
	err := m.file.Close()
	m.file = nil
	if err != nil {
		return "", err
	}
	return "maildir " + m.name, m.disk.syncDir(filepath.Join(m.dir, "tmp"))
}

func (m *maildir) put(ticket string) (bool, error) {
	name, is := strings.CutPrefix(ticket, "maildir ")
	if !is || name != filepath.Base(name) {
		return false, nil
	}
	from, to := filepath.Join(m.dir, "tmp", name), filepath.Join(m.dir, "new", name)
	if err := m.disk.rename(from, to); !errors.Is(err, os.ErrNotExist) {
		return err == nil, err
	}
	// The run that was killed has moved it, unless somebody took it away from tmp
	// for being old.
	moved, err := filepath.Glob(filepath.Join(m.dir, "cur", name+"*"))
	if err != nil {
		return false, err
	}
	if _, err := os.Stat(to); err != nil && len(moved) == 0 {
		return false, nil
	}
	return true, m.disk.syncDir(filepath.Join(m.dir, "new"))
}
