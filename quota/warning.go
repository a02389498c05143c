package quota

// A Threshold is a usage at whose crossing somebody wants to hear.
type Threshold struct {
	Resource Resource
	// Percent of the hard limit, from 1; more than 100 is above the limit.
	// A resource without a hard limit never crosses it. With zero, At counts.
	Percent int64
	// At is an amount, so octets for storage.
	At int64
	// Under: the crossing is from above to below.
	Under bool
}

func (t Threshold) at(limits Limits) (int64, bool) {
	if t.Percent == 0 {
		return t.At, true
	}
	l := limits[t.Resource]
	if t.Resource == 0 || t.Resource >= resources || !l.HasHard {
		return 0, false
	}
	return scale(l.Hard, t.Percent, t.Resource.Unit()), true
}

// Crossed returns the first of thresholds that usage crossed between before and
// after: upwards when it was below and has reached it, downwards when it had
// reached it and is below. Order them by importance: only the first counts.
func Crossed(thresholds []Threshold, limits Limits, before, after Amounts) (Threshold, bool) {
	for _, t := range thresholds {
		if t.Resource == 0 || t.Resource >= resources {
			continue
		}
		at, ok := t.at(limits)
		if !ok {
			continue
		}
		b, a := before[t.Resource], after[t.Resource]
		if !t.Under && b < at && a >= at || t.Under && b >= at && a < at {
			return t, true
		}
	}
	return Threshold{}, false
}
