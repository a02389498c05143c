package sasl_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailwire/mailwire/imapwire/sasl"
)

func TestServer(t *testing.T) {
	long := strings.Repeat("x", 256)
	for _, tt := range []struct {
		name      string
		mechanism string
		messages  []string // "-" is no initial response
		want      *sasl.Credentials
	}{
		{"plain", "PLAIN", []string{"\x00tim\x00tanstaaf"}, &sasl.Credentials{User: "tim", Password: "tanstaaf"}},
		{"plain after empty challenge", "plain", []string{"-", "\x00tim\x00tanstaaf"}, &sasl.Credentials{User: "tim", Password: "tanstaaf"}},
		{"plain authzid", "PLAIN", []string{"Ursel\x00Kurt\x00xipj3plmq"}, &sasl.Credentials{AuthzID: "Ursel", User: "Kurt", Password: "xipj3plmq"}},
		{"plain utf-8", "PLAIN", []string{"\x00jürgen\x00pässword"}, &sasl.Credentials{User: "jürgen", Password: "pässword"}},
		{"plain empty", "PLAIN", []string{""}, nil},
		{"plain no user", "PLAIN", []string{"\x00\x00p"}, nil},
		{"plain no password", "PLAIN", []string{"\x00u\x00"}, nil},
		{"plain two fields", "PLAIN", []string{"u\x00p"}, nil},
		{"plain four fields", "PLAIN", []string{"\x00u\x00p\x00q"}, nil},
		{"plain not utf-8", "PLAIN", []string{"\x00u\x00\xff"}, nil},
		{"plain long", "PLAIN", []string{"\x00u\x00" + long}, nil},
		{"login", "LOGIN", []string{"-", "tim", "tan staaf"}, &sasl.Credentials{User: "tim", Password: "tan staaf"}},
		{"login initial", "Login", []string{"tim", "tanstaaf"}, &sasl.Credentials{User: "tim", Password: "tanstaaf"}},
		{"login no user", "LOGIN", []string{"-", ""}, nil},
		{"login no password", "LOGIN", []string{"-", "u", ""}, nil},
		{"login NUL", "LOGIN", []string{"-", "u\x00", "p"}, nil},
		{"login long", "LOGIN", []string{"-", long, "p"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, ok := sasl.NewServer(tt.mechanism)
			if !ok {
				t.Fatal("no such mechanism")
			}
			var got *sasl.Credentials
			var err error
			for i, m := range tt.messages {
				in := []byte(m)
				if m == "-" {
					in = nil
				}
				var step sasl.Step
				if step, err = s.Step(in); err != nil {
					break
				}
				last := i == len(tt.messages)-1
				switch step := step.(type) {
				case *sasl.Challenge:
					if last {
						t.Fatal("challenge after the last message")
					}
				case *sasl.Credentials:
					if !last {
						t.Fatal("credentials before the last message")
					}
					got = step
				}
			}
			if (err != nil) != (tt.want == nil) {
				t.Errorf("error %v", err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("credentials (-want +got):\n%s", d)
			}
		})
	}
}

func TestNewServerUnknown(t *testing.T) {
	if _, ok := sasl.NewServer("KERBEROS_V4"); ok {
		t.Error("a mechanism that does not exist")
	}
	if sasl.Plaintext("SCRAM-SHA-256") || !sasl.Plaintext("plain") || !sasl.Plaintext("LOGIN") {
		t.Error("Plaintext")
	}
}

// TestCredentialsRedacted: a password does not show itself when credentials
// are printed.
func TestCredentialsRedacted(t *testing.T) {
	c := sasl.Credentials{User: "tim", Password: "tanstaaf"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if s := fmt.Sprintf(verb, c); strings.Contains(s, "tanstaaf") || strings.Contains(s, "74616e") {
			t.Errorf("%s shows %s", verb, s)
		}
	}
}
