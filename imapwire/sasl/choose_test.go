package sasl_test

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mailwire/mailwire/imapwire/engine"
	"github.com/mailwire/mailwire/imapwire/sasl"
)

func base64Of(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func TestChoose(t *testing.T) {
	password := sasl.ClientOptions{User: "tim", Password: "tanstaaf", Random: &counter{}}
	with := func(o sasl.ClientOptions, f func(*sasl.ClientOptions)) sasl.ClientOptions {
		f(&o)
		return o
	}
	tls := with(password, func(o *sasl.ClientOptions) { o.Security = engine.Security{Encrypted: true} })
	bound := with(password, func(o *sasl.ClientOptions) { o.Security = channel("one") })
	token := sasl.ClientOptions{User: "tim", Token: "t0ken", Security: engine.Security{Encrypted: true}}
	for _, tt := range []struct {
		name    string
		offered string
		o       sasl.ClientOptions
		want    string
		err     error
	}{
		{"best", "PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256", tls, "SCRAM-SHA-256", nil},
		{"any case", "plain scram-sha-1", tls, "SCRAM-SHA-1", nil},
		{"bound", "SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-1", bound, "SCRAM-SHA-1-PLUS", nil},
		{"bound, best", "SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS", bound, "SCRAM-SHA-256-PLUS", nil},
		{"cannot bind", "SCRAM-SHA-256-PLUS SCRAM-SHA-1", tls, "SCRAM-SHA-1", nil},
		{"only bound", "SCRAM-SHA-256-PLUS PLAIN", with(tls, func(o *sasl.ClientOptions) { o.RequireBinding = true }), "", sasl.ErrChannelBinding},
		{"binding required", "SCRAM-SHA-256 PLAIN", with(bound, func(o *sasl.ClientOptions) { o.RequireBinding = true }), "", sasl.ErrChannelBinding},
		{"binding required and there", "SCRAM-SHA-256-PLUS PLAIN", with(bound, func(o *sasl.ClientOptions) { o.RequireBinding = true }), "SCRAM-SHA-256-PLUS", nil},
		{"open network", "PLAIN LOGIN", password, "", sasl.ErrPlaintext},
		{"open network, token", "OAUTHBEARER XOAUTH2", with(token, func(o *sasl.ClientOptions) { o.Security = engine.Security{} }), "", sasl.ErrPlaintext},
		{"open network, not in the clear", "PLAIN LOGIN CRAM-MD5", password, "CRAM-MD5", nil},
		{"loopback", "PLAIN", with(password, func(o *sasl.ClientOptions) {
			o.Security.Loopback, o.PlaintextAuth = true, engine.PlaintextLoopback
		}), "PLAIN", nil},
		{"plain before login", "LOGIN PLAIN", tls, "PLAIN", nil},
		{"login", "LOGIN", tls, "LOGIN", nil},
		{"pinned", "PLAIN CRAM-MD5", with(tls, func(o *sasl.ClientOptions) { o.Allow = []string{"scram-sha-256"} }), "", sasl.ErrMechanism},
		{"pinned and there", "PLAIN SCRAM-SHA-256", with(tls, func(o *sasl.ClientOptions) { o.Allow = []string{"scram-sha-256"} }), "SCRAM-SHA-256", nil},
		{"token", "PLAIN XOAUTH2 OAUTHBEARER", token, "OAUTHBEARER", nil},
		{"token, old", "PLAIN XOAUTH2", token, "XOAUTH2", nil},
		{"no password", "PLAIN SCRAM-SHA-1", token, "", sasl.ErrMechanism},
		{"no randomness", "PLAIN SCRAM-SHA-1", with(tls, func(o *sasl.ClientOptions) { o.Random = nil }), "PLAIN", nil},
		{"nothing", "", tls, "", sasl.ErrMechanism},
		{"unknown", "GSSAPI NTLM", tls, "", sasl.ErrMechanism},
		{"external", "EXTERNAL PLAIN", with(tls, func(o *sasl.ClientOptions) { o.External = true }), "EXTERNAL", nil},
		{"not external", "EXTERNAL PLAIN", tls, "PLAIN", nil},
		{"not nobody", "ANONYMOUS", tls, "", sasl.ErrMechanism},
		{"nobody", "ANONYMOUS PLAIN", sasl.ClientOptions{Anonymous: true}, "ANONYMOUS", nil},
		{"another's", "LOGIN CRAM-MD5 PLAIN", with(tls, func(o *sasl.ClientOptions) { o.AuthzID = "boss" }), "PLAIN", nil},
		{"another's, not to be said", "LOGIN CRAM-MD5", with(tls, func(o *sasl.ClientOptions) { o.AuthzID = "boss" }), "", sasl.ErrCredentials},
		{"what SASLprep refuses", "SCRAM-SHA-256 PLAIN", with(tls, func(o *sasl.ClientOptions) { o.Password = "a\u0007" }), "PLAIN", nil},
		{"what nothing can say", "SCRAM-SHA-256 PLAIN", with(tls, func(o *sasl.ClientOptions) { o.Password = "a\x00" }), "", sasl.ErrCredentials},
	} {
		got, err := sasl.Choose(strings.Fields(tt.offered), tt.o)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %q, %v", tt.name, got, err)
		}
	}
	if password.Random.(*counter).n != 0 {
		t.Error("a choice took randomness")
	}
}

// TestChosen: what is chosen can be begun, is offered, and does not show a
// password where it may not be seen; whatever is offered and to whom.
func TestChosen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		offered := rapid.SliceOf(rapid.SampledFrom(append(slices.Clone(allMechanisms), "NTLM", "scram-sha-1", ""))).Draw(t, "offered")
		flag := func(name string) bool { return rapid.Bool().Draw(t, name) }
		random := &counter{}
		o := sasl.ClientOptions{
			Security:       engine.Security{Encrypted: flag("tls"), Loopback: flag("loopback")},
			PlaintextAuth:  engine.PlaintextAuth(rapid.IntRange(0, 2).Draw(t, "plaintext")),
			RequireBinding: flag("require"), External: flag("external"), Anonymous: flag("anonymous"),
			Random: random,
		}
		if flag("binding") {
			o.Security.Exporter = channel("one").Exporter
		}
		if flag("password") {
			o.User, o.Password = "tim", "tanstaaf"
		}
		if flag("token") {
			o.User, o.Token = "tim", "t0ken"
		}
		if flag("authzid") {
			o.AuthzID = "boss"
		}
		name, err := sasl.Choose(offered, o)
		if random.n != 0 {
			t.Fatal("the choice took randomness")
		}
		if (name == "") != (err != nil) {
			t.Fatalf("%q, %v", name, err)
		}
		for _, other := range offered {
			if _, e := sasl.NewClient(other, o); (e == nil) && name == "" {
				t.Fatalf("%s could have been chosen", other)
			}
		}
		if name == "" {
			return
		}
		if !slices.ContainsFunc(offered, func(s string) bool { return strings.EqualFold(s, name) }) {
			t.Fatalf("%s is not offered", name)
		}
		if _, err := sasl.NewClient(name, o); err != nil {
			t.Fatal(name, err)
		}
		if sasl.Plaintext(name) && !o.PlaintextAuth.Allows(o.Security) {
			t.Fatalf("%s on an open network", name)
		}
		if o.RequireBinding && !strings.HasSuffix(name, "-PLUS") {
			t.Fatalf("%s does not bind", name)
		}
	})
}

// TestMechanisms: a server offers what it has all for, and no more can be begun.
func TestMechanisms(t *testing.T) {
	full := (&account{user: "tim"}).options(channel("one"))
	for _, tt := range []struct {
		name string
		o    func(*sasl.ServerOptions)
		want string
	}{
		{"all", func(o *sasl.ServerOptions) {}, strings.Join(allMechanisms, " ")},
		{"none", func(o *sasl.ServerOptions) { *o = sasl.ServerOptions{} }, ""},
		{"no TLS", func(o *sasl.ServerOptions) { o.Security = engine.Security{} }, "OAUTHBEARER XOAUTH2 SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN ANONYMOUS"},
		{"no exporter", func(o *sasl.ServerOptions) {
			o.Security.Exporter = func(string, []byte, int) ([]byte, error) { return nil, errors.New("TLS 1.1") }
		}, "EXTERNAL OAUTHBEARER XOAUTH2 SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN ANONYMOUS"},
		{"short export", func(o *sasl.ServerOptions) {
			o.Security.Exporter = func(string, []byte, int) ([]byte, error) { return make([]byte, 12), nil }
		}, "EXTERNAL OAUTHBEARER XOAUTH2 SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN ANONYMOUS"},
		{"no hashes named", func(o *sasl.ServerOptions) {
			*o = sasl.ServerOptions{Scram: o.Scram, Random: o.Random, Pepper: o.Pepper}
		}, "SCRAM-SHA-256"},
		{"short pepper", func(o *sasl.ServerOptions) { o.Pepper = "123456789012345" }, "EXTERNAL OAUTHBEARER XOAUTH2 PLAIN LOGIN ANONYMOUS"},
		{"no randomness", func(o *sasl.ServerOptions) { o.Random = nil }, "EXTERNAL OAUTHBEARER XOAUTH2 PLAIN LOGIN ANONYMOUS"},
		{"host", func(o *sasl.ServerOptions) {
			*o = sasl.ServerOptions{Secret: o.Secret, Random: o.Random, Pepper: o.Pepper, Host: "a b"}
		}, ""},
	} {
		o := full
		tt.o(&o)
		got := o.Mechanisms()
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
		for _, name := range append(slices.Clone(allMechanisms), "NTLM") {
			if _, err := o.Server(strings.ToLower(name)); (err == nil) != slices.Contains(got, name) || err != nil && err != sasl.ErrMechanism {
				t.Errorf("%s: Server(%s): %v", tt.name, name, err)
			}
		}
	}
}

// TestNewClientRefuses: a password is not put into a message that may not be
// sent, and not into one that cannot hold it.
func TestNewClientRefuses(t *testing.T) {
	tls := engine.Security{Encrypted: true}
	long := strings.Repeat("x", 256)
	for _, tt := range []struct {
		mechanism string
		o         sasl.ClientOptions
		want      error
	}{
		{"PLAIN", sasl.ClientOptions{User: "tim", Password: "p"}, sasl.ErrPlaintext},
		{"login", sasl.ClientOptions{User: "tim", Password: "p"}, sasl.ErrPlaintext},
		{"OAUTHBEARER", sasl.ClientOptions{Token: "t"}, sasl.ErrPlaintext},
		{"XOAUTH2", sasl.ClientOptions{User: "tim", Token: "t"}, sasl.ErrPlaintext},
		{"XOAUTH2", sasl.ClientOptions{Token: "t", Security: tls}, sasl.ErrMechanism},
		{"XOAUTH2", sasl.ClientOptions{User: "t\x01m", Token: "t", Security: tls}, sasl.ErrCredentials},
		{"XOAUTH2", sasl.ClientOptions{User: "tim", Token: "t\x01auth=", Security: tls}, sasl.ErrCredentials},
		{"OAUTHBEARER", sasl.ClientOptions{User: "tim", Token: "t x", Security: tls}, sasl.ErrCredentials},
		{"OAUTHBEARER", sasl.ClientOptions{Token: "t", Host: "a\x01port=1", Security: tls}, sasl.ErrCredentials},
		{"OAUTHBEARER", sasl.ClientOptions{Token: "t", Port: 65536, Security: tls}, sasl.ErrCredentials},
		{"OAUTHBEARER", sasl.ClientOptions{Token: "t", Port: -1, Security: tls}, sasl.ErrCredentials},
		{"OAUTHBEARER", sasl.ClientOptions{Token: "t", User: "\xff", Security: tls}, sasl.ErrCredentials},
		{"PLAIN", sasl.ClientOptions{User: "t\x00m", Password: "p", Security: tls}, sasl.ErrCredentials},
		{"PLAIN", sasl.ClientOptions{User: "tim", Password: "p\x00", Security: tls}, sasl.ErrCredentials},
		{"PLAIN", sasl.ClientOptions{User: "tim", Password: "p\xff", Security: tls}, sasl.ErrCredentials},
		{"PLAIN", sasl.ClientOptions{User: "tim", Password: engine.Secret(long), Security: tls}, sasl.ErrCredentials},
		{"PLAIN", sasl.ClientOptions{User: "tim", Password: "p", AuthzID: long, Security: tls}, sasl.ErrCredentials},
		{"PLAIN", sasl.ClientOptions{User: "tim", Security: tls}, sasl.ErrMechanism},
		{"LOGIN", sasl.ClientOptions{User: "t\x00m", Password: "p", Security: tls}, sasl.ErrCredentials},
		{"LOGIN", sasl.ClientOptions{User: "tim", Password: "p", AuthzID: "boss", Security: tls}, sasl.ErrCredentials},
		{"CRAM-MD5", sasl.ClientOptions{User: long, Password: "p"}, sasl.ErrCredentials},
		{"EXTERNAL", sasl.ClientOptions{External: true, AuthzID: "a\x00"}, sasl.ErrCredentials},
		{"ANONYMOUS", sasl.ClientOptions{Anonymous: true, Trace: "a\n"}, sasl.ErrCredentials},
		{"ANONYMOUS", sasl.ClientOptions{Anonymous: true, Trace: long}, sasl.ErrCredentials},
		{"SCRAM-SHA-1", sasl.ClientOptions{User: "\u00ad", Password: "p", Random: &counter{}}, sasl.ErrCredentials},
		{"SCRAM-SHA-1", sasl.ClientOptions{User: strings.Repeat("\uFDFA", 85), Password: "p", Random: &counter{}}, sasl.ErrCredentials},
		{"SCRAM-SHA-1", sasl.ClientOptions{User: "tim", Password: "\u0627\u0031", Random: &counter{}}, sasl.ErrCredentials},
		{"SCRAM-SHA-1", sasl.ClientOptions{User: "tim", Password: "p", AuthzID: "\xff", Random: &counter{}}, sasl.ErrCredentials},
		{"SCRAM-SHA-1-PLUS", sasl.ClientOptions{User: "tim", Password: "p", Random: &counter{}, Security: tls}, sasl.ErrChannelBinding},
		{"GSSAPI", sasl.ClientOptions{User: "tim", Password: "p", Random: &counter{}, Security: tls}, sasl.ErrMechanism},
	} {
		if _, err := sasl.NewClient(tt.mechanism, tt.o); err != tt.want {
			t.Errorf("%s %+v: %v, want %v", tt.mechanism, tt.o, err, tt.want)
		}
	}
}

// TestPlaintextMechanisms: what the engines let pass in the clear is what this
// package knows to show nothing (invariant 23).
func TestPlaintextMechanisms(t *testing.T) {
	for _, name := range []string{
		sasl.External, sasl.OAuthBearer, sasl.XOAuth2, sasl.ScramSHA256Plus, sasl.ScramSHA1Plus, sasl.ScramSHA256, sasl.ScramSHA1,
		sasl.CramMD5, sasl.Plain, sasl.Login, sasl.Anonymous,
	} {
		for _, name := range []string{name, strings.ToLower(name)} {
			if engine.PlaintextNever.AllowsMechanism(engine.Security{}, name) == sasl.Plaintext(name) {
				t.Errorf("%s", name)
			}
			if !engine.PlaintextNever.AllowsMechanism(engine.Security{Encrypted: true}, name) {
				t.Errorf("%s over TLS", name)
			}
		}
	}
	if engine.PlaintextLoopback.AllowsMechanism(engine.Security{}, "X-UNKNOWN") {
		t.Error("an unknown mechanism")
	}
}
