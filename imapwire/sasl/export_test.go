package sasl

import "github.com/mailwire/mailwire/imapwire/engine"

// QuickCredentials are keys of so few iterations that NewScramCredentials would
// not make them.
func QuickCredentials(h Hash, password engine.Secret, salt []byte, iterations int) (ScramCredentials, error) {
	p, err := prepare(string(password))
	if err != nil {
		return ScramCredentials{}, err
	}
	k, err := deriveKeys(h, p, salt, iterations)
	return ScramCredentials{Salt: salt, Iterations: iterations, StoredKey: engine.Secret(k.stored), ServerKey: engine.Secret(k.server)}, err
}
