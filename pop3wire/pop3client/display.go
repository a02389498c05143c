package pop3client

import "github.com/mailwire/mailwire/imapwire/engine"

// Display returns a text of the server as it may be shown, as [engine.Display]
// does. The octets as they came are in the event.
func Display(text string) string { return engine.Display(text) }
