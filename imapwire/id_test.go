package imapwire

import (
	"strings"

	"github.com/mailwire/mailwire/imapwire/imap"
)

var idRows = []commandRow{
	{in: "ID NIL", want: &ID{}},
	{in: "ID nil", want: &ID{}, canon: "ID NIL"},
	{in: "ID ()", want: &ID{}, canon: "ID NIL"},
	{in: `ID ("name" "sodr" "version" "19.34" "vendor" NIL)`, want: &ID{Fields: []IDField{{"name", imap.String("sodr")}, {"version", imap.String("19.34")}, {"vendor", imap.NString{}}}}},
	{in: "ID ({4}\r\nname {0}\r\n)", want: &ID{Fields: []IDField{{"name", imap.String("")}}}, canon: `ID ("name" "")`},
	{in: `ID ("" "NIL")`, want: &ID{Fields: []IDField{{"", imap.String("NIL")}}}},
}

var idRejects = []rejectRow{
	{"ID", 2},
	{"ID ", 3},
	{"ID NILL", 3},
	{"ID NIL NIL", 6},
	{`ID "name" "x"`, 3},
	{"ID (name x)", 4},
	{`ID ("name")`, 10},
	{`ID ("name" x)`, 11},
	{`ID ("name" "x" )`, 15},
	{`ID ("name" "x"`, 14},
	{`ID ("a" "b""c" "d")`, 11},
	{`ID ("a" ("b"))`, 8},
	{`ID ("` + strings.Repeat("n", 31) + `" NIL)`, 4},
	{`ID ("n" "` + strings.Repeat("v", 1025) + `")`, 4},
	{"ID (" + strings.Repeat(`"n" NIL `, 31) + ")", 4 + 30*8},
}
