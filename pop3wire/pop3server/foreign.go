package pop3server

import "bytes"

// headSize is how much of the first line is looked at.
const headSize = 32

// foreign reports whether the first line of a client, of which head is the
// start, belongs to another protocol: HTTP, SMTP, SSH, TLS without an upgrade.
// What would follow is not meant for us, and may hold commands that somebody
// else made the client send.
func foreign(head []byte) bool {
	if len(head) >= 2 && head[0] == 0x16 && head[1] == 3 || bytes.HasPrefix(head, []byte("SSH-")) {
		return true
	}
	word, _, args := bytes.Cut(head, []byte(" "))
	switch string(bytes.ToUpper(word)) {
	case "EHLO", "HELO", "LHLO":
		return true
	case "GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "CONNECT", "TRACE", "PATCH", "PROPFIND", "PRI":
		return args
	}
	return false
}
