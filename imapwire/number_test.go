package imapwire

import (
	"fmt"
	"testing"
)

// Invariant 10.
func TestNumbers(t *testing.T) {
	for _, row := range []struct {
		format string
		ok     []string
		bad    []string
	}{
		{"SEARCH LARGER %s", []string{"0", "00", "4294967296", "9223372036854775807", "009223372036854775807"},
			[]string{"", "-1", "+1", "9223372036854775808", "18446744073709551616", "99999999999999999999999999", "1.0", "0x1", "1a"}},
		{"SEARCH OLDER %s", []string{"1", "4294967295"}, []string{"0", "01", "4294967296", "4294967297", "18446744073709551617", "-1", ""}},
		{"FETCH %s FLAGS", []string{"1", "4294967295", "*"}, []string{"0", "01", "4294967296", "-1", "1:0", "0:1", "1:4294967296"}},
		{"FETCH 1 BODY[]<%s.1>", []string{"0", "9223372036854775807"}, []string{"9223372036854775808", "-1", ""}},
		{"FETCH 1 BODY[]<0.%s>", []string{"1", "9223372036854775807"}, []string{"0", "9223372036854775808", "-1", ""}},
		{"FETCH 1 BODY[%s]", []string{"1", "4294967295", "1.2.3"}, []string{"0", "01", "4294967296", "1.", "1..2", ".1", "1.0"}},
	} {
		for _, n := range row.ok {
			s := fmt.Sprintf(row.format, n)
			if _, _, err := ParseCommand([]byte("A1 "+s+"\r\n"), ParseOptions{}); err != nil {
				t.Errorf("%q: %v", s, err)
			}
		}
		for _, n := range row.bad {
			s := fmt.Sprintf(row.format, n)
			if _, cmd, err := ParseCommand([]byte("A1 "+s+"\r\n"), ParseOptions{}); err == nil {
				t.Errorf("%q: %#v", s, cmd)
			}
		}
	}
	for _, size := range []string{"{-1}", "{+1}", "{}", "{+}", "{1", "{1+", "{18446744073709551617}", "{9223372036854775808}", "{1}+", "{ 1}", "{0x1}", "{1++}"} {
		if _, cmd, err := ParseCommand([]byte("A1 DELETE "+size+"\r\nx\r\n"), ParseOptions{}); err == nil {
			t.Errorf("%q: %#v", size, cmd)
		}
	}
}
