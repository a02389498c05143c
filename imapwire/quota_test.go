package imapwire

import (
	"math"

	"github.com/mailwire/mailwire/imapwire/imap"
)

var quotaRows = []commandRow{
	{in: `GETQUOTA "!partition/sda4"`, want: &GetQuota{Root: "!partition/sda4"}, canon: "GETQUOTA !partition/sda4"},
	{in: `GETQUOTA ""`, want: &GetQuota{}},
	{in: "getquota {5}\r\n#user", want: &GetQuota{Root: "#user"}, canon: "GETQUOTA #user"},
	{in: "GETQUOTAROOT INBOX", want: &GetQuotaRoot{Mailbox: "INBOX"}},
	{in: `GetQuotaRoot "a b"`, want: &GetQuotaRoot{Mailbox: "a b"}, canon: `GETQUOTAROOT "a b"`},
	{in: "GETQUOTAROOT {1}\r\n\xff", want: &GetQuotaRoot{Mailbox: "\xff"}},
	{in: `SETQUOTA #user/alice (STORAGE 510)`, want: &SetQuota{Root: "#user/alice", Limits: []QuotaLimit{{QuotaStorage, 510}}}},
	{in: `SETQUOTA "" ()`, want: &SetQuota{}},
	{
		in:    `SETQUOTA "" (storage 0 MESSAGE 1 Mailbox 9223372036854775807 ANNOTATION-STORAGE 4294967296 X-NEW 007)`,
		want:  &SetQuota{Limits: []QuotaLimit{{QuotaStorage, 0}, {QuotaMessage, 1}, {QuotaMailbox, math.MaxInt64}, {QuotaAnnotationStorage, 1 << 32}, {"X-NEW", 7}}},
		canon: `SETQUOTA "" (STORAGE 0 MESSAGE 1 MAILBOX 9223372036854775807 ANNOTATION-STORAGE 4294967296 X-NEW 7)`,
	},
}

var quotaRejects = []rejectRow{
	{"GETQUOTA", 8},
	{"GETQUOTA ", 9},
	{"GETQUOTA a b", 10},
	{"GETQUOTA (a)", 9},
	{"GETQUOTAROOT", 12},
	{"GETQUOTAROOT a b", 14},
	{"GETQUOTAROOT a*", 14},
	{"SETQUOTA", 8},
	{"SETQUOTA a", 10},
	{"SETQUOTA a ", 11},
	{"SETQUOTA a STORAGE 1", 11},
	{"SETQUOTA a (STORAGE)", 19},
	{"SETQUOTA a (STORAGE )", 20},
	{"SETQUOTA a (STORAGE -1)", 20},
	{"SETQUOTA a (STORAGE 9223372036854775808)", 20},
	{"SETQUOTA a (STORAGE 1 )", 22},
	{"SETQUOTA a (STORAGE 1 2)", 23},
	{"SETQUOTA a (STORAGE 1", 21},
	{"SETQUOTA a (STORAGE 1) ", 22},
	{"SETQUOTA a (STORAGE 1) (MESSAGE 1)", 22},
	{`SETQUOTA a ("STORAGE" 1)`, 12},
}

func setQuota(l ...QuotaLimit) Command { return &SetQuota{Root: "x", Limits: l} }

func quotaOf(u ...QuotaUsage) Response { return &QuotaData{Root: "x", Resources: u} }

func quotaCapability(c imap.Capability) Response {
	return &CapabilityData{Capabilities: imap.Capabilities{imap.CapQuota, c}}
}

// quotaRules: the formal syntax of RFC 9208 §7.
var quotaRules = []ruleTable{
	rowsOf("getquota", quotaRows, quotaRejects, "GETQUOTA "),
	rowsOf("getquotaroot", quotaRows, quotaRejects, "GETQUOTAROOT"),
	rowsOf("setquota", quotaRows, quotaRejects, "SETQUOTA"),
	command("setquota-list", "SETQUOTA x %s", func(l []QuotaLimit) Command { return setQuota(l...) },
		k[[]QuotaLimit]("()", nil), k("(STORAGE 1)", []QuotaLimit{{QuotaStorage, 1}}), k("(MAILBOX 1 MESSAGE 2)", []QuotaLimit{{QuotaMailbox, 1}, {QuotaMessage, 2}}),
	).but("", "STORAGE 1", "(STORAGE 1", "( STORAGE 1)", "(STORAGE 1  MESSAGE 2)"),
	command("setquota-resource", "SETQUOTA x (%s)", func(l QuotaLimit) Command { return setQuota(l) },
		k("MESSAGE 5", QuotaLimit{QuotaMessage, 5})).but("MESSAGE", "5", "5 MESSAGE", "MESSAGE 5 5"),
	command("resource-limit", "SETQUOTA x (STORAGE %s)", func(n int64) Command { return setQuota(QuotaLimit{QuotaStorage, n}) },
		k[int64]("0", 0), k[int64]("2147483648", 1<<31), k[int64]("9223372036854775807", math.MaxInt64)).but("", "-1", "+1", "9223372036854775808", "99999999999999999999", "1.5", "10M", "x"),
	command("resource-name", "SETQUOTA x (%s 1)", func(r QuotaResource) Command { return setQuota(QuotaLimit{r, 1}) },
		k("STORAGE", QuotaStorage), k("MESSAGE", QuotaMessage), k("MAILBOX", QuotaMailbox), k("ANNOTATION-STORAGE", QuotaAnnotationStorage), k("Annotation-Storage", QuotaAnnotationStorage, "ANNOTATION-STORAGE")).but("", `"STORAGE"`, "(STORAGE)"),
	command("resource-name-ext", "SETQUOTA x (%s 1)", func(r QuotaResource) Command { return setQuota(QuotaLimit{r, 1}) },
		k("X-NODES", QuotaResource("X-NODES")), k("7", QuotaResource("7"))).but("X]", "X*", `X"`),
	response("quota-response", "* %s", itself[Response],
		k[Response](`QUOTA "" (STORAGE 10 512)`, &QuotaData{Resources: []QuotaUsage{{QuotaStorage, 10, 512}}}),
		k[Response](`quota "#user/alice" (STORAGE 54 111 message 42 1000)`, &QuotaData{Root: "#user/alice", Resources: []QuotaUsage{{QuotaStorage, 54, 111}, {QuotaMessage, 42, 1000}}}, `QUOTA #user/alice (STORAGE 54 111 MESSAGE 42 1000)`),
		// Gmail counts beyond 32 bits, Cyrus has roots without limits.
		k[Response](`QUOTA "" (STORAGE 7316972 5368709120)`, &QuotaData{Resources: []QuotaUsage{{QuotaStorage, 7316972, 5 << 30}}}),
		k[Response](`QUOTA user.a ()`, &QuotaData{Root: "user.a"}),
	).but("QUOTA", "QUOTA x", "QUOTA x STORAGE 1 2", "QUOTA x (STORAGE 1 2", "QUOTA (STORAGE 1 2)"),
	response("quota-list", "* QUOTA x %s", func(u []QuotaUsage) Response { return quotaOf(u...) },
		k("(STORAGE 1 2)", []QuotaUsage{{QuotaStorage, 1, 2}}), k("(STORAGE 1 2 MAILBOX 3 4)", []QuotaUsage{{QuotaStorage, 1, 2}, {QuotaMailbox, 3, 4}})).but("STORAGE 1 2", "(STORAGE 1 2,MAILBOX 3 4)", "(STORAGE 1 2) (MAILBOX 3 4)"),
	response("quota-resource", "* QUOTA x (%s)", func(u QuotaUsage) Response { return quotaOf(u) },
		k("MESSAGE 0 0", QuotaUsage{QuotaMessage, 0, 0}), k("X-NODES 7 3", QuotaUsage{"X-NODES", 7, 3})).but("MESSAGE", "MESSAGE 1", "MESSAGE 1 2 3", "1 2"),
	response("resource-usage", "* QUOTA x (STORAGE %s 1)", func(n int64) Response { return quotaOf(QuotaUsage{QuotaStorage, n, 1}) },
		k[int64]("0", 0), k[int64]("9223372036854775807", math.MaxInt64)).but("", "-1", "9223372036854775808", "x"),
	response("quotaroot-response", "* %s", itself[Response],
		k[Response](`QUOTAROOT INBOX ""`, &QuotaRootData{Mailbox: "INBOX", Roots: []string{""}}),
		k[Response](`QUOTAROOT comp.mail.mime`, &QuotaRootData{Mailbox: "comp.mail.mime"}),
		k[Response](`QUOTAROOT INBOX "#user/alice" "!partition/sda 4"`, &QuotaRootData{Mailbox: "INBOX", Roots: []string{"#user/alice", "!partition/sda 4"}}, `QUOTAROOT INBOX #user/alice "!partition/sda 4"`),
	).but("QUOTAROOT", "QUOTAROOT a (b)", `QUOTAROOT a  b`, `QUOTAROOT (a)`),
	response("quota-root-name", "* QUOTAROOT x %s", func(s string) Response { return &QuotaRootData{Mailbox: "x", Roots: []string{s}} },
		k(`""`, ""), k("#a]", "#a]"), k("{3}\r\na\"b", `a"b`, `"a\"b"`)).but("", "(", "a*"),
	response("capability-quota", "* CAPABILITY QUOTA %s", quotaCapability,
		k("QUOTA=RES-STORAGE", imap.Capability("QUOTA=RES-STORAGE")), k("QUOTASET", imap.CapQuotaSet)).but("QUOTA=RES-STORAGE(", `"QUOTASET"`),
	response("capa-quota-res", "* CAPABILITY QUOTA %s", quotaCapability,
		k("QUOTA=RES-ANNOTATION-STORAGE", imap.QuotaCapability("ANNOTATION-STORAGE")), k("QUOTA=RES-X", imap.QuotaCapability("X"))).but("QUOTA=RES-{", "QUOTA=RES-(X)"),
	response("status-att-deleted", "* STATUS x (%s)", func(v StatusValue) Response { return statusAnswer(v) },
		k("DELETED 4", StatusValue{Item: StatusDeleted, Number: 4})).but("DELETED", "DELETED 4 "),
	response("status-att-deleted-storage", "* STATUS x (%s)", func(v StatusValue) Response { return statusAnswer(v) },
		k("DELETED-STORAGE 9223372036854775807", StatusValue{Item: StatusDeletedStorage, Number: math.MaxInt64})).but("DELETED-STORAGE", "DELETED-STORAGE (4"),
}
