package sasl

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/mailwire/mailwire/imapwire/engine"
)

// script cuts an input into messages. NUL, %x01 and all that mechanisms use
// themselves stay inside of one.
func script(data []byte) [][]byte { return bytes.Split(data, []byte{0xC0, 0x80}) }

func join(messages ...string) []byte { return []byte(strings.Join(messages, "\xC0\x80")) }

// FuzzServer: whatever a client says, a server of any mechanism comes to an end
// without a panic, is over after it, and lets nobody in by what he could have
// said without the secret.
func FuzzServer(f *testing.F) {
	for _, tt := range exchanges {
		for i, m := range mechanisms {
			if m.name == tt.mechanism {
				var mine []string
				for k := 0; k < len(tt.messages); k += 2 {
					mine = append(mine, tt.messages[k])
				}
				f.Add(uint8(i), join(mine...))
			}
		}
	}
	for i, m := range mechanisms {
		if m.hash != 0 {
			f.Add(uint8(i), join("n,,n=user,r=abc", "c=biws,r=abcAAAAAAAAAAAAAAAAAAAAAAAA,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", ""))
			f.Add(uint8(i), join("p=tls-exporter,a=x=2C,n=user,r=abc,x=y", "c=cD10bHMtZXhwb3J0ZXIsLA==,r=abcAAAAAAAAAAAAAAAAAAAAAAAA,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="))
		}
	}
	keys := map[Hash]ScramCredentials{}
	for _, h := range []Hash{SHA1, SHA256} {
		k, err := NewScramCredentials(h, "a password that nobody guesses", []byte("salt"), 4096)
		if err != nil {
			f.Fatal(err)
		}
		keys[h] = k
	}
	errWrong := errors.New("wrong")
	o := ServerOptions{
		Random: zeros{}, Pepper: pepper, Passwords: true, Anonymous: true, Hashes: []Hash{SHA1, SHA256},
		Security:    engine.Security{Peer: []byte{1}, Exporter: exporter("one")},
		Certificate: func([]byte) (string, error) { return "fred", nil },
		Secret:      func(string) (engine.Secret, error) { return "a secret that nobody guesses", nil },
		Token: func(t *Token) (string, error) {
			if !bearerToken(string(t.Token)) || !identity(t.AuthzID) || t.Port < 0 || t.Port > 65535 {
				f.Errorf("%+v", t)
			}
			return "", errWrong
		},
		Scram: func(h Hash, user string) (ScramCredentials, error) {
			if p, err := Prepare(user); err != nil || p != user {
				f.Errorf("looked up %q", user)
			}
			return keys[h], nil
		},
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		m := mechanisms[int(which)%len(mechanisms)]
		s, err := o.Server(m.name)
		if err != nil {
			t.Fatal(err)
		}
		var failing error
		for _, message := range script(data) {
			step, err := s.Step(bytes.Clone(message))
			if failing != nil && err != failing {
				t.Fatalf("%v after a challenge that says %v", err, failing)
			}
			if err != nil {
				break
			}
			switch step := step.(type) {
			case *Challenge:
				failing = step.Err
				continue
			case *Credentials:
				if !m.plaintext || step.User == "" || step.Password == "" || !identity(step.User) || !identity(string(step.Password)) || !identity(step.AuthzID) {
					t.Fatalf("%s: %+v", m.name, step)
				}
			case *Authenticated:
				switch m.name {
				case External:
					if step.User != "fred" || !identity(step.AuthzID) {
						t.Fatalf("%+v", step)
					}
				case Anonymous:
					if !step.Anonymous || step.User != "" || strings.ContainsAny(step.Trace, "\r\n\x00") {
						t.Fatalf("%+v", step)
					}
				default:
					t.Fatalf("%s: %q is %+v", m.name, data, step)
				}
			}
			break
		}
		if failing == nil {
			return
		}
		s.Step(nil)
		if _, err := s.Step(nil); err != ErrOver {
			t.Fatal(err)
		}
	})
}

// FuzzClient: whatever a server says, a client of any mechanism does no more
// work than its limits allow, says what its mechanism lets it say, and does
// not believe a SCRAM server that does not know the keys.
func FuzzClient(f *testing.F) {
	for _, tt := range exchanges {
		for i, m := range mechanisms {
			if m.name == tt.mechanism {
				var theirs []string
				for k := 1; k < len(tt.messages); k += 2 {
					theirs = append(theirs, tt.messages[k])
				}
				f.Add(uint8(i), true, join(theirs...))
				f.Add(uint8(i), false, join(theirs...))
			}
		}
	}
	const nonce = "AAAAAAAAAAAAAAAAAAAAAAAA"
	for i, m := range mechanisms {
		if m.hash != 0 {
			f.Add(uint8(i), true, join("r="+nonce+"x,s=QSXCR+Q6sek8bf92,i=1", "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="))
			f.Add(uint8(i), true, join("r="+nonce+"x,s=QSXCR+Q6sek8bf92,i=7,x=y", "e=other-error"))
			f.Add(uint8(i), false, join("", "m=x,r="+nonce+"x,s=QSXCR+Q6sek8bf92,i=1"))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, initial bool, data []byte) {
		m := mechanisms[int(which)%len(mechanisms)]
		c, err := NewClient(m.name, ClientOptions{
			Limits:   Limits{MinIterations: 1, MaxIterations: 10},
			Security: engine.Security{Encrypted: true, Exporter: exporter("one")}, Random: zeros{},
			User: "tim", Password: "tanstaaf", Token: "t", External: true, Anonymous: true, Trace: "sirhc",
		})
		if err != nil {
			t.Fatal(err)
		}
		said := 0
		if initial {
			if _, ok := c.Initial(); ok {
				said++
			}
		}
		err = nil
		for _, message := range script(data) {
			if _, err = c.Step(bytes.Clone(message)); err != nil {
				break
			}
			if said++; said > 3 {
				t.Fatalf("%s: %d messages", m.name, said)
			}
		}
		done := c.Finish(true)
		if err != nil && done != err {
			t.Fatalf("%v after %v", done, err)
		}
		if done == nil && m.hash != 0 {
			t.Fatalf("%s believes %q", m.name, data)
		}
		if _, err := c.Step(nil); err != ErrOver {
			t.Fatal(err)
		}
	})
}
