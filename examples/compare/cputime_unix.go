//go:build unix

package main

import (
	"syscall"
	"time"
)

// processorTime returns the processor time that this process has used: all
// goroutines together, the garbage collector's among them.
func processorTime() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}
