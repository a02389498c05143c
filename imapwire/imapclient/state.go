package imapclient

import (
	"github.com/mailwire/mailwire/imapwire"
	"github.com/mailwire/mailwire/imapwire/engine"
)

// A State is where a conversation stands, RFC 9051 §3.
type State uint8

const (
	_ State = iota
	// StateGreeting: the server has not spoken yet.
	StateGreeting
	// StateNotAuthenticated: the client has to log in.
	StateNotAuthenticated
	// StateAuthenticated: it is logged in, no mailbox is selected.
	StateAuthenticated
	// StateSelected: a mailbox is selected.
	StateSelected
	// StateLogout: the conversation is over.
	StateLogout
)

var stateNames = [...]string{"invalid", "greeting", "not authenticated", "authenticated", "selected", "logout"}

// String returns a word for s.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return stateNames[0]
}

// expected returns an error for a response that the state has no place for. What
// is said of messages before a mailbox is selected, by whoever speaks there, must
// not become part of the picture of one (RFC 9051 §11.3).
func (c *Conn) expected(r imapwire.Response) error {
	var least State
	switch r.(type) {
	case *imapwire.ExistsData, *imapwire.RecentData, *imapwire.FlagsData, *imapwire.ExpungeData, *imapwire.VanishedData, *imapwire.FetchData:
		least = StateSelected
	case *imapwire.ListData, *imapwire.StatusData, *imapwire.SearchData, *imapwire.ESearchData, *imapwire.NamespaceData:
		least = StateAuthenticated
	}
	if c.state >= least || c.state == StateGreeting || c.state >= StateAuthenticated && c.selecting() {
		return nil
	}
	return &engine.SyntaxError{Production: "response-data", Expected: "nothing about " + [...]string{StateAuthenticated: "mailboxes before login", StateSelected: "messages before a mailbox is selected"}[least], Got: "such a response"}
}

// selecting reports whether a command is in progress that selects a mailbox.
func (c *Conn) selecting() bool {
	for _, cmd := range c.cmds {
		if cmd.begun && (cmd.verb == "SELECT" || cmd.verb == "EXAMINE") {
			return true
		}
	}
	return false
}

// after returns the state behind the answer to a command.
func (s State) after(verb string, c imapwire.Condition) State {
	ok := c == imapwire.OK
	switch {
	case (verb == "LOGIN" || verb == "AUTHENTICATE") && ok:
		return StateAuthenticated
	case (verb == "SELECT" || verb == "EXAMINE") && ok:
		return StateSelected
	case (verb == "SELECT" || verb == "EXAMINE") && s == StateSelected:
		// RFC 9051 §6.3.2: the mailbox that was selected is not any more.
		return StateAuthenticated
	case (verb == "CLOSE" || verb == "UNSELECT") && ok:
		return StateAuthenticated
	}
	return s
}
