package storetest_test

import (
	"testing"

	"github.com/mailwire/mailwire/mailbox"
	"github.com/mailwire/mailwire/mailbox/memstore"
	"github.com/mailwire/mailwire/mailbox/storetest"
)

// The test that a store's author writes. The function is a Test in the package
// of the store.
func Example() {
	TestMyStore := func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) mailbox.Store {
			store := memstore.New(memstore.Options{}) // or a store of your own
			for _, user := range []string{storetest.Alice, storetest.Bob} {
				if err := store.AddUser(user, "secret"); err != nil {
					t.Fatal(err)
				}
			}
			return store
		})
	}
	_ = TestMyStore
}
