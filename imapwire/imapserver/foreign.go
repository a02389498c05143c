package imapserver

import "bytes"

// foreign reports whether the first line of a client belongs to another
// protocol: HTTP, SMTP, SSH, TLS without an upgrade. What would follow is not
// meant for us, and may hold commands that somebody else made the client send.
// The end of the line may be missing, when it is too long.
func foreign(line []byte) bool {
	line = bytes.TrimRight(line, "\r\n")
	if len(line) >= 2 && line[0] == 0x16 && line[1] == 3 || bytes.HasPrefix(line, []byte("SSH-")) {
		return true
	}
	word, rest, _ := bytes.Cut(line, []byte(" "))
	switch string(bytes.ToUpper(word)) {
	case "EHLO", "HELO", "LHLO":
		return len(rest) > 0
	case "GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "CONNECT", "TRACE", "PATCH", "PROPFIND", "PRI":
		// No command begins with a slash, so that a tag may be any of these.
		last := bytes.LastIndexByte(rest, ' ') + 1
		return bytes.HasPrefix(rest, []byte("/")) || bytes.HasPrefix(rest[last:], []byte("HTTP/")) ||
			bytes.HasPrefix(rest, []byte("http://")) || bytes.HasPrefix(rest, []byte("https://"))
	}
	return false
}
