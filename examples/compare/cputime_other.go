//go:build !unix

package main

import (
	"errors"
	"time"
)

// processorTime is for systems that can tell.
func processorTime() (time.Duration, error) {
	return 0, errors.New("this system does not tell processor time")
}
