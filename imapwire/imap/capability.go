package imap

import "slices"

// A Capability is one word of a capability list. Words compare without regard
// to case.
type Capability string

// Capabilities that this module knows by name.
const (
	CapIMAP4rev1        Capability = "IMAP4rev1"
	CapIMAP4rev2        Capability = "IMAP4rev2"
	CapStartTLS         Capability = "STARTTLS"
	CapLoginDisabled    Capability = "LOGINDISABLED"
	CapSASLIR           Capability = "SASL-IR"     // RFC 4959
	CapLiteralPlus      Capability = "LITERAL+"    // RFC 7888
	CapLiteralMinus     Capability = "LITERAL-"    // RFC 7888
	CapEnable           Capability = "ENABLE"      // RFC 5161
	CapID               Capability = "ID"          // RFC 2971
	CapIdle             Capability = "IDLE"        // RFC 2177
	CapNamespace        Capability = "NAMESPACE"   // RFC 2342
	CapUnselect         Capability = "UNSELECT"    // RFC 3691
	CapUIDPlus          Capability = "UIDPLUS"     // RFC 4315
	CapMove             Capability = "MOVE"        // RFC 6851
	CapChildren         Capability = "CHILDREN"    // RFC 3348
	CapSpecialUse       Capability = "SPECIAL-USE" // RFC 6154
	CapCreateSpecialUse Capability = "CREATE-SPECIAL-USE"
	CapListExtended     Capability = "LIST-EXTENDED" // RFC 5258
	CapListStatus       Capability = "LIST-STATUS"   // RFC 5819
	CapESearch          Capability = "ESEARCH"       // RFC 4731
	CapSearchRes        Capability = "SEARCHRES"     // RFC 5182
	CapStatusSize       Capability = "STATUS=SIZE"   // RFC 8438
	CapBinary           Capability = "BINARY"        // RFC 3516
	CapWithin           Capability = "WITHIN"        // RFC 5032
	CapAppendLimit      Capability = "APPENDLIMIT"   // RFC 7889
	CapCompressDeflate  Capability = "COMPRESS=DEFLATE"
	CapCondStore        Capability = "CONDSTORE"   // RFC 7162
	CapQResync          Capability = "QRESYNC"     // RFC 7162
	CapQuota            Capability = "QUOTA"       // RFC 9208
	CapQuotaSet         Capability = "QUOTASET"    // RFC 9208
	CapUTF8Accept       Capability = "UTF8=ACCEPT" // RFC 9755
)

// AuthCapability returns AUTH=mechanism.
func AuthCapability(mechanism string) Capability { return Capability("AUTH=" + mechanism) }

// QuotaCapability returns QUOTA=RES-resource, RFC 9208 §3.1.1.
func QuotaCapability(resource string) Capability { return Capability("QUOTA=RES-" + resource) }

// Equal reports whether c and d are the same word in any case.
func (c Capability) Equal(d Capability) bool { return equalFoldASCII(string(c), string(d)) }

// AuthMechanism returns the mechanism of an AUTH= capability, its ASCII letters
// in upper case, and whether c is one.
func (c Capability) AuthMechanism() (string, bool) {
	if len(c) <= 5 || !equalFoldASCII(string(c[:5]), "AUTH=") {
		return "", false
	}
	b := []byte(c[5:])
	for i, x := range b {
		if 'a' <= x && x <= 'z' {
			b[i] = x - ('a' - 'A')
		}
	}
	return string(b), true
}

// Capabilities is a capability list in the order of the wire.
type Capabilities []Capability

// Has reports whether the list contains d.
func (c Capabilities) Has(d Capability) bool {
	return slices.ContainsFunc(c, d.Equal)
}
