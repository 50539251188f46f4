package tensor

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
	"pgregory.net/rapid"
)

func TestEnergyRankIsTheSmallestWithTheEnergy(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(0, 10), 1, 12).Draw(r, "values")
		values[0]++
		energy := rapid.Float64Range(1e-6, 1).Draw(r, "energy")
		rank, err := EnergyRank(values, energy)
		if err != nil {
			r.Fatal(err)
		}
		slices.Sort(values)
		slices.Reverse(values)
		of := func(n int) float64 { return floats.Dot(values[:n], values[:n]) }
		total := of(len(values))
		if of(rank) < energy*total*(1-1e-12) || rank > 1 && of(rank-1) >= energy*total*(1+1e-12) {
			r.Fatalf("rank %d has %g of %g, rank %d has %g; want %g", rank, of(rank), total, rank-1, of(rank-1), energy)
		}
	})
	if rank := must(EnergyRank([]float64{1, 1, 1e-9, 0}, 1)); rank != 3 {
		t.Errorf("all energy in rank %d", rank)
	}
}

func TestBudgetRankIsTheLargestThatFits(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m, n := rapid.IntRange(2, 3000).Draw(r, "m"), rapid.IntRange(2, 3000).Draw(r, "n")
		dense := float64(m * n)
		ratio := rapid.Float64Range(float64(m+n)/dense, 1).Draw(r, "ratio")
		rank, err := BudgetRank(m, n, ratio)
		if err != nil {
			r.Fatal(err)
		}
		if float64(rank*(m+n)) > ratio*dense*(1+1e-12) || float64((rank+1)*(m+n)) <= ratio*dense*(1-1e-12) || rank < 1 || rank > min(m, n) {
			r.Fatalf("[%d, %d] with a ratio of %g: rank %d", m, n, ratio, rank)
		}
		if whole, err := BudgetRank(m, n, 1); err != nil || whole != BreakEvenRank(m, n) {
			r.Fatalf("a budget of 1 has rank %d, break-even is %d", whole, BreakEvenRank(m, n))
		}
	})
}

func TestBreakEvenRanksOfBERT(t *testing.T) {
	for shape, want := range map[[2]int]int{{768, 768}: 384, {768, 3072}: 614, {384, 384}: 192, {384, 1536}: 307, {1, 9}: 0, {0, 4}: 0} {
		if got := BreakEvenRank(shape[0], shape[1]); got != want {
			t.Errorf("%v: %d, want %d", shape, got, want)
		}
	}
}

// Wang et al. 2022 name their forms by the ranks of the layers and of the width.
func TestParametersOfTheMatrixBank(t *testing.T) {
	shape := []int{144, 768, 768}
	for _, test := range []struct {
		ranks []int
		want  int
	}{
		{[]int{72, 384, 384}, 72*384*384 + 144*72 + 2*768*384},
		{[]int{0, 384, 384}, 144*384*384 + 2*768*384},
		{[]int{0, 0, 0}, 144 * 768 * 768},
	} {
		if got := must(Parameters(shape, test.ranks)); got != test.want {
			t.Errorf("%v: %d, want %d", test.ranks, got, test.want)
		}
	}
}

func TestBudgetRanksAreTheLargestThatFit(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		shape := []int{rapid.IntRange(2, 40).Draw(r, "a"), rapid.IntRange(10, 60).Draw(r, "b"), rapid.IntRange(10, 60).Draw(r, "c")}
		modes := rapid.SampledFrom([][]int{nil, {1, 2}, {2}}).Draw(r, "modes")
		size := shape[0] * shape[1] * shape[2]
		ratio := rapid.Float64Range(0, 1).Draw(r, "ratio")
		ranks, err := BudgetRanks(shape, modes, ratio)
		if err != nil {
			least := []int{0, 0, 0}
			for mode := range shape {
				if modes == nil || slices.Contains(modes, mode) {
					least[mode] = 1
				}
			}
			if count := must(Parameters(shape, least)); float64(count) <= ratio*float64(size)*(1-1e-12) {
				r.Fatalf("%d parameters fit: %v", count, err)
			}
			return
		}
		for mode, rank := range ranks {
			if decomposed := modes == nil || slices.Contains(modes, mode); decomposed != (rank > 0) || rank > shape[mode] {
				r.Fatalf("ranks %v of %v along %v", ranks, shape, modes)
			}
		}
		if count := must(Parameters(shape, ranks)); float64(count) > ratio*float64(size)*(1+1e-12) {
			r.Fatalf("ranks %v of %v have %d parameters, the budget is %g", ranks, shape, count, ratio*float64(size))
		}
		// The next step of the common part: the mode that reaches its next rank at the smallest part.
		next, smallest := slices.Clone(ranks), math.Inf(1)
		for mode, rank := range ranks {
			if rank > 0 && rank < shape[mode] {
				smallest = min(smallest, float64(rank+1)/float64(shape[mode]))
			}
		}
		for mode, rank := range ranks {
			if rank > 0 && rank < shape[mode] && float64(rank+1)/float64(shape[mode]) <= smallest+1e-12 {
				next[mode]++
			}
		}
		if count := must(Parameters(shape, next)); !slices.Equal(next, ranks) && float64(count) <= ratio*float64(size)*(1-1e-12) {
			r.Fatalf("ranks %v of %v fit as well, not only %v", next, shape, ranks)
		}
	})
}

func TestBadRankSelectionsAreRefused(t *testing.T) {
	shape := []int{4, 8, 8}
	for name, test := range map[string]struct {
		err   error
		parts []string
	}{
		"energy 0":           {second(EnergyRank([]float64{1}, 0)), []string{"energy 0", "above 0 and at most 1"}},
		"energy above 1":     {second(EnergyRank([]float64{1}, 1.5)), []string{"1.5"}},
		"energy NaN":         {second(EnergyRank([]float64{1}, math.NaN())), []string{"NaN"}},
		"energy of zeros":    {second(EnergyRank([]float64{0, 0}, 0.5)), []string{"all 2", "0"}},
		"energy of none":     {second(EnergyRank(nil, 0.5)), []string{"no singular values"}},
		"budget too small":   {second(BudgetRank(768, 768, 0.002)), []string{"0.002", "0.002604…1"}},
		"budget too large":   {second(BudgetRank(768, 768, 1.1)), []string{"1.1", "0.002604…1"}},
		"budget NaN":         {second(BudgetRank(768, 768, math.NaN())), []string{"NaN"}},
		"budget of a row":    {second(BudgetRank(1, 768, 0.5)), []string{"at every rank"}},
		"budget of nothing":  {second(BudgetRank(0, 768, 0.5)), []string{"[0, 768]"}},
		"parameters' ranks":  {second(Parameters(shape, []int{1, 2})), []string{"2 ranks", "3 modes"}},
		"parameters' rank":   {second(Parameters(shape, []int{1, 2, 9})), []string{"rank 9", "mode 2", "1…8"}},
		"parameters' shape":  {second(Parameters(nil, nil)), []string{"at least one mode"}},
		"ranks too small":    {second(BudgetRanks(shape, nil, 0.05)), []string{"0.05", "0.08203…1"}},
		"ranks too large":    {second(BudgetRanks(shape, nil, 2)), []string{"2", "…1"}},
		"ranks of a mode":    {second(BudgetRanks(shape, []int{3}, 0.5)), []string{"0…2"}},
		"ranks of no mode":   {second(BudgetRanks(shape, []int{}, 0.5)), []string{"no modes"}},
		"ranks of a vector":  {second(BudgetRanks([]int{9}, nil, 0.5)), []string{"at every rank"}},
		"ranks of no tensor": {second(BudgetRanks([]int{0}, nil, 0.5)), []string{"at least 1"}},
	} {
		t.Run(name, func(t *testing.T) { wantError(t, test.err, test.parts...) })
	}
}
