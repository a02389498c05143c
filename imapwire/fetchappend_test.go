package imapwire

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/imap"
)

// TestAppendPlainFetch: what is written in one go is what the encoder writes, and
// nothing is that the encoder refuses.
func TestAppendPlainFetch(t *testing.T) {
	plain := 0
	rapid.Check(t, func(t *rapid.T) {
		f := drawFetchData(t)
		f.Has &= HasUID | HasFlags | HasModSeq | HasSize | FetchHas(draw(t, rapid.SampledFrom([]FetchHas{0, 0, 0, HasInternalDate})))
		if draw(t, rapid.IntRange(0, 3)) > 0 {
			f.Sections, f.BinarySizes, f.Unknown = nil, nil, nil
		}
		switch draw(t, rapid.IntRange(0, 19)) {
		case 0:
			f.Num = 0
		case 1:
			f.UID = 0
		case 2:
			f.ModSeq = draw(t, rapid.SampledFrom([]imap.ModSeq{0, imap.MaxModSeq, imap.MaxModSeq + 1}))
		case 3:
			f.Size = -1
		case 4:
			f.Part = FetchFirst
		case 5:
			f.Flags = append(f.Flags, imap.Flag(draw(t, rapid.SampledFrom([]string{"", `\`, "a b", "a]", "x", `\Seen`, "{3}"}))))
		}
		b, ok := appendPlainFetch([]byte("before "), f)
		if !ok {
			if string(b) != "before " {
				t.Fatalf("%+v is not plain, and %q was appended", f, b)
			}
			return
		}
		plain++
		e := encoder{b: []byte("before "), server: true}
		if bodies := e.fetchData(f); e.err != nil || len(bodies) > 0 || string(e.b) != string(b) {
			t.Fatalf("%+v is %q, and the encoder says %q, %v", f, b, e.b, e.err)
		}
	})
	if plain == 0 {
		t.Error("nothing was plain")
	}
	const all = HasUID | HasFlags | HasModSeq | HasSize
	for i, f := range []FetchData{
		{UID: 1, ModSeq: 1}, {Num: 1, ModSeq: 1}, {Num: 1, UID: 1}, {Num: 1, UID: 1, ModSeq: imap.MaxModSeq + 1},
		{Num: 1, UID: 1, ModSeq: 1, Size: -1}, {Num: 1, UID: 1, ModSeq: 1, Flags: []imap.Flag{`\`}}, {Num: 1, UID: 1, ModSeq: 1, Flags: []imap.Flag{"a b"}},
	} {
		f.Has = all
		if b, _, err := EncodeFetch(nil, &f, ResponseOptions{}); err == nil {
			t.Errorf("%d: %q", i, b)
		}
	}
}
