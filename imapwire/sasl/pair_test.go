package sasl_test

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/sasl"
)

const pepper = engine.Secret("kept from everybody")

var allMechanisms = []string{
	"EXTERNAL", "OAUTHBEARER", "XOAUTH2", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1",
	"CRAM-MD5", "PLAIN", "LOGIN", "ANONYMOUS",
}

// counter is a source of octets that look random, and are the same each time.
type counter struct {
	seed string
	n    int
}

func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		h := fnv.New64a()
		fmt.Fprint(h, c.seed, c.n)
		p[i] = byte(h.Sum64() >> 24)
		c.n++
	}
	return len(p), nil
}

// channel is what both ends of a TLS connection have, under its name.
func channel(name string) engine.Security {
	return engine.Security{Encrypted: true, Peer: []byte("DER"), Exporter: func(label string, context []byte, length int) ([]byte, error) {
		if label != "EXPORTER-Channel-Binding" || context == nil || len(context) != 0 || length != 32 {
			return nil, errors.New("not as RFC 9266 has it")
		}
		return []byte((label + name + strings.Repeat(".", 32))[len(label):][:length]), nil
	}}
}

// An account is who may log in at the servers of these tests.
type account struct {
	user, password, token string
	keys                  map[sasl.Hash]sasl.ScramCredentials
}

var errNobody = errors.New("nobody of that name")

func (a *account) options(sec engine.Security) sasl.ServerOptions {
	if a.keys == nil {
		a.keys = map[sasl.Hash]sasl.ScramCredentials{}
	}
	return sasl.ServerOptions{
		Security: sec, Random: &counter{seed: "server"}, Pepper: pepper, Passwords: true, Anonymous: true,
		Hashes: []sasl.Hash{sasl.SHA1, sasl.SHA256},
		Scram: func(h sasl.Hash, user string) (sasl.ScramCredentials, error) {
			if p, err := sasl.Prepare(a.user); err != nil || p != user {
				return sasl.ScramCredentials{}, errNobody
			}
			if _, ok := a.keys[h]; !ok {
				k, err := sasl.QuickCredentials(h, engine.Secret(a.password), []byte("salt and pepper!"), 16)
				if err != nil {
					return k, err
				}
				a.keys[h] = k
			}
			return a.keys[h], nil
		},
		Secret: func(user string) (engine.Secret, error) {
			if user != a.user {
				return "", errNobody
			}
			return engine.Secret(a.password), nil
		},
		Token: func(t *sasl.Token) (string, error) {
			if string(t.Token) != a.token {
				return "", &sasl.TokenError{Status: "invalid_token", Scope: "mail"}
			}
			return a.user, nil
		},
		Certificate: func(der []byte) (string, error) {
			if string(der) != "DER" {
				return "", errNobody
			}
			return a.user, nil
		},
	}
}

func (a *account) client(sec engine.Security, mechanism, authzid string) sasl.ClientOptions {
	o := sasl.ClientOptions{
		Limits: sasl.Limits{MinIterations: 16, MaxIterations: 4096}, Security: sec, PlaintextAuth: engine.PlaintextAlways, Random: &counter{seed: "client"},
		AuthzID: authzid, User: a.user, Password: engine.Secret(a.password), Token: engine.Secret(a.token),
		Host: "mail.example.org", Port: 993, External: true, Anonymous: true, Trace: "sirhc",
	}
	if !strings.HasSuffix(mechanism, "-PLUS") && strings.HasPrefix(mechanism, "SCRAM") {
		// Without -PLUS where the server has it would be a lie.
		o.Security.Exporter = nil
	}
	return o
}

// A result is how an exchange ended.
type result struct {
	accepted   *sasl.Authenticated // by the server, Credentials that are right included
	serverErr  error
	clientErr  error
	challenges int
	// last is the challenge of an exchange that had failed.
	failing error
}

// exchange has two sides talk to each other. Each message passes through
// tamper, with its number; the client's have even ones.
func exchange(a *account, c sasl.Client, s sasl.Server, initial bool, tamper func(n int, m []byte) []byte) (r result) {
	if tamper == nil {
		tamper = func(_ int, m []byte) []byte { return m }
	}
	var response []byte
	if initial {
		if m, ok := c.Initial(); ok {
			response = tamper(0, []byte(m))
			if response == nil {
				response = []byte{}
			}
		}
	}
	for n := 1; ; n += 2 {
		step, err := s.Step(response)
		scribble(response)
		if err != nil {
			r.serverErr = err
			r.clientErr = c.Finish(false)
			return r
		}
		switch step := step.(type) {
		case *sasl.Challenge:
			r.challenges++
			r.failing = step.Err
			data := tamper(n, bytes.Clone(step.Data))
			m, err := c.Step(data)
			scribble(data)
			if err != nil {
				r.clientErr = err // cancels
				return r
			}
			if response = tamper(n+1, []byte(m)); response == nil {
				response = []byte{}
			}
			continue
		case *sasl.Credentials:
			if step.User != a.user || string(step.Password) != a.password {
				r.serverErr = sasl.ErrAuthentication
				r.clientErr = c.Finish(false)
				return r
			}
			r.accepted = &sasl.Authenticated{User: step.User, AuthzID: step.AuthzID}
		case *sasl.Authenticated:
			r.accepted = step
		}
		r.clientErr = c.Finish(true)
		return r
	}
}

// scribble makes kept slices visible.
func scribble(b []byte) {
	for i := range b {
		b[i] = 0xEE
	}
}

func pair(t interface{ Fatal(...any) }, a *account, sec engine.Security, mechanism, authzid string) (sasl.Client, sasl.Server) {
	c, err := sasl.NewClient(mechanism, a.client(sec, mechanism, authzid))
	if err != nil {
		t.Fatal(mechanism, err)
	}
	s, err := a.options(sec).Server(mechanism)
	if err != nil {
		t.Fatal(mechanism, err)
	}
	return c, s
}

// names draws what people call themselves, and what protocols stumble over.
func names(label string) *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[a-z]{1,8}(@[a-z]{1,8}\.org)?`),
		rapid.StringOfN(rapid.RuneFrom([]rune(",= =2C3Dnar@\"\\%*{}+/\t")), 1, 12, -1),
		rapid.StringOfN(rapid.RuneFrom([]rune("aä\u00ad\u2168\u0627ß\u00a0\u00aaé\u0301日\U0001F600\uFB01")), 1, 12, -1),
		rapid.StringN(1, 20, 80),
	)
}

// TestPairs: whatever the name and password, either all agree on who it was, or
// the client says that it cannot be said; with and without an initial response.
func TestPairs(t *testing.T) {
	for _, mechanism := range allMechanisms {
		t.Run(mechanism, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				a := &account{
					user:     names("user").Draw(t, "user"),
					password: names("password").Draw(t, "password"),
					token:    rapid.StringMatching(`[A-Za-z0-9._~+/-]{1,20}=?`).Draw(t, "token"),
				}
				authzid := ""
				if rapid.Bool().Draw(t, "authzid?") {
					authzid = names("authzid").Draw(t, "authzid")
				}
				sec := channel("one")
				o := a.client(sec, mechanism, authzid)
				c, err := sasl.NewClient(mechanism, o)
				if err != nil {
					if !errors.Is(err, sasl.ErrCredentials) {
						t.Fatal(err)
					}
					if plain(a.user) && plain(a.password) && authzid == "" {
						t.Fatalf("%q and %q cannot be said", a.user, a.password)
					}
					return
				}
				s, err := a.options(sec).Server(mechanism)
				if err != nil {
					t.Fatal(err)
				}
				r := exchange(a, c, s, rapid.Bool().Draw(t, "initial"), nil)
				if r.serverErr != nil || r.clientErr != nil || r.accepted == nil {
					t.Fatalf("server %v, client %v", r.serverErr, r.clientErr)
				}
				want := sasl.Authenticated{User: a.user, AuthzID: authzid}
				switch {
				case mechanism == "ANONYMOUS":
					want = sasl.Authenticated{Anonymous: true, Trace: "sirhc"}
				case mechanism == "XOAUTH2" || mechanism == "OAUTHBEARER" && authzid == "":
					want.AuthzID = a.user
				case strings.HasPrefix(mechanism, "SCRAM"):
					want.User, _ = sasl.Prepare(a.user)
				}
				if *r.accepted != want {
					t.Fatalf("got %+v, want %+v", *r.accepted, want)
				}
				// It is over for both.
				if _, err := s.Step([]byte{}); err != sasl.ErrOver {
					t.Fatal("server:", err)
				}
				if _, err := c.Step(nil); err != sasl.ErrOver {
					t.Fatal("client:", err)
				}
				if _, ok := c.Initial(); ok || c.Finish(true) == nil {
					t.Fatal("client begins anew")
				}
			})
		})
	}
}

func plain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// TestWrongSecrets: who does not know it is not let in.
func TestWrongSecrets(t *testing.T) {
	for _, mechanism := range allMechanisms {
		if mechanism == "ANONYMOUS" || mechanism == "EXTERNAL" {
			continue
		}
		t.Run(mechanism, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				good := &account{user: "tim", password: "tanstaaf", token: "t0ken"}
				bad := *good
				bad.user = rapid.SampledFrom([]string{"tim", "tim ", "tom", "TIM"}).Draw(t, "user")
				bad.password = rapid.SampledFrom([]string{"tanstaaF", "tanstaaf ", "x"}).Draw(t, "password")
				bad.token = rapid.SampledFrom([]string{"t0ke", "t0kenn", "T0ken"}).Draw(t, "token")
				sec := channel("one")
				c, err := sasl.NewClient(mechanism, bad.client(sec, mechanism, ""))
				if err != nil {
					t.Fatal(err)
				}
				s, err := good.options(sec).Server(mechanism)
				if err != nil {
					t.Fatal(err)
				}
				r := exchange(good, c, s, true, nil)
				if r.accepted != nil || r.serverErr == nil || !errors.Is(r.clientErr, sasl.ErrAuthentication) {
					t.Fatalf("%+v", r)
				}
			})
		})
	}
}

// TestTampering: threat S8. Each octet of each message of each mechanism is changed, cut
// off and doubled. Nobody is let in who would not have been with what he then
// said, nothing panics, and every error is one of the package's.
func TestTampering(t *testing.T) {
	for _, mechanism := range allMechanisms {
		t.Run(mechanism, func(t *testing.T) {
			a := &account{user: "tim", password: "tanstaaf", token: "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="}
			sec := channel("one")
			c, s := pair(t, a, sec, mechanism, "")
			var lengths []int
			honest := exchange(a, c, s, true, func(n int, m []byte) []byte {
				for len(lengths) <= n {
					lengths = append(lengths, -1)
				}
				lengths[n] = len(m)
				return m
			})
			if honest.accepted == nil || honest.clientErr != nil {
				t.Fatalf("%+v", honest)
			}
			changes := []func(m []byte, i int) []byte{
				func(m []byte, i int) []byte { m[i] ^= 0x01; return m },
				func(m []byte, i int) []byte { m[i] ^= 0x20; return m },
				func(m []byte, i int) []byte { m[i] ^= 0x80; return m },
				func(m []byte, i int) []byte { m[i] = 0; return m },
				func(m []byte, i int) []byte { m[i] = ','; return m },
				func(m []byte, i int) []byte { return m[:i] },
				func(m []byte, i int) []byte { return append(m[:i:i], m[i+1:]...) },
				func(m []byte, i int) []byte { return append(m[:i+1:i+1], m[i:]...) },
			}
			for n, length := range lengths {
				for i := range max(length, 0) {
					for k, change := range changes {
						var before, after []byte
						c, s := pair(t, a, sec, mechanism, "")
						r := exchange(a, c, s, true, func(at int, m []byte) []byte {
							if at == n {
								before = bytes.Clone(m)
								m = change(m, i)
								after = bytes.Clone(m)
							}
							return m
						})
						if bytes.Equal(before, after) {
							continue
						}
						checkTypes(t, r)
						if r.accepted == nil {
							if r.serverErr == nil && r.clientErr == nil {
								t.Errorf("message %d octet %d change %d: nobody objects", n, i, k)
							}
							continue
						}
						switch {
						case mechanism == "ANONYMOUS":
							// What is said is said to nobody.
						case mechanism == "LOGIN" && n%2 == 1:
							// Prompts are not looked at.
						case mechanism == "OAUTHBEARER" || mechanism == "XOAUTH2":
							// The secret is the token: what stands beside it is not
							// protected by more than the transport.
							if r.accepted.User != a.user || !bytes.Contains(after, []byte(a.token)) {
								t.Errorf("message %d octet %d change %d: %q accepted as %+v", n, i, k, after, r.accepted)
							}
						default:
							t.Errorf("message %d octet %d change %d: %q accepted", n, i, k, after)
						}
					}
				}
			}
		})
	}
}

func checkTypes(t *testing.T, r result) {
	t.Helper()
	for _, err := range []error{r.serverErr, r.clientErr, r.failing} {
		var le *engine.LimitError
		var ie *sasl.IterationsError
		switch {
		case err == nil, errors.Is(err, sasl.ErrSyntax), errors.Is(err, sasl.ErrAuthentication), errors.Is(err, sasl.ErrServer),
			errors.Is(err, sasl.ErrChannelBinding), err == errNobody, errors.As(err, &le), errors.As(err, &ie):
		default:
			t.Errorf("error %T %v", err, err)
		}
	}
}

// TestManInTheMiddle: threat S8. TLS to him from one side, from him to the other. He can
// pass on all that both say, and no -PLUS exchange comes through; not with the
// flags changed, and not with the mechanism hidden from the client either.
func TestManInTheMiddle(t *testing.T) {
	a := &account{user: "tim", password: "tanstaaf"}
	near, far := channel("client and he"), channel("he and server")
	for _, mechanism := range []string{"SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"} {
		run := func(use string, sec engine.Security, tamper func(n int, m []byte) []byte) result {
			c, err := sasl.NewClient(use, sasl.ClientOptions{
				Limits: sasl.Limits{MinIterations: 16}, Security: sec,
				User: a.user, Password: engine.Secret(a.password), Random: &counter{seed: "c"},
			})
			if err != nil {
				t.Fatal(err)
			}
			serve := use
			if tamper != nil {
				serve = mechanism
			}
			s, err := a.options(far).Server(serve)
			if err != nil {
				t.Fatal(err)
			}
			return exchange(a, c, s, true, tamper)
		}
		replace := func(old, new string) func(int, []byte) []byte {
			return func(_ int, m []byte) []byte { return bytes.Replace(m, []byte(old), []byte(new), 1) }
		}
		if r := run(mechanism, far, nil); r.accepted == nil || r.clientErr != nil {
			t.Fatalf("%s without him: %+v", mechanism, r)
		}
		without := strings.TrimSuffix(mechanism, "-PLUS")
		for name, r := range map[string]result{
			"passes on":                     run(mechanism, near, nil),
			"says there is no -PLUS":        run(without, near, nil),
			"and then that there is":        run(without, near, replace("y,,", "p=tls-exporter,,")),
			"and that the client has none":  run(without, near, func(n int, m []byte) []byte { return bytes.Replace(m, []byte("y,,"), []byte("n,,"), 1) }),
			"names another type of binding": run(mechanism, near, replace("p=tls-exporter", "p=tls-unique")),
		} {
			if r.accepted != nil || r.serverErr == nil && r.clientErr == nil {
				t.Errorf("%s, he %s: %+v", mechanism, name, r)
			}
			if r.failing == nil || !errors.Is(r.failing, sasl.ErrChannelBinding) || !errors.Is(r.clientErr, sasl.ErrChannelBinding) {
				t.Errorf("%s, he %s: server %v, client %v", mechanism, name, r.failing, r.clientErr)
			}
		}
		// The binding itself replaced: "c=" says what the server expects, and the
		// proof says what the client meant.
		data, _ := far.Exporter("EXPORTER-Channel-Binding", []byte{}, 32)
		r := run(mechanism, near, func(n int, m []byte) []byte {
			if i := bytes.Index(m, []byte("c=")); n == 2 && i == 0 {
				_, rest, _ := bytes.Cut(m, []byte(","))
				return []byte("c=" + base64Of("p=tls-exporter,,"+string(data)) + "," + string(rest))
			}
			return m
		})
		if r.accepted != nil || r.serverErr != sasl.ErrAuthentication {
			t.Errorf("%s, binding replaced: %+v", mechanism, r)
		}
	}
	// And the downgrade by hand: a client without the exporter asks for no more
	// than there is, a flag that somebody else has set is not signed by it.
	c, s := pair(t, a, far, "SCRAM-SHA-256", "")
	r := exchange(a, c, s, true, func(n int, m []byte) []byte { return bytes.Replace(m, []byte("n,,"), []byte("y,,"), 1) })
	if r.accepted != nil {
		t.Error("flag changed")
	}
}

// TestRedaction: invariant 31, threat S13. No secret in an error, and none in what package
// fmt makes of options and of exchanges at any of their steps.
func TestRedaction(t *testing.T) {
	a := &account{user: "tim", password: "tanstaaftanstaaf", token: "t0kent0ken"}
	b := &account{user: "tim", password: "s3cr3ts3cr3t", token: "0ther0ther"}
	secrets := []string{a.password, a.token, b.password, b.token, string(pepper)}
	look := func(where string, values ...any) {
		t.Helper()
		for _, v := range values {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
				text := fmt.Sprintf(verb, v)
				for _, s := range secrets {
					for _, form := range []string{s, base64Of(s), fmt.Sprintf("%x", s), strings.Trim(fmt.Sprint([]byte(s)), "[]")} {
						if strings.Contains(text, form) {
							t.Errorf("%s: %s of %T shows %s", where, verb, v, form)
						}
					}
				}
			}
		}
	}
	for _, mechanism := range allMechanisms {
		for _, client := range []*account{a, b} {
			sec := channel("one")
			co, so := client.client(sec, mechanism, ""), a.options(sec)
			c, err := sasl.NewClient(mechanism, co)
			if err != nil {
				t.Fatal(err)
			}
			s, err := so.Server(mechanism)
			if err != nil {
				t.Fatal(err)
			}
			look(mechanism, co, &co, so, &so, c, s)
			r := exchange(a, c, s, true, func(n int, m []byte) []byte {
				look(mechanism, c, s)
				return m
			})
			look(mechanism, c, s, r.serverErr, r.clientErr, r.failing)
		}
	}
	for _, h := range []sasl.Hash{sasl.SHA1, sasl.SHA256} {
		k, err := sasl.NewScramCredentials(h, engine.Secret(a.password), []byte("salt"), 4096)
		if err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, string(k.StoredKey), string(k.ServerKey))
		look("keys", k, &k)
	}
	_, err := sasl.NewScramCredentials(sasl.SHA1, "tanstaaftanstaaf\x07", []byte("salt"), 4096)
	look("keys", err)
	_, err = sasl.Prepare("tanstaaftanstaaf\x07")
	look("prepare", err)
	_, err = sasl.NewClient("SCRAM-SHA-256", sasl.ClientOptions{User: "tim", Password: "tanstaaftanstaaf\x07", Random: &counter{}})
	look("client", err)
}

// TestRandomFails: without randomness there is no exchange.
func TestRandomFails(t *testing.T) {
	broken := errors.New("no entropy")
	a := &account{user: "tim", password: "tanstaaf"}
	for _, mechanism := range []string{"SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "CRAM-MD5"} {
		sec := channel("one")
		o := a.options(sec)
		o.Random = iotest.ErrReader(broken)
		s, err := o.Server(mechanism)
		if err != nil {
			t.Fatal(err)
		}
		c, err := sasl.NewClient(mechanism, a.client(sec, mechanism, ""))
		if err != nil {
			t.Fatal(err)
		}
		if r := exchange(a, c, s, true, nil); r.serverErr != broken {
			t.Error(mechanism, r.serverErr)
		}
		co := a.client(sec, mechanism, "")
		co.Random = iotest.ErrReader(broken)
		if _, err := sasl.NewClient(mechanism, co); err != broken && mechanism != "CRAM-MD5" {
			t.Error(mechanism, err)
		}
	}
}
