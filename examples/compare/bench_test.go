package main

import "testing"

// Ours alone, for profiles: go test -bench 'Ours/FETCH' -cpuprofile out.
func BenchmarkOurs(b *testing.B) {
	for _, r := range table() {
		b.Run(r.name, func(b *testing.B) {
			w, err := r.ours()
			if err != nil {
				b.Fatal(err)
			}
			defer w.end()
			b.ReportAllocs()
			b.ResetTimer()
			done, err := w.run(b.N)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(done), "ns/operation")
		})
	}
}
