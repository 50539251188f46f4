package tensor

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

type decompose func(x *Tensor, ranks []int, o Options) (*Decomposition, error)

// decompositions are the three of them with the same call.
var decompositions = map[string]decompose{
	"HOSVD": func(x *Tensor, ranks []int, o Options) (*Decomposition, error) {
		return HOSVD(context.Background(), x, ranks, o)
	},
	"ST-HOSVD": func(x *Tensor, ranks []int, o Options) (*Decomposition, error) {
		return STHOSVD(context.Background(), x, ranks, o)
	},
	"HOOI": func(x *Tensor, ranks []int, o Options) (*Decomposition, error) {
		return HOOI(context.Background(), x, ranks, HOOIOptions{Options: o, Tolerance: 1e-9})
	},
}

// draw is a tensor, some of its modes and ranks for them.
func draw(r *rapid.T) (x *Tensor, modes, ranks []int) {
	shape := shapes(r)
	for mode, length := range shape {
		if rapid.Bool().Draw(r, "decompose") {
			modes = append(modes, mode)
			ranks = append(ranks, rapid.IntRange(1, length).Draw(r, "rank"))
		}
	}
	if len(modes) == 0 {
		modes, ranks = []int{0}, []int{shape[0]}
	}
	return decaying(rapid.Uint64Range(0, 100).Draw(r, "seed"), shape...), modes, ranks
}

func TestFullRanksReproduceTheTensor(t *testing.T) {
	for name, f := range decompositions {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				x := gaussian(1, shapes(r)...) // a mode may be longer than its unfolding has columns
				before := slices.Clone(x.data)
				method := rapid.SampledFrom([]Method{Auto, Gram}).Draw(r, "method")
				d, err := f(x, x.Shape(), Options{SVD: SVDOptions{Method: method}})
				if err != nil {
					r.Fatal(err)
				}
				if relative, err := d.RelativeError(x); err != nil || relative > 1e-10 || d.Error() > 1e-7 {
					r.Fatalf("relative error %g, said to be %g, %v", relative, d.Error(), err)
				}
				if !slices.Equal(x.data, before) {
					r.Fatal("the tensor was changed")
				}
			})
		})
	}
}

func TestADecompositionIsWhatItSays(t *testing.T) {
	for name, f := range decompositions {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				x, modes, ranks := draw(r)
				d, err := f(x, ranks, Options{Modes: modes})
				if err != nil {
					r.Fatal(err)
				}
				shape, parameters := x.Shape(), 1
				for i, mode := range modes {
					if rows, cols := d.Factors[i].Dims(); rows != x.shape[mode] || cols != ranks[i] || d.Methods[i] != Exact {
						r.Fatalf("factor %d is [%d, %d] by %q", i, rows, cols, d.Methods[i])
					}
					if deviation := orthonormality(d.Factors[i]); deviation > 1e-12 {
						r.Fatalf("UᵀU of factor %d deviates by %g from the identity", i, deviation)
					}
					shape[mode] = ranks[i]
				}
				for _, length := range shape {
					parameters *= length
				}
				for i, mode := range modes {
					parameters += x.shape[mode] * ranks[i]
				}
				all := make([]int, len(shape))
				for i, mode := range modes {
					all[mode] = ranks[i]
				}
				counted, err := Parameters(x.shape, all)
				if !slices.Equal(d.Core.Shape(), shape) || d.Parameters() != parameters || counted != parameters || err != nil {
					r.Fatalf("core %v with %d parameters, counted %d (%v), want %v with %d", d.Core.Shape(), d.Parameters(), counted, err, shape, parameters)
				}
				relative, err := d.RelativeError(x)
				if err != nil || math.Abs(relative-d.Error()) > 1e-7 {
					r.Fatalf("relative error %g, said to be %g, %v", relative, d.Error(), err)
				}
			})
		})
	}
}

// TestErrorsAreWithinTheirBounds: each mode's tail of singular values is a lower bound of the best error, and the root of the
// sum of their squares an upper bound of HOSVD's and ST-HOSVD's: √N times the best one at most.
func TestErrorsAreWithinTheirBounds(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		x, modes, ranks := draw(r)
		var tails []float64
		for i, mode := range modes {
			values := must(Spectrum(x, mode, SVDOptions{}))
			tails = append(tails, floats.Norm(values[min(ranks[i], len(values)):], 2)/x.Norm())
		}
		least, most := floats.Max(tails), floats.Norm(tails, 2)
		got := map[string]float64{}
		for name, f := range decompositions {
			d, err := f(x, ranks, Options{Modes: modes})
			if err != nil {
				r.Fatal(err)
			}
			got[name] = d.Error()
			if d.Error() < least-1e-7 || d.Error() > most+1e-7 {
				r.Fatalf("%s: error %g, want %g…%g", name, d.Error(), least, most)
			}
		}
		if got["HOOI"] > got["HOSVD"] {
			r.Fatalf("HOOI's error %g, HOSVD's %g", got["HOOI"], got["HOSVD"])
		}
	})
}

func TestTheErrorFallsWithTheRank(t *testing.T) {
	x := decaying(3, 6, 7, 8)
	for name, f := range decompositions {
		if name == "ST-HOSVD" {
			continue // a later mode sees another tensor
		}
		last := math.Inf(1)
		for rank := 1; rank <= 6; rank++ {
			d := must(f(x, []int{rank, rank + 1, rank + 2}, Options{}))
			if d.Error() > last {
				t.Errorf("%s, rank %d: error %g after %g", name, rank, d.Error(), last)
			}
			last = d.Error()
		}
	}
}

func TestTheErrorOfHOOINeverRises(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		x, modes, ranks := draw(r)
		var told []float64
		o := HOOIOptions{
			Options:   Options{Modes: modes, SVD: SVDOptions{Method: rapid.SampledFrom([]Method{Exact, Gram, Randomised}).Draw(r, "method")}},
			Tolerance: 1e-14, Sequential: rapid.Bool().Draw(r, "sequential"),
			Progress: func(sweep int, relativeError float64) {
				if sweep != len(told) {
					r.Fatalf("sweep %d after %d", sweep, len(told)-1)
				}
				told = append(told, relativeError)
			},
		}
		d, err := HOOI(context.Background(), x, ranks, o)
		if err != nil {
			r.Fatal(err)
		}
		if !slices.Equal(told, d.Errors) {
			r.Fatalf("told %v, the history is %v", told, d.Errors)
		}
		for i := 1; i < len(d.Errors); i++ {
			if d.Errors[i] > d.Errors[i-1] {
				r.Fatalf("the error rises in sweep %d: %v", i, d.Errors)
			}
		}
	})
}

func TestHOOIStopsAtTheToleranceOrTheLimit(t *testing.T) {
	x, ctx := gaussian(4, 6, 7, 8), context.Background()
	d := must(HOOI(ctx, x, []int{2, 2, 2}, HOOIOptions{MaxSweeps: 2, Tolerance: 1e-12}))
	if d.Converged || len(d.Errors) != 3 {
		t.Errorf("after two sweeps: %v, converged %t", d.Errors, d.Converged)
	}
	d = must(HOOI(ctx, x, []int{2, 2, 2}, HOOIOptions{Tolerance: 1}))
	if !d.Converged || len(d.Errors) != 2 {
		t.Errorf("with a tolerance of 1: %v, converged %t", d.Errors, d.Converged)
	}
	d = must(HOOI(ctx, x, []int{3}, HOOIOptions{Options: Options{Modes: []int{1}}}))
	if !d.Converged || len(d.Errors) != 1 {
		t.Errorf("one mode: %v, converged %t", d.Errors, d.Converged)
	}
}

func TestALowRankTensorIsFound(t *testing.T) {
	low := must(gaussian(5, 2, 3, 2).MultiModeProduct([]mat.Matrix{gaussianMatrix(6, 9, 2), gaussianMatrix(7, 8, 3), gaussianMatrix(8, 7, 2)}, []int{0, 1, 2}))
	for name, f := range decompositions {
		for _, method := range []Method{Exact, Gram, Randomised} {
			d := must(f(low, []int{2, 3, 2}, Options{SVD: SVDOptions{Method: method, Oversampling: 2}}))
			if relative := must(d.RelativeError(low)); relative > 1e-10 {
				t.Errorf("%s, %s: relative error %g", name, method, relative)
			}
		}
	}
}

func TestOnAMatrixTuckerIsTheTruncatedSVD(t *testing.T) {
	a := gaussianMatrix(9, 6, 8)
	svd := must(TruncatedSVD(a, 3, SVDOptions{}))
	x := must(New(a.RawMatrix().Data, 6, 8))
	d := must(Tucker2(context.Background(), x, [2]int{0, 1}, [2]int{3, 3}, HOOIOptions{}))
	if math.Abs(d.Error()-svd.RelativeError()) > 1e-10 {
		t.Errorf("error %g, the SVD's is %g", d.Error(), svd.RelativeError())
	}
}

func TestTheOrderOfModesIsThatOfTheRanks(t *testing.T) {
	x := decaying(10, 4, 5, 6)
	a := must(HOSVD(context.Background(), x, []int{2, 3}, Options{Modes: []int{2, 0}}))
	b := must(HOSVD(context.Background(), x, []int{3, 2}, Options{Modes: []int{0, 2}}))
	if !mat.Equal(a.Factors[0], b.Factors[1]) || !mat.Equal(a.Factors[1], b.Factors[0]) || a.Error() != b.Error() {
		t.Error("the order of the modes changes the decomposition")
	}
}

func TestAZeroTensorHasNoError(t *testing.T) {
	for name, f := range decompositions {
		d := must(f(zeros([]int{2, 3, 4}), []int{1, 2, 2}, Options{}))
		if d.Error() != 0 || must(d.RelativeError(zeros([]int{2, 3, 4}))) != 0 {
			t.Errorf("%s: %v", name, d.Errors)
		}
	}
}

func TestADecompositionStopsWhenAskedTo(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	x := gaussian(11, 4, 5, 6)
	_, err := HOOI(ctx, x, []int{2, 2, 2}, HOOIOptions{Progress: func(int, float64) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("HOOI ends with %v", err)
	}
	if _, err := HOSVD(ctx, x, []int{2, 2, 2}, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("HOSVD ends with %v", err)
	}
	if _, err := STHOSVD(ctx, x, []int{2, 2, 2}, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("ST-HOSVD ends with %v", err)
	}
}

func TestBadDecompositionsAreRefused(t *testing.T) {
	x, nan := gaussian(12, 2, 3, 4), gaussian(12, 2, 3, 4)
	nan.data[23] = math.NaN()
	for name, f := range decompositions {
		for call, test := range map[string]struct {
			err   error
			parts []string
		}{
			"rank 0":     {second(f(x, []int{2, 0, 1}, Options{})), []string{"rank 0", "mode 1", "1…3"}},
			"rank above": {second(f(x, []int{2, 1, 5}, Options{})), []string{"rank 5", "mode 2", "1…4"}},
			"ranks":      {second(f(x, []int{2, 1}, Options{})), []string{"2 ranks", "3 modes"}},
			"mode":       {second(f(x, []int{2}, Options{Modes: []int{3}})), []string{"mode 3", "0…2"}},
			"mode twice": {second(f(x, []int{2, 2}, Options{Modes: []int{1, 1}})), []string{"twice"}},
			"no mode":    {second(f(x, nil, Options{Modes: []int{}})), []string{"no modes", "0…2"}},
			"NaN":        {second(f(nan, []int{1, 1, 1}, Options{})), []string{"[1 2 3]", "NaN", "finite"}},
			"no tensor":  {second(f(nil, []int{1}, Options{})), []string{"empty"}},
			"method":     {second(f(x, []int{1, 1, 1}, Options{SVD: SVDOptions{Method: "qr"}})), []string{`"qr"`}},
		} {
			t.Run(name+"/"+call, func(t *testing.T) { wantError(t, test.err, test.parts...) })
		}
	}
	_, err := HOOI(context.Background(), x, []int{1, 1, 1}, HOOIOptions{Tolerance: math.NaN()})
	wantError(t, err, "NaN", "at least 0")
	_, err = HOOI(context.Background(), x, []int{1, 1, 1}, HOOIOptions{MaxSweeps: -1})
	wantError(t, err, "-1", "at least 0")
}
