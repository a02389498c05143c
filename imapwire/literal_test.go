package imapwire

import (
	"strings"
	"testing"
)

func TestLiteralPolicy(t *testing.T) {
	small, large := strings.Repeat("ä", 2048), strings.Repeat("ä", 2048)+"x"
	for _, row := range []struct {
		policy LiteralPolicy
		s      string
		head   string
		stops  int
	}{
		{LiteralSync, "ä", "{2}", 1},
		{LiteralMinus, "ä", "{2+}", 0},
		{LiteralMinus, small, "{4096+}", 0},
		{LiteralMinus, large, "{4097}", 1},
		{LiteralPlus, large, "{4097+}", 0},
	} {
		b, stops, err := AppendCommand(nil, "A1", &Delete{Mailbox: row.s}, CommandOptions{Literals: row.policy})
		if err != nil || len(stops) != row.stops || string(b) != "A1 DELETE "+row.head+"\r\n"+row.s+"\r\n" {
			t.Errorf("%d %s: %.40q, %v, %v", row.policy, row.head, b, stops, err)
		}
	}
}
