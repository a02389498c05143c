package main

import (
	"fmt"
	"strings"
)

// scanRows are searches by what a folder knows of its messages, on the big folder.
// An operation is a message that is looked at for one key.
func scanRows(big func() (*server, error)) []row {
	var rows []row
	since := func() string { return "SINCE " + dateOf(bigFolder/2).Format("2-Jan-2006") }
	for _, k := range []struct {
		name string
		keys func() []string
	}{
		{"UNSEEN", func() []string { return []string{"UNSEEN"} }},
		{"SINCE", func() []string { return []string{since()} }},
		{"LARGER", func() []string { return []string{"LARGER 1000"} }},
		{"UNSEEN SINCE SMALLER", func() []string { return []string{"UNSEEN", since(), "SMALLER 1000"} }},
	} {
		rows = append(rows, row{
			name: "server, SEARCH " + k.name + " on 1,000,000 messages", unit: "message and key", most: 30,
			ours: func() (*work, error) {
				s, err := big()
				if err != nil {
					return nil, err
				}
				return newScan(s, k.keys())
			},
		})
	}
	return rows
}

// newScan is a client that counts what matches keys, over and over.
func newScan(s *server, keys []string) (*work, error) {
	c, err := dialLoad(s.addr, 4096)
	if err != nil {
		return nil, err
	}
	command := []byte("q UID SEARCH RETURN (COUNT) " + strings.Join(keys, " ") + "\r\n")
	return &work{
		run: func(n int) (done int, err error) {
			for done < n {
				lines, err := c.do(command, "q OK")
				if err != nil {
					return done, err
				}
				if lines != 2 {
					return done, fmt.Errorf("%w: %d lines for a SEARCH", errAnswer, lines)
				}
				done += len(keys) * bigFolder
			}
			return done, nil
		},
		processor: s.processor,
		close:     func() { c.Close() },
	}, nil
}
