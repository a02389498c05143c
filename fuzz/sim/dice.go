package sim

import "math/rand/v2"

// A dice is one stream of random numbers of a world. Each actor has its own, so
// that one actor less leaves the others' draws as they were.
type dice struct{ r *rand.Rand }

func newDice(seed, stream uint64) dice { return dice{rand.New(rand.NewPCG(seed, stream))} }

// n returns a number from 0 to k-1.
func (d dice) n(k int) int { return d.r.IntN(k) }

// chance is true so many times of a hundred.
func (d dice) chance(percent int) bool { return d.r.IntN(100) < percent }

// pick returns one of its arguments.
func pick[T any](d dice, from ...T) T { return from[d.r.IntN(len(from))] }

// Read implements io.Reader: nonces that nobody has to be unable to guess.
func (d dice) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(d.r.Uint32())
	}
	return len(p), nil
}
