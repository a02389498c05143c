//go:build unix

package main

import "syscall"

// lock takes the lock of a file that programs of mail take (fcntl), or fails at
// once. It ends when the file is closed, and with the program.
func lock(f file) error {
	return syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_WRLCK})
}

func unlock(f file) error {
	return syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_UNLCK})
}
