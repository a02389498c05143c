package main

import (
	"bytes"
	"fmt"

	v2 "github.com/emersion/go-imap/v2"
	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/imap"
	ours "github.com/mailwire/mailwire/imapwire/imapclient"
)

func searchRows() []row {
	return []row{
		{name: "SEARCH response of 10,000 numbers", unit: "number", library: "go-imap v2",
			ours: searchOurs(searchAnswer), theirs: searchTheirs(searchAnswer, nil), times: 12},
		{name: "ESEARCH response of 10,000 ranges", unit: "range", library: "go-imap v2",
			ours: searchOurs(esearchAnswer), theirs: searchTheirs(esearchAnswer, &v2.SearchOptions{ReturnAll: true}), times: 10},
	}
}

// searchBatch is how many numbers or ranges are found.
const searchBatch = 10000

// Every third message was found: no two numbers are neighbours, so that nothing
// can be merged.
var searchAnswer = func() answer {
	b := bytes.NewBufferString("* SEARCH")
	for i := range searchBatch {
		fmt.Fprintf(b, " %d", 100000+3*i)
	}
	b.WriteString("\r\n")
	return answer{rest: b.Bytes()}
}()

var esearchAnswer = func() answer {
	var b bytes.Buffer
	for i := range searchBatch {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%d:%d", 100000+9*i, 100002+9*i)
	}
	b.WriteString("\r\n")
	head := func(tag string) string { return fmt.Sprintf("* ESEARCH (TAG %q) UID ALL ", tag) }
	return answer{head: head, rest: b.Bytes()}
}()

// Ours: the client engine. It tells numbers as it was told them, in pieces.
func searchOurs(a answer) side {
	return func() (*work, error) {
		o, err := newOursClient(ours.Options{})
		if err != nil {
			return nil, err
		}
		cmd := &imapwire.Search{UID: true, Key: &imap.SearchFlag{Flag: imap.FlagSeen}}
		search := func(numbers func([]uint32), ranges func([]imap.Range)) error {
			got := 0
			err := o.do(cmd, a, pieceSize, func(ev ours.Event) error {
				d, ok := ev.(*ours.Data)
				if !ok {
					return nil
				}
				switch r := d.Response.(type) {
				case *imapwire.SearchData:
					got += len(r.Nums)
					numbers(r.Nums)
				case *imapwire.ESearchData:
					got += len(r.All)
					ranges(r.All)
				}
				return nil
			})
			if err == nil && got != searchBatch {
				err = fmt.Errorf("%d found", got)
			}
			return err
		}
		return &work{
			run: func(n int) (int, error) {
				return batches(n, searchBatch, func() error { return search(func([]uint32) {}, func([]imap.Range) {}) })
			},
			understood: func() string {
				var set imap.Set
				search(func(nums []uint32) {
					for _, n := range nums {
						set.Ranges = append(set.Ranges, imap.Range{First: n, Last: n})
					}
				}, func(rs []imap.Range) { set.Ranges = append(set.Ranges, rs...) })
				return set.String()
			},
		}, nil
	}
}

// Theirs: the client. It makes a set of what it was told.
func searchTheirs(a answer, opt *v2.SearchOptions) side {
	return func() (*work, error) {
		c, err := newTheirsClient(a)
		if err != nil {
			return nil, err
		}
		all := ""
		search := func(keep bool) error {
			data, err := c.UIDSearch(&v2.SearchCriteria{Flag: []v2.Flag{v2.FlagSeen}}, opt).Wait()
			if err != nil {
				return err
			}
			set, _ := data.All.(v2.UIDSet)
			if len(set) != searchBatch {
				return fmt.Errorf("%d found", len(set))
			}
			if keep {
				all = set.String()
			}
			return nil
		}
		return &work{
			run: func(n int) (int, error) {
				return batches(n, searchBatch, func() error { return search(false) })
			},
			understood: func() string {
				search(true)
				return all
			},
			close: func() { c.Close() },
		}, nil
	}
}
