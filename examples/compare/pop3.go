package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/textproto"
	"strings"

	"github.com/mailwire/mailwire/pop3wire"
)

func pop3Rows() []row {
	return []row{{
		name: "POP3 RETR of 64 KiB, dots removed", unit: "message", library: "net/textproto",
		ours: unstuffOurs, theirs: unstuffTheirs, times: 8,
	}}
}

// retr is a message of 64 KiB as RETR sends it, the first line of the response
// excluded: lines of 76 octets, one in sixteen with a dot that was doubled.
var retr = func() []byte {
	var b bytes.Buffer
	line := bytes.Repeat([]byte("mail "), 15)
	for i := 0; b.Len() < 64<<10; i++ {
		if i%16 == 0 {
			b.WriteString("..")
		}
		fmt.Fprintf(&b, "%s\r\n", line)
	}
	b.WriteString(".\r\n")
	return b.Bytes()
}()

// Ours: the pieces of an Unstuffer, which are parts of the input.
func unstuffOurs() (*work, error) {
	read := func(take func(piece []byte)) error {
		var u pop3wire.Unstuffer
		for in, done := retr, false; !done; {
			if len(in) == 0 {
				return errors.New("no end")
			}
			var piece []byte
			var used int
			piece, used, done = u.Next(in)
			take(piece)
			in = in[used:]
		}
		return nil
	}
	octets := 0
	return &work{
		run: func(n int) (int, error) {
			for range n {
				if err := read(func(piece []byte) { octets += len(piece) }); err != nil {
					return 0, err
				}
			}
			return n, nil
		},
		understood: func() string {
			var all []byte
			read(func(piece []byte) { all = append(all, piece...) })
			return strings.ReplaceAll(string(all), "\r\n", "\n")
		},
	}, nil
}

// Theirs: a DotReader, read with a buffer as large as the message. It also makes
// LF of CRLF.
func unstuffTheirs() (*work, error) {
	in := bytes.NewReader(nil)
	r := textproto.NewReader(bufio.NewReaderSize(in, 64<<10))
	buf := make([]byte, len(retr))
	read := func() (int, error) {
		in.Reset(retr)
		r.R.Reset(in)
		n, err := io.ReadFull(r.DotReader(), buf)
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			return 0, fmt.Errorf("after %d octets: %w", n, err)
		}
		return n, nil
	}
	size := 0
	return &work{
		run: func(n int) (int, error) {
			for range n {
				var err error
				if size, err = read(); err != nil {
					return 0, err
				}
			}
			return n, nil
		},
		understood: func() string { return string(buf[:size]) },
	}, nil
}
