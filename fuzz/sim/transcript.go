package sim

import "fmt"

// A recorder keeps the last lines of all conversations.
type recorder struct {
	w     *world
	most  int
	lines []record
}

// A record is a line, and whom it is of: nobody is everybody.
type record struct {
	actor int
	user  string
	text  string
}

// kept is how many lines there are for one that is wanted: those of others are
// left out in the end.
const kept = 20

func (r *recorder) add(actor int, user, text string) {
	if len(r.lines) >= 2*kept*r.most {
		r.lines = append(r.lines[:0], r.lines[kept*r.most:]...)
	}
	r.lines = append(r.lines, record{actor, user, fmt.Sprintf("%6d %2d %s %s", r.w.step, actor, user, text)})
}

// of returns the last lines that concern an actor: those of the same user.
func (r *recorder) of(actor int) (lines []string) {
	user := ""
	if actor >= 0 {
		user = r.w.actors[actor].base().user
	}
	for _, l := range r.lines {
		if user == "" || l.user == "" || l.user == user {
			lines = append(lines, l.text)
		}
	}
	return lines[max(0, len(lines)-r.most):]
}

// note records something that happened, and makes it part of the hash.
func (w *world) note(actor int, user, text string) {
	w.mix(text)
	if w.rec != nil {
		w.rec.add(actor, user, text)
	}
}

// mix makes a text part of the hash.
func (w *world) mix(text string) {
	h := w.hash
	for i := 0; i < len(text); i++ {
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	w.hash = h
}

// mixBytes makes octets that moved part of the hash.
func (w *world) mixBytes(p []byte) {
	h := w.hash
	for _, c := range p {
		h = (h ^ uint64(c)) * 1099511628211
	}
	w.hash = h ^ uint64(w.step)
}
