package pop3serve

import (
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/pop3wire"
)

// language is the one that all texts are in.
var language = pop3wire.Language{Tag: "en", Text: "English"}

// lang answers LANG, RFC 6856 §3.2. A range matches a tag that it is, or that it
// is the beginning of (RFC 4647 §3.3.1): of "en", these are "en" and "*".
func (s *Session) lang(id engine.ID, cmd *pop3wire.Lang) {
	switch {
	case cmd.Range == "":
		s.conn.Begin(id, ok("languages follow"))
		s.conn.Send(id, &language)
		s.conn.End(id)
	case cmd.Range == "*" || strings.EqualFold(cmd.Range, language.Tag):
		s.conn.Answer(id, &pop3wire.Language{Tag: language.Tag, Text: "English it is"})
	default:
		s.conn.Done(id, refuse("no such language"))
	}
}
