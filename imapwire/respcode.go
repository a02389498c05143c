package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

// A Code is a response code in the brackets of a status response, RFC 9051
// §7.1. The kinds: [CodeAtom], [*CodeNumber], [*CodeCapability],
// [*CodePermanentFlags], [*CodeBadCharset], [*CodeAppendUID], [*CodeCopyUID]
// and [*CodeUnknown].
type Code interface{ code() }

// A CodeAtom is a code without arguments, in upper case.
type CodeAtom string

// Codes without arguments, of RFC 9051 §7.1, RFC 5530 and extensions.
const (
	CodeAlert                CodeAtom = "ALERT"
	CodeAlreadyExists        CodeAtom = "ALREADYEXISTS"
	CodeAuthenticationFailed CodeAtom = "AUTHENTICATIONFAILED"
	CodeAuthorizationFailed  CodeAtom = "AUTHORIZATIONFAILED"
	CodeCannot               CodeAtom = "CANNOT"
	CodeClientBug            CodeAtom = "CLIENTBUG"
	CodeClosed               CodeAtom = "CLOSED"
	CodeContactAdmin         CodeAtom = "CONTACTADMIN"
	CodeCorruption           CodeAtom = "CORRUPTION"
	CodeExpired              CodeAtom = "EXPIRED"
	CodeExpungeIssued        CodeAtom = "EXPUNGEISSUED"
	CodeHasChildren          CodeAtom = "HASCHILDREN"
	CodeInUse                CodeAtom = "INUSE"
	CodeLimit                CodeAtom = "LIMIT"
	CodeNoModSeq             CodeAtom = "NOMODSEQ" // RFC 7162
	CodeNonExistent          CodeAtom = "NONEXISTENT"
	CodeNoPerm               CodeAtom = "NOPERM"
	CodeNotSaved             CodeAtom = "NOTSAVED"
	CodeOverQuota            CodeAtom = "OVERQUOTA"
	CodeParse                CodeAtom = "PARSE"
	CodePrivacyRequired      CodeAtom = "PRIVACYREQUIRED"
	CodeReadOnly             CodeAtom = "READ-ONLY"
	CodeReadWrite            CodeAtom = "READ-WRITE"
	CodeServerBug            CodeAtom = "SERVERBUG"
	CodeTooBig               CodeAtom = "TOOBIG" // RFC 7889
	CodeTryCreate            CodeAtom = "TRYCREATE"
	CodeUIDNotSticky         CodeAtom = "UIDNOTSTICKY"
	CodeUnavailable          CodeAtom = "UNAVAILABLE"
	CodeUnknownCTE           CodeAtom = "UNKNOWN-CTE"
	CodeUseAttr              CodeAtom = "USEATTR" // RFC 6154
)

// A CodeNumber is a code with one number.
type CodeNumber struct {
	Name   string // upper case: UIDNEXT, UIDVALIDITY, UNSEEN, HIGHESTMODSEQ …
	Number uint64 // 0 to 2^63-1
}

// Names of a [CodeNumber].
const (
	CodeUIDNext       = "UIDNEXT"
	CodeUIDValidity   = "UIDVALIDITY"
	CodeUnseen        = "UNSEEN" // RFC 3501
	CodeHighestModSeq = "HIGHESTMODSEQ"
)

// A CodeCapability is CAPABILITY.
type CodeCapability struct{ Capabilities imap.Capabilities }

// A CodePermanentFlags is PERMANENTFLAGS.
type CodePermanentFlags struct{ Flags []imap.Flag }

// A CodeBadCharset is BADCHARSET, with the charsets that are supported, if told.
type CodeBadCharset struct{ Charsets []string }

// A CodeAppendUID is APPENDUID, RFC 4315 §3.
type CodeAppendUID struct {
	UIDValidity uint32
	UIDs        imap.UIDSet // as many as messages were appended
}

// A CodeCopyUID is COPYUID, RFC 4315 §3. The n-th UID of Source became the
// n-th of Dest, in the order written; neither contains "*".
type CodeCopyUID struct {
	UIDValidity  uint32
	Source, Dest imap.Set
}

// A CodeUnknown is a code that this package has no type for, or whose
// arguments it did not understand.
type CodeUnknown struct {
	Name string
	// Args are the octets between the name and "]", the space before them
	// included.
	Args string
}

func (CodeAtom) code()            {}
func (*CodeNumber) code()         {}
func (*CodeCapability) code()     {}
func (*CodePermanentFlags) code() {}
func (*CodeBadCharset) code()     {}
func (*CodeAppendUID) code()      {}
func (*CodeCopyUID) code()        {}
func (*CodeUnknown) code()        {}
