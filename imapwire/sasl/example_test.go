package sasl_test

import (
	"fmt"

	"github.com/mailwire/mailwire/imapwire/sasl"
)

// The whole exchange of LOGIN: the server challenges until the client has
// given credentials, which are then verified.
func Example() {
	answers := [][]byte{[]byte("tim"), []byte("tanstaaf")}
	m, _ := sasl.NewServer("LOGIN")
	step, err := m.Step(nil)
	for err == nil {
		switch s := step.(type) {
		case *sasl.Challenge:
			fmt.Printf("challenge %q\n", s.Data)
			step, err = m.Step(answers[0])
			answers = answers[1:]
			continue
		case *sasl.Credentials:
			fmt.Println("verify", s.User, s.Password)
			fmt.Println(s.Password == "tanstaaf")
		}
		break
	}
	// Output:
	// challenge "User Name\x00"
	// challenge "Password\x00"
	// verify tim [redacted]
	// true
}
