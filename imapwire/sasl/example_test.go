package sasl_test

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mailwire/mailwire/imapwire/engine"
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

// A server of SCRAM keeps keys and no passwords. What is here read from a
// string comes from crypto/rand in a program.
func ExampleServerOptions_Server() {
	keys, err := sasl.NewScramCredentials(sasl.SHA256, "pencil", []byte("16 random octets"), 4096)
	if err != nil {
		fmt.Println(err)
		return
	}
	options := sasl.ServerOptions{
		Random: strings.NewReader("eighteen octets of randomness"),
		Pepper: "sixteen octets or more of a secret",
		Scram: func(_ sasl.Hash, user string) (sasl.ScramCredentials, error) {
			if user != "user" {
				return sasl.ScramCredentials{}, errors.New("no such user")
			}
			return keys, nil
		},
	}
	fmt.Println("offers", options.Mechanisms())

	m, err := options.Server("SCRAM-SHA-256")
	if err != nil {
		fmt.Println(err)
		return
	}
	client := []string{
		"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
		"c=biws,r=rOprNGfwEbeRWgbNEkqOZWlnaHRlZW4gb2N0ZXRzIG9m,p=N0O9vIRFq+WPpU3aZ6OUYZO2PP9RjRIFQt24YkOwuL8=",
		"",
	}
	for _, message := range client {
		fmt.Printf("C: %q\n", message)
		step, err := m.Step([]byte(message))
		if err != nil {
			fmt.Println("failed:", err)
			return
		}
		switch s := step.(type) {
		case *sasl.Challenge:
			fmt.Printf("S: %q\n", s.Data)
		case *sasl.Authenticated:
			fmt.Println("it is", s.User)
		}
	}
	// Output:
	// offers [SCRAM-SHA-256]
	// C: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
	// S: "r=rOprNGfwEbeRWgbNEkqOZWlnaHRlZW4gb2N0ZXRzIG9m,s=MTYgcmFuZG9tIG9jdGV0cw==,i=4096"
	// C: "c=biws,r=rOprNGfwEbeRWgbNEkqOZWlnaHRlZW4gb2N0ZXRzIG9m,p=N0O9vIRFq+WPpU3aZ6OUYZO2PP9RjRIFQt24YkOwuL8="
	// S: "v=+f+yl0vn64u+H6ixm15xHyVc8z+P5Vy9BvbJ19Z4rJk="
	// C: ""
	// it is user
}

// A client takes the best that the server offers, and the server's success only
// when that has proved to know the password. The server is that of RFC 7628,
// §4.3: the token is too old.
func ExampleNewClient() {
	options := sasl.ClientOptions{
		User: "user@example.com", Token: "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==",
		Security: engine.Security{Encrypted: true},
	}
	name, err := sasl.Choose([]string{"PLAIN", "OAUTHBEARER", "XOAUTH2"}, options)
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := sasl.NewClient(name, options)
	if err != nil {
		fmt.Println(err)
		return
	}
	initial, ok := m.Initial()
	fmt.Println("AUTHENTICATE", name, initial, ok)
	answer, err := m.Step([]byte(`{"status":"invalid_token","scope":"example_scope"}`))
	fmt.Printf("answer %q, %v\n", string(answer), err)

	err = m.Finish(false)
	var refused *sasl.TokenError
	if errors.As(err, &refused) {
		fmt.Println("needs a token for", refused.Scope)
	}
	// Output:
	// AUTHENTICATE OAUTHBEARER [redacted] true
	// answer "\x01", <nil>
	// needs a token for example_scope
}

// The client of CRAM-MD5, and a success of SCRAM that comes from nobody.
func ExampleClient_Finish() {
	m, err := sasl.NewClient("CRAM-MD5", sasl.ClientOptions{User: "tim", Password: "tanstaaftanstaaf"})
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := m.Step([]byte("<1896.697170952@postoffice.reston.mci.net>"))
	fmt.Println(string(answer), err)
	fmt.Println(m.Finish(true))

	m, _ = sasl.NewClient("SCRAM-SHA-1", sasl.ClientOptions{User: "tim", Password: "p", Random: strings.NewReader("eighteen octets of it")})
	m.Initial()
	fmt.Println(m.Finish(true))
	// Output:
	// tim b913a602c7eda7a495b4e6e7334d3890 <nil>
	// <nil>
	// sasl: the server did not prove itself
}
