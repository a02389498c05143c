package message

import (
	"sort"
	"strconv"
	"strings"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// maxSegments is how many pieces of one parameter are put together.
const maxSegments = 128

// DecodeParams returns MIME parameters with continuations put together and
// charsets decoded (RFC 2231), as UTF-8, each name once, in the order of first
// appearance. A parameter in the extended form wins over its plain form; encoded
// words in a plain value, which RFC 2047 forbids and mail programs write, are
// decoded.
func DecodeParams(params []imap.Param) []imap.Param {
	type segment struct {
		n       int
		encoded bool
		value   string
	}
	var order []string
	plain := make(map[string]string)
	parts := make(map[string][]segment)
	seen := make(map[string]bool)
	for _, p := range params {
		name := strings.ToLower(p.Name)
		base, rest, extended := strings.Cut(name, "*")
		if !seen[base] {
			seen[base] = true
			order = append(order, base)
		}
		if !extended {
			if _, twice := plain[base]; !twice {
				plain[base] = p.Value
			}
			continue
		}
		// name*, name*0, name*0*
		number, encoded := rest, rest == ""
		if s, cut := strings.CutSuffix(rest, "*"); cut {
			number, encoded = s, true
		}
		n := 0
		if number != "" {
			var err error
			if n, err = strconv.Atoi(number); err != nil || n < 0 || n >= maxSegments {
				continue
			}
		}
		if len(parts[base]) < maxSegments {
			parts[base] = append(parts[base], segment{n, encoded, p.Value})
		}
	}
	var out []imap.Param
	for _, base := range order {
		segs := parts[base]
		if len(segs) == 0 {
			if v, ok := plain[base]; ok {
				out = append(out, imap.Param{Name: base, Value: DecodeWords(v)})
			}
			continue
		}
		sort.SliceStable(segs, func(i, j int) bool { return segs[i].n < segs[j].n })
		var b strings.Builder
		charset := ""
		for i, s := range segs {
			if i > 0 && s.n == segs[i-1].n {
				continue // the first of a number counts
			}
			if i > 0 && s.n != segs[i-1].n+1 {
				break // a piece is missing
			}
			v := s.value
			if s.encoded {
				if i == 0 {
					if cs, rest, ok := strings.Cut(v, "'"); ok {
						if _, text, ok := strings.Cut(rest, "'"); ok {
							charset, v = cs, text
						}
					}
				}
				v = unpercent(v)
			}
			b.WriteString(v)
		}
		out = append(out, imap.Param{Name: base, Value: DecodeCharset(charset, b.String())})
	}
	return out
}

// unpercent decodes %XX; anything else stays.
func unpercent(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, ok1 := unhex(s[i+1])
			lo, ok2 := unhex(s[i+2])
			if ok1 && ok2 {
				b.WriteByte(hi<<4 | lo)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
