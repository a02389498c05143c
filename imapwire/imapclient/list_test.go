package imapclient_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/imapwire/imapclient"
)

// TestLongLists: threat M8. Answers of a million numbers come out as Data after
// Data within 64 KiB, with the command that an ESEARCH belongs to.
func TestLongLists(t *testing.T) {
	p := newPlayer(t, imapclient.Options{})
	p.feed("* PREAUTH ready\r\n")
	p.act("SELECT INBOX")
	p.feed("A1 OK done\r\n")
	p.act("UID SEARCH RETURN (ALL) ALL")
	search, esearch, vanished := []byte("* SEARCH"), []byte(`* ESEARCH (TAG "A2") UID ALL `), []byte("* VANISHED ")
	for n := range 1_000_000 {
		search = fmt.Append(search, " ", n+1)
		esearch = fmt.Append(esearch, 2*n+1, ",")
		vanished = fmt.Append(vanished, 3*n+1, ":", 3*n+2, ",")
	}
	var nums, found, ends int
	var gone int64
	var last imapwire.Response
	for _, in := range [][]byte{search, esearch[:len(esearch)-1], vanished[:len(vanished)-1]} {
		in = append(in, "\r\n"...)
		for len(in) > 0 {
			n := min(32<<10, len(in))
			if err := p.c.Feed(start, in[:n]); err != nil {
				t.Fatal(err)
			}
			in = in[n:]
			for ev := p.c.Next(); ev != nil; ev = p.c.Next() {
				data, ok := ev.(*imapclient.Data)
				if !ok {
					t.Fatalf("%+v", ev)
				}
				switch r := data.Response.(type) {
				case *imapwire.SearchData:
					nums += len(r.Nums)
				case *imapwire.ESearchData:
					if data.ID != 2 {
						t.Fatalf("a piece belongs to %d", data.ID)
					}
					found += len(r.All)
				case *imapwire.VanishedData:
					gone += r.UIDs.Count()
				}
				last = data.Response
				poison(data)
				if !data.More {
					ends++
				}
			}
		}
	}
	if ends != 3 || nums != 1_000_000 || found != 1_000_000 || gone != 2_000_000 {
		t.Errorf("%d lists; %d found, %d in ESEARCH, %d gone", ends, nums, found, gone)
	}
	if v, ok := last.(*imapwire.VanishedData); !ok || v.UIDs.Max() != imap.UID(3*999_999+2) {
		t.Errorf("the last piece is %T", last)
	}
	if s := p.c.Stats(); s.MaxRetained > 64<<10 {
		t.Errorf("%d octets retained", s.MaxRetained)
	}
}

// TestLentNumbers: the numbers of a long list are lent, those of a short one are
// not; a Clone and a Collector have what is true.
func TestLentNumbers(t *testing.T) {
	for _, n := range []int{100, 3000} {
		var want []imap.Range
		search, esearch := []byte("* SEARCH"), []byte(`* ESEARCH (TAG "A2") UID ALL `)
		for i := range n {
			search = fmt.Append(search, " ", 100+2*i)
			esearch = fmt.Append(esearch, 100+2*i, ",")
			want = append(want, imap.Range{First: uint32(100 + 2*i), Last: uint32(100 + 2*i)})
		}
		for _, answer := range [][]byte{search, esearch[:len(esearch)-1]} {
			p := newPlayer(t, imapclient.Options{})
			p.feed("* PREAUTH ready\r\n")
			p.act("SELECT INBOX")
			p.feed("A1 OK done\r\n")
			p.act("UID SEARCH RETURN (ALL) ALL")
			col := imapclient.Collector{}
			cmd := &imapwire.Search{UID: true, Key: &imap.SearchAll{}}
			col.Sent(2, cmd)
			var cloned []imap.Range
			if err := p.c.Feed(start, append(answer, "\r\nA2 OK done\r\n"...)); err != nil {
				t.Fatal(err)
			}
			var res *imapclient.Result
			for ev := p.c.Next(); ev != nil; ev = p.c.Next() {
				res = col.Take(ev)
				data, ok := ev.(*imapclient.Data)
				if !ok {
					continue
				}
				own := data.Clone()
				if lent := own != data; lent != (n > 1000) {
					t.Fatalf("%d numbers: lent is %v", n, lent)
				}
				poison(data)
				switch r := own.Response.(type) {
				case *imapwire.SearchData:
					for _, n := range r.Nums {
						cloned = append(cloned, imap.Range{First: n, Last: n})
					}
				case *imapwire.ESearchData:
					cloned = append(cloned, r.All...)
				}
			}
			if !slices.Equal(cloned, want) || !slices.Equal(res.Search(), want) {
				t.Errorf("%.12s of %d: a clone has %d, a result %d", answer, n, len(cloned), len(res.Search()))
			}
		}
	}
}
