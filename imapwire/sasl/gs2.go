package sasl

import (
	"encoding/base64"
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// A gs2Header is what stands before the messages of SCRAM and OAUTHBEARER, in
// the restricted form of RFC 5802 §7.
type gs2Header struct {
	// flag is 'n', 'y' or 'p', then with the type of the binding.
	flag    byte
	binding string
	authzid string
	// raw is the header as it was sent, final comma included: what "c=" proves.
	raw string
}

// parseGS2 cuts the header off a message.
//
//	gs2-cbind-flag = ("p=" cb-name) / "n" / "y"
//	gs2-header     = gs2-cbind-flag "," [ authzid ] ","
//	authzid        = "a=" saslname
//	cb-name        = 1*(ALPHA / DIGIT / "." / "-")
func parseGS2(message string) (h gs2Header, rest string, ok bool) {
	flag, rest, found := strings.Cut(message, ",")
	authzid, rest, more := strings.Cut(rest, ",")
	if !found || !more || flag == "" {
		return h, "", false
	}
	h.flag = flag[0]
	switch {
	case flag == "n" || flag == "y":
	case strings.HasPrefix(flag, "p=") && len(flag) > 2:
		h.binding = flag[2:]
		for i := 0; i < len(h.binding); i++ {
			if c := h.binding[i]; !alpha(c) && !digit(c) && c != '.' && c != '-' {
				return h, "", false
			}
		}
	default:
		return h, "", false
	}
	if authzid != "" {
		name, is := strings.CutPrefix(authzid, "a=")
		if h.authzid, ok = parseSASLName(name); !is || !ok {
			return h, "", false
		}
	}
	h.raw = message[:len(message)-len(rest)]
	return h, rest, true
}

// appendGS2 is the header for a flag, with the type of the binding in it.
func appendGS2(flag, authzid string) string {
	if authzid != "" {
		authzid = "a=" + saslName(authzid)
	}
	return flag + "," + authzid + ","
}

// parseSASLName undoes the quoting of a name.
//
//	saslname = 1*(value-safe-char / "=2C" / "=3D")
func parseSASLName(s string) (string, bool) {
	if s == "" || !text(s) || strings.Contains(s, ",") {
		return "", false
	}
	// A name is what is bounded, which is shorter than its quoted form.
	var name strings.Builder
	for {
		before, after, quoted := strings.Cut(s, "=")
		name.WriteString(before)
		if !quoted {
			break
		}
		switch {
		case strings.HasPrefix(after, "2C"):
			name.WriteByte(',')
		case strings.HasPrefix(after, "3D"):
			name.WriteByte('=')
		default:
			return "", false
		}
		s = after[2:]
	}
	return name.String(), name.Len() <= maxName
}

func saslName(s string) string {
	return strings.NewReplacer(",", "=2C", "=", "=3D").Replace(s)
}

// tlsExporter is the one type of channel binding that there is here: that of
// TLS 1.3, which the older ones are not safe or not defined for (RFC 9266).
const tlsExporter = "tls-exporter"

// bindingOf returns the channel binding data of a transport, or nil if it has
// none (RFC 9266 §4.1). The context is empty, which in TLS 1.2 is not the same
// as none.
func bindingOf(s engine.Security) []byte {
	const length = 32
	if s.Exporter == nil {
		return nil
	}
	data, err := s.Exporter("EXPORTER-Channel-Binding", []byte{}, length)
	if err != nil || len(data) != length {
		return nil
	}
	return data
}

func alpha(c byte) bool { return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' }
func digit(c byte) bool { return '0' <= c && c <= '9' }

// decode64 is base64 with one form for every value: padded, without line
// breaks, the bits left over zero.
func decode64(s string) ([]byte, bool) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, false
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	return b, err == nil
}

func encode64[T ~[]byte | ~string](b T) string {
	return base64.StdEncoding.EncodeToString([]byte(b))
}
