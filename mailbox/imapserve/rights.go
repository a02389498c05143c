package imapserve

import (
	"context"

	"github.com/mailwire/mailwire/imapwire/imap"
	"github.com/mailwire/mailwire/mailbox"
)

// commandRights is what each command needs on the folder it is about, RFC 4314
// §4. Commands on messages are checked against the rights taken at SELECT;
// STORE checks each flag (flagRight).
var commandRights = map[string]imap.Rights{
	"SELECT":  imap.RightRead,
	"EXAMINE": imap.RightRead,
	"STATUS":  imap.RightRead,
	"FETCH":   imap.RightRead,
	"SEARCH":  imap.RightRead,
	"APPEND":  imap.RightInsert,
	"COPY":    imap.RightInsert, // on the target
	"MOVE":    imap.RightDelete | imap.RightExpunge,
	"EXPUNGE": imap.RightExpunge,
	"DELETE":  imap.RightDeleteFolder,
	"RENAME":  imap.RightDeleteFolder,
	"CREATE":  imap.RightCreate, // on the parent
	// Usage tells of messages; a name that is no mailbox tells nothing
	// (RFC 9208 §6). GETQUOTA needs no right, SETQUOTA what the store asks.
	"GETQUOTAROOT": imap.RightRead,
	"SUBSCRIBE":    0,
	"UNSUBSCRIBE":  0,
}

// rightsOf returns what the user may do with a folder: everything, unless the
// folder says otherwise.
func rightsOf(ctx context.Context, f mailbox.Folder) (imap.Rights, error) {
	if r, ok := f.(mailbox.RightsFolder); ok {
		return r.Rights(ctx)
	}
	return imap.RightsAll, nil
}

// missing returns the error for a right that have does not contain. Without
// the lookup right the folder must not even be seen to exist (RFC 4314 §6).
func missing(have imap.Rights) error {
	if have.Has(imap.RightLookup) {
		return mailbox.ErrNoPerm
	}
	return mailbox.ErrNonExistent
}

// may checks that the user has the rights of a command on the folder named,
// before anything else is asked of the store. A folder that does not exist
// passes: the command itself finds out.
func (s *Session) may(ctx context.Context, command, name string) error {
	need := commandRights[command]
	if need == 0 {
		return nil
	}
	f, err := s.user.Open(ctx, name)
	if err != nil {
		return nil
	}
	defer f.Close()
	have, err := rightsOf(ctx, f)
	if err != nil {
		return err
	}
	if !have.Has(need) {
		return missing(have)
	}
	return nil
}

// flagRight returns the right that changing a flag needs, RFC 4314 §4.
func flagRight(f imap.Flag) imap.Rights {
	switch {
	case f.Equal(imap.FlagSeen):
		return imap.RightSeen
	case f.Equal(imap.FlagDeleted):
		return imap.RightDelete
	}
	return imap.RightWrite
}

// keep returns the filter for flags that the rights allow to change; nil when
// all may be.
func keep(have imap.Rights) func(imap.Flag) bool {
	if have.Has(imap.RightSeen | imap.RightDelete | imap.RightWrite) {
		return nil
	}
	return func(f imap.Flag) bool { return have.Has(flagRight(f)) }
}
