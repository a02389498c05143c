//go:build !unix

package main

// There is no lock that programs of mail agree on.
func lock(file) error   { return nil }
func unlock(file) error { return nil }
