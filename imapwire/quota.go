package imapwire

// A GetQuota asks for usage and limits of a quota root, RFC 9208 §4.1.1.
type GetQuota struct{ Root string }

// A GetQuotaRoot asks for the quota roots of a mailbox, which need not exist,
// RFC 9208 §4.1.2.
type GetQuotaRoot struct{ Mailbox string }

// A SetQuota gives a quota root exactly these limits: those it does not name are
// taken away (RFC 9208 §4.1.3).
type SetQuota struct {
	Root   string
	Limits []QuotaLimit
}

// A QuotaLimit is the limit of one resource.
type QuotaLimit struct {
	Resource QuotaResource
	Limit    int64 // in units of the resource, 0 to 2^63-1
}

// A QuotaResource is the name of a resource, in upper case.
type QuotaResource string

// The resources of RFC 9208 §5.
const (
	QuotaStorage           QuotaResource = "STORAGE"            // in units of 1024 octets
	QuotaMessage           QuotaResource = "MESSAGE"            // messages
	QuotaMailbox           QuotaResource = "MAILBOX"            // mailboxes
	QuotaAnnotationStorage QuotaResource = "ANNOTATION-STORAGE" // in units of 1024 octets
)

// A QuotaData is usage and limits of a quota root: * QUOTA, RFC 9208 §4.2.1.
// Resources that it does not name have no limit.
type QuotaData struct {
	Root      string
	Resources []QuotaUsage
}

// A QuotaUsage is usage and limit of one resource, in its units, 0 to 2^63-1.
// The usage may be above the limit.
type QuotaUsage struct {
	Resource     QuotaResource
	Usage, Limit int64
}

// A QuotaRootData is the quota roots of a mailbox: * QUOTAROOT, RFC 9208 §4.2.2.
type QuotaRootData struct {
	Mailbox string
	Roots   []string
}

// Verb implements Command.
func (*GetQuota) Verb() string { return "GETQUOTA" }

// Verb implements Command.
func (*GetQuotaRoot) Verb() string { return "GETQUOTAROOT" }

// Verb implements Command.
func (*SetQuota) Verb() string { return "SETQUOTA" }

func (*QuotaData) response()     {}
func (*QuotaRootData) response() {}

// getquota = "GETQUOTA" SP quota-root-name
// quota-root-name = astring
func parseGetQuota(c *cursor) Command {
	c.sp("getquota")
	return &GetQuota{Root: c.astring("quota-root-name")}
}

// getquotaroot = "GETQUOTAROOT" SP mailbox
func parseGetQuotaRoot(c *cursor) Command {
	c.sp("getquotaroot")
	return &GetQuotaRoot{Mailbox: c.mailbox()}
}

// setquota = "SETQUOTA" SP quota-root-name SP setquota-list
// setquota-list = "(" [setquota-resource *(SP setquota-resource)] ")"
// setquota-resource = resource-name SP resource-limit
func parseSetQuota(c *cursor) Command {
	s := &SetQuota{}
	c.sp("setquota")
	s.Root = c.astring("quota-root-name")
	c.sp("setquota")
	if !c.open("setquota-list") {
		return s
	}
	for c.more(len(s.Limits), "setquota-list") {
		l := QuotaLimit{Resource: c.resourceName()}
		c.sp("setquota-resource")
		l.Limit = c.number64("resource-limit")
		s.Limits = append(s.Limits, l)
	}
	return s
}

// resource-name = "STORAGE" / "MESSAGE" / "MAILBOX" / "ANNOTATION-STORAGE" / resource-name-ext
// resource-name-ext = atom
func (c *cursor) resourceName() QuotaResource {
	return QuotaResource(c.atomUpper("resource-name"))
}

// quota-response = "QUOTA" SP quota-root-name SP quota-list
// quota-list = "(" quota-resource *(SP quota-resource) ")"
// quota-resource = resource-name SP resource-usage SP resource-limit
//
// A list may be empty: RFC 9208 §4.2.1 says so, as did the grammar of RFC 2087.
func (c *cursor) quotaData() Response {
	r := &QuotaData{}
	c.sp("quota-response")
	r.Root = c.astring("quota-root-name")
	c.sp("quota-response")
	if !c.open("quota-list") {
		return r
	}
	for c.more(len(r.Resources), "quota-list") {
		u := QuotaUsage{Resource: c.resourceName()}
		c.sp("quota-resource")
		u.Usage = c.number64("resource-usage")
		c.sp("quota-resource")
		u.Limit = c.number64("resource-limit")
		r.Resources = append(r.Resources, u)
	}
	return r
}

// quotaroot-response = "QUOTAROOT" SP mailbox *(SP quota-root-name)
func (c *cursor) quotaRootData() Response {
	r := &QuotaRootData{}
	c.sp("quotaroot-response")
	r.Mailbox = c.mailbox()
	for c.accept(' ') {
		r.Roots = append(r.Roots, c.astring("quota-root-name"))
	}
	return r
}

func (q *GetQuota) encode(e *encoder) {
	e.sp()
	e.astring(q.Root)
}

func (q *GetQuotaRoot) encode(e *encoder) {
	e.sp()
	e.astring(q.Mailbox)
}

func (q *SetQuota) encode(e *encoder) {
	e.sp()
	e.astring(q.Root)
	e.raw(" (")
	for i, l := range q.Limits {
		if i > 0 {
			e.sp()
		}
		e.atom(upper(string(l.Resource)))
		e.sp()
		e.number64(l.Limit, "a limit")
	}
	e.byte(')')
}

func (e *encoder) quotaData(r *QuotaData) {
	e.raw("* QUOTA ")
	e.astring(r.Root)
	e.raw(" (")
	for i, u := range r.Resources {
		if i > 0 {
			e.sp()
		}
		e.atom(upper(string(u.Resource)))
		e.sp()
		e.number64(u.Usage, "a usage")
		e.sp()
		e.number64(u.Limit, "a limit")
	}
	e.byte(')')
}

func (e *encoder) quotaRootData(r *QuotaRootData) {
	e.raw("* QUOTAROOT ")
	e.astring(r.Mailbox)
	for _, root := range r.Roots {
		e.sp()
		e.astring(root)
	}
}
