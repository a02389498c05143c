package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

func coded(c Code) Response { return condition("a", OK, c, "x") }

// codeRows are the codes of RFC 9051 §7.1 and those that only RFC 3501 has.
var codeRows = []known[Code]{
	k[Code]("ALERT", CodeAlert), k[Code]("BADCHARSET", &CodeBadCharset{}), k[Code]("BADCHARSET (UTF-8 US-ASCII)", &CodeBadCharset{Charsets: []string{"UTF-8", "US-ASCII"}}), k[Code]("CAPABILITY IMAP4rev2 X", &CodeCapability{Capabilities: imap.Capabilities{"IMAP4rev2", "X"}}),
	k[Code]("PARSE", CodeParse), k[Code]("PERMANENTFLAGS ()", &CodePermanentFlags{}), k[Code](`PERMANENTFLAGS (\Seen a \*)`, &CodePermanentFlags{Flags: []imap.Flag{imap.FlagSeen, "a", imap.FlagWildcard}}), k[Code]("READ-ONLY", CodeReadOnly), k[Code]("READ-WRITE", CodeReadWrite), k[Code]("TRYCREATE", CodeTryCreate),
	k[Code]("UIDNEXT 4294967295", &CodeNumber{Name: CodeUIDNext, Number: 1<<32 - 1}), k[Code]("UIDVALIDITY 1", &CodeNumber{Name: CodeUIDValidity, Number: 1}), k[Code]("UNSEEN 1", &CodeNumber{Name: CodeUnseen, Number: 1}),
	k[Code]("APPENDUID 7 8", &CodeAppendUID{UIDValidity: 7, UIDs: imap.UIDSetOf(8)}), k[Code]("COPYUID 7 8:9 1:2", &CodeCopyUID{UIDValidity: 7, Source: imap.SetRange(8, 9), Dest: imap.SetRange(1, 2)}), k[Code]("UIDNOTSTICKY", CodeUIDNotSticky),
	k[Code]("UNAVAILABLE", CodeUnavailable), k[Code]("AUTHENTICATIONFAILED", CodeAuthenticationFailed), k[Code]("AUTHORIZATIONFAILED", CodeAuthorizationFailed), k[Code]("EXPIRED", CodeExpired), k[Code]("PRIVACYREQUIRED", CodePrivacyRequired), k[Code]("CONTACTADMIN", CodeContactAdmin),
	k[Code]("NOPERM", CodeNoPerm), k[Code]("INUSE", CodeInUse), k[Code]("EXPUNGEISSUED", CodeExpungeIssued), k[Code]("CORRUPTION", CodeCorruption), k[Code]("SERVERBUG", CodeServerBug), k[Code]("CLIENTBUG", CodeClientBug), k[Code]("CANNOT", CodeCannot), k[Code]("LIMIT", CodeLimit),
	k[Code]("OVERQUOTA", CodeOverQuota), k[Code]("ALREADYEXISTS", CodeAlreadyExists), k[Code]("NONEXISTENT", CodeNonExistent), k[Code]("NOTSAVED", CodeNotSaved), k[Code]("HASCHILDREN", CodeHasChildren), k[Code]("CLOSED", CodeClosed), k[Code]("UNKNOWN-CTE", CodeUnknownCTE),
	k[Code]("alert", CodeAlert, "ALERT"), k[Code]("X-NEW", CodeAtom("X-NEW")), k[Code]("X-New a b{1} (c", &CodeUnknown{Name: "X-New", Args: " a b{1} (c"}),
	// A code whose arguments are not its own is kept as it came.
	k[Code]("UIDNEXT x", &CodeUnknown{Name: "UIDNEXT", Args: " x"}), k[Code]("UIDVALIDITY", CodeAtom("UIDVALIDITY")), k[Code]("APPENDUID 7 *", &CodeUnknown{Name: "APPENDUID", Args: " 7 *"}), k[Code]("COPYUID 7 1:2 1:3", &CodeUnknown{Name: "COPYUID", Args: " 7 1:2 1:3"}), k[Code]("PERMANENTFLAGS a", &CodeUnknown{Name: "PERMANENTFLAGS", Args: " a"}),
}

var respcodeRules = []ruleTable{
	response("resp-text-code", "a OK [%s] x", coded, codeRows...),
	response("resp-code-apnd", "a OK [%s] x", coded, k[Code]("APPENDUID 1 4294967295", &CodeAppendUID{UIDValidity: 1, UIDs: imap.UIDSetOf(imap.MaxUID)}), k[Code]("appenduid 1 2", &CodeAppendUID{UIDValidity: 1, UIDs: imap.UIDSetOf(2)}, "APPENDUID 1 2"), k[Code]("APPENDUID 0 2", &CodeUnknown{Name: "APPENDUID", Args: " 0 2"})),
	response("resp-text-code", "a OK [%s] x", coded, k[Code]("MODIFIED 7,9:10", &CodeModified{Set: imap.Set{Ranges: []imap.Range{{First: 7, Last: 7}, {First: 9, Last: 10}}}}), k[Code]("modified 3", &CodeModified{Set: imap.SetOf(3)}, "MODIFIED 3"), k[Code]("MODIFIED *", &CodeUnknown{Name: "MODIFIED", Args: " *"}), k[Code]("MODIFIED $", &CodeUnknown{Name: "MODIFIED", Args: " $"}), k[Code]("NOMODSEQ", CodeNoModSeq)),
	response("resp-code-copy", "a OK [%s] x", coded, k[Code]("COPYUID 1 2,4 9:10", &CodeCopyUID{UIDValidity: 1, Source: imap.SetOf(2, 4), Dest: imap.SetRange(9, 10)}), k[Code]("COPYUID 0 2 9", &CodeUnknown{Name: "COPYUID", Args: " 0 2 9"}), k[Code]("COPYUID 1 2:* 9", &CodeUnknown{Name: "COPYUID", Args: " 1 2:* 9"}), k[Code]("COPYUID 1 $ 9", &CodeUnknown{Name: "COPYUID", Args: " 1 $ 9"})),
}
