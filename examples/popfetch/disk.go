package main

import (
	"io"
	"os"
	"path/filepath"
)

// A disk is where all that changes is changed.
type disk interface {
	// open opens a file as os.OpenFile does.
	open(path string, flag int) (file, error)
	// rename moves a file, and brings the directory it moves to to the disk.
	rename(from, to string) error
	// syncDir brings a directory to the disk: the files that were made in it.
	syncDir(dir string) error
}

// A file is what a disk opens.
type file interface {
	io.Reader
	io.Writer
	io.ReaderAt
	io.Seeker
	io.Closer
	Fd() uintptr
	Stat() (os.FileInfo, error)
	Sync() error
	Truncate(size int64) error
}

// A realDisk is that of the system.
type realDisk struct{}

func (realDisk) open(path string, flag int) (file, error) {
	f, err := os.OpenFile(path, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (d realDisk) rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return d.syncDir(filepath.Dir(to))
}

func (realDisk) syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
