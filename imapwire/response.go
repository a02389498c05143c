package imapwire

import "github.com/mailwire/mailwire/imapwire/imap"

// A Response is what a server says. The kinds, by file:
// [*StatusResponse] (condition.go), [*Continue], [*CapabilityData],
// [*FlagsData], [*ExistsData], [*RecentData] (response.go), [*EnabledData]
// (enable.go), [*IDData] (id.go), [*ListData] (list.go), [*NamespaceData]
// (namespace.go), [*StatusData] (status.go), [*SearchData], [*ESearchData]
// (search.go), [*ExpungeData], [*VanishedData] (expunge.go), [*FetchData]
// (fetchdata.go) and [*UnknownData] (unknown.go).
type Response interface{ response() }

// A Continue is a command continuation request: + text, RFC 9051 §7.6.
type Continue struct {
	// Text follows "+ ". In a SASL exchange it is base64, otherwise a
	// resp-text whose code, if any, is part of it.
	Text string
}

// A CapabilityData is the capability list: * CAPABILITY.
type CapabilityData struct{ Capabilities imap.Capabilities }

// A FlagsData is the flags that the mailbox knows: * FLAGS.
type FlagsData struct{ Flags []imap.Flag }

// An ExistsData is the number of messages: * n EXISTS.
type ExistsData struct{ Count uint32 }

// A RecentData is the number of recent messages: * n RECENT, RFC 3501 §7.3.2.
type RecentData struct{ Count uint32 }

func (*Continue) response()       {}
func (*CapabilityData) response() {}
func (*FlagsData) response()      {}
func (*ExistsData) response()     {}
func (*RecentData) response()     {}
