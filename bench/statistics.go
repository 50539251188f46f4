package main

import (
	"math/rand/v2"

	"bertlab/stats"
)

// spread is a median with its quartiles.
type spread struct {
	Median float64 `json:"median"`
	Q1     float64 `json:"q1"`
	Q3     float64 `json:"q3"`
}

func spreadOf(values []float64) *spread {
	if len(values) == 0 {
		return nil
	}
	q := stats.Quartiles(values)
	return &spread{Median: q.Value, Q1: q.Low, Q3: q.High}
}

// ratios divides pair by pair.
func ratios(a, b []float64) []float64 {
	out := make([]float64, min(len(a), len(b)))
	for i := range out {
		out[i] = a[i] / b[i]
	}
	return out
}

// timing is a step's length in tokens and its time.
type timing struct {
	length  int
	seconds float64
}

// line is seconds = a + b·length.
type line struct{ a, b float64 }

func (l line) at(length int) float64 { return l.a + l.b*float64(length) }

// fitLine is the least squares line through timings; flat where all lengths are equal.
func fitLine(timings []timing) line {
	n := float64(len(timings))
	var x, y float64
	for _, t := range timings {
		x += float64(t.length) / n
		y += t.seconds / n
	}
	var xx, xy float64
	for _, t := range timings {
		dx := float64(t.length) - x
		xx += dx * dx
		xy += dx * (t.seconds - y)
	}
	if xx == 0 {
		return line{a: y}
	}
	return line{a: y - xy/xx*x, b: xy / xx}
}

// total is the time of batches of the given lengths by the line.
func (l line) total(lengths []int) float64 {
	sum := 0.0
	for _, length := range lengths {
		sum += l.at(length)
	}
	return sum
}

// bootstrapTotals estimates an epoch's time from the same resamples of the steps of several strategies, resample by resample:
// [strategy][resample]. Steps with the same number were timed next to each other.
func bootstrapTotals(timings [][]timing, epochs [][]int, resamples int) [][]float64 {
	rng := rand.New(rand.NewPCG(1, 0))
	totals := make([][]float64, len(timings))
	n := len(timings[0])
	for range resamples {
		rows := make([]int, n)
		for i := range rows {
			rows[i] = rng.IntN(n)
		}
		for s := range timings {
			drawn := make([]timing, n)
			for i, row := range rows {
				drawn[i] = timings[s][row]
			}
			totals[s] = append(totals[s], fitLine(drawn).total(epochs[s]))
		}
	}
	return totals
}
