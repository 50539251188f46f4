package stats

import (
	"fmt"
	"math"
)

// McNemarResult is the outcome of McNemar's test.
type McNemarResult struct {
	OnlyA int     `json:"only_a"` // examples that only the first model has right
	OnlyB int     `json:"only_b"` // examples that only the second has right
	P     float64 `json:"p"`      // two-sided
}

// McNemar tests whether two models that were judged on the same examples are right equally often (McNemar 1947). The p value is exact
// and two-sided: that of OnlyA of OnlyA+OnlyB throws of a fair coin; 1 where they never differ.
func McNemar(a, b Answers) (McNemarResult, error) {
	if len(a) != len(b) {
		return McNemarResult{}, fmt.Errorf("stats: McNemar's test of %d and %d examples: the same ones were expected", len(a), len(b))
	}
	var r McNemarResult
	for i := range a {
		switch {
		case a[i] && !b[i]:
			r.OnlyA++
		case b[i] && !a[i]:
			r.OnlyB++
		}
	}
	r.P = fairCoin(r.OnlyA, r.OnlyB)
	return r, nil
}

// fairCoin is the two-sided probability 2·P(X ≤ min) of X ~ Binomial(heads+tails, ½), at most 1. Terms are summed, where gonum's
// distuv.Binomial evaluates a continued fraction, from the largest down, each from the one before: C(n, k−1) = C(n, k)·k/(n−k+1).
func fairCoin(heads, tails int) float64 {
	n, k := heads+tails, min(heads, tails)
	if heads == tails {
		return 1
	}
	logGamma := func(x int) float64 { v, _ := math.Lgamma(float64(x) + 1); return v }
	top := logGamma(n) - logGamma(k) - logGamma(n-k) - float64(n)*math.Ln2
	sum, term := 0.0, 1.0
	for ; k >= 0 && term > 1e-18*sum; k-- {
		sum += term
		term *= float64(k) / float64(n-k+1)
	}
	return min(1, 2*math.Exp(top)*sum)
}
