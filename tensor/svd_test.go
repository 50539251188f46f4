package tensor

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// orthonormality is the largest deviation of UᵀU from the identity.
func orthonormality(u mat.Matrix) float64 {
	var product mat.Dense
	product.Mul(u.T(), u)
	n, _ := product.Dims()
	for i := range n {
		product.Set(i, i, product.At(i, i)-1)
	}
	return math.Max(mat.Max(&product), -mat.Min(&product))
}

func distance(a, b mat.Matrix) float64 {
	var difference mat.Dense
	difference.Sub(a, b)
	return mat.Norm(&difference, 2)
}

func singularValues(a mat.Matrix) []float64 {
	var svd mat.SVD
	if !svd.Factorize(a, mat.SVDNone) {
		panic("no SVD")
	}
	return svd.Values(nil)
}

func TestTruncatedSVDIsTheBestOfItsRank(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m, n := rapid.IntRange(1, 20).Draw(r, "m"), rapid.IntRange(1, 20).Draw(r, "n")
		a := mat.NewDense(m, n, decaying(uint64(m*n), m, n).data)
		before := mat.DenseCopyOf(a)
		rank := rapid.IntRange(1, min(m, n)).Draw(r, "rank")
		method := rapid.SampledFrom([]Method{Exact, Gram}).Draw(r, "method")
		svd, err := TruncatedSVD(a, rank, SVDOptions{Method: method})
		if err != nil {
			r.Fatal(err)
		}
		if !mat.Equal(a, before) {
			r.Fatal("the matrix was changed")
		}
		norm := mat.Norm(a, 2)
		tail := floats.Norm(singularValues(a)[rank:], 2)
		if got := distance(a, svd.Reconstruct()); math.Abs(got-tail) > 1e-7*norm || math.Abs(svd.Residual-got) > 1e-7*norm || math.Abs(svd.RelativeError()*svd.Norm-got) > 1e-7*norm {
			r.Fatalf("error %g, said to be %g, the tail of the singular values is %g", got, svd.Residual, tail)
		}
		for _, vectors := range []*mat.Dense{svd.U, svd.V} {
			// The Gram matrix loses singular values below 1e-8; the vectors are orthonormal all the same.
			if deviation := orthonormality(vectors); deviation > 1e-10 {
				r.Fatalf("%s: UᵀU deviates by %g from the identity", method, deviation)
			}
		}
		for j := range rank {
			column := mat.Col(nil, j, svd.U)
			if i := floats.MaxIdx(column); math.Abs(floats.Min(column)) > column[i] {
				r.Fatalf("the largest entry of column %d is negative: %v", j, column)
			}
		}
		u, v := svd.Factors()
		var product mat.Dense
		product.Mul(u, v)
		if distance(&product, svd.Reconstruct()) > 1e-12*norm || svd.Method != method || svd.Norm != norm && math.Abs(svd.Norm-norm) > 1e-12*norm {
			r.Fatal("the factors' product is another matrix, or the method or norm is")
		}
	})
}

func TestTheMethodsAgree(t *testing.T) {
	for name, shape := range map[string][2]int{"wide": {40, 90}, "tall": {90, 40}} {
		t.Run(name, func(t *testing.T) {
			a := mat.NewDense(shape[0], shape[1], decaying(3, shape[0], shape[1]).data)
			want := must(TruncatedSVD(a, 6, SVDOptions{}))
			if want.Method != Exact {
				t.Fatalf("a small matrix by %q", want.Method)
			}
			for _, method := range []Method{Gram, Randomised} {
				got := must(TruncatedSVD(a, 6, SVDOptions{Method: method, Seed: 5}))
				if d := distance(got.Reconstruct(), want.Reconstruct()); d > 1e-5*want.Norm || got.Method != method {
					t.Errorf("%s, asked %s: distance %g", got.Method, method, d)
				}
				if math.Abs(got.Residual-want.Residual) > 1e-6*want.Norm || !floats.EqualApprox(got.Values, want.Values, 1e-6*want.Norm) {
					t.Errorf("%s: residual %g, values %v; exact: %g, %v", method, got.Residual, got.Values, want.Residual, want.Values)
				}
				again := must(TruncatedSVD(a, 6, SVDOptions{Method: method, Seed: 5}))
				if !mat.Equal(got.U, again.U) || !mat.Equal(got.V, again.V) {
					t.Errorf("%s twice is not the same", method)
				}
			}
		})
	}
}

func TestTheRandomisedMethodGivesWayWhereItSavesNothing(t *testing.T) {
	svd := must(TruncatedSVD(gaussianMatrix(1, 12, 14), 8, SVDOptions{Method: Randomised}))
	if svd.Method != Gram {
		t.Errorf("method %q", svd.Method)
	}
}

func TestTheMethodGoesBySize(t *testing.T) {
	for _, test := range []struct {
		m, n, rank int
		want       Method
	}{
		{384, 1536, 100, Exact}, {768, 3072, 100, Exact}, {768, 144 * 768, 384, Gram}, {30522, 768, 128, Gram}, {4096, 16384, 64, Randomised}, {4096, 16384, 2048, Gram},
	} {
		o := must(SVDOptions{}.filled())
		if got := o.choose(test.m, test.n, test.rank); got != test.want {
			t.Errorf("[%d, %d] with rank %d by %q, want %q", test.m, test.n, test.rank, got, test.want)
		}
	}
}

func TestAZeroMatrixIsItsOwnApproximation(t *testing.T) {
	for _, method := range []Method{Exact, Gram} {
		svd := must(TruncatedSVD(mat.NewDense(4, 3, nil), 2, SVDOptions{Method: method}))
		if svd.RelativeError() != 0 || mat.Norm(svd.Reconstruct(), 2) != 0 {
			t.Errorf("%s: error %g, %v", method, svd.RelativeError(), svd.Values)
		}
	}
}

func TestSpectrumIsThatOfTheUnfolding(t *testing.T) {
	x := decaying(6, 12, 2, 3)
	for mode := range 3 {
		want := singularValues(must(x.Unfold(mode)))
		for _, method := range []Method{Exact, Gram} {
			got := must(Spectrum(x, mode, SVDOptions{Method: method}))
			if len(got) != len(want) || !floats.EqualApprox(got, want, 1e-7*want[0]) {
				t.Errorf("mode %d, %s: %v, want %v", mode, method, got, want)
			}
		}
	}
	view := gaussianMatrix(7, 5, 6).Slice(1, 4, 2, 6) // a matrix with gaps
	got := must(TruncatedSVD(view, 3, SVDOptions{}))
	if distance(got.Reconstruct(), view) > 1e-12 {
		t.Error("a slice of a matrix is decomposed wrongly")
	}
}

func TestWeightedSVDIsTheBestForTheInputs(t *testing.T) {
	const out, in, n, rank = 7, 9, 30, 3
	x := mat.NewDense(n, in, decaying(8, n, in).data)
	w := gaussianMatrix(9, out, in)
	var c mat.SymDense
	c.SymOuterK(1/float64(n), x.T())
	outputError := func(approximation mat.Matrix) float64 {
		var difference, y, whole mat.Dense
		difference.Sub(w, approximation)
		y.Mul(x, difference.T())
		whole.Mul(x, w.T())
		return mat.Norm(&y, 2) / mat.Norm(&whole, 2)
	}
	best := must(WeightedSVD(w, &c, rank, 0, SVDOptions{}))
	var product mat.Dense
	product.Mul(best.U, best.V)
	var y mat.Dense // the outputs, whose own truncated SVD nothing of the rank can beat
	y.Mul(x, w.T())
	values := singularValues(&y)
	bound := floats.Norm(values[rank:], 2) / floats.Norm(values, 2)
	if got := outputError(&product); math.Abs(got-bound) > 1e-9 || math.Abs(best.OutputError-got) > 1e-9 {
		t.Errorf("output error %g, said to be %g, the bound is %g", got, best.OutputError, bound)
	}
	plain := must(TruncatedSVD(w, rank, SVDOptions{}))
	if !(outputError(plain.Reconstruct()) > bound) || !(best.RelativeError > plain.RelativeError()) {
		t.Errorf("plain SVD: output error %g, relative error %g; weighted: %g, %g", outputError(plain.Reconstruct()), plain.RelativeError(), bound, best.RelativeError)
	}
	for i := range rank {
		if a, b := floats.Norm(mat.Col(nil, i, best.U), 2), floats.Norm(best.V.RawRowView(i), 2); math.Abs(a-b) > 1e-12 {
			t.Errorf("column %d of U has the norm %g, row %d of V %g", i, a, i, b)
		}
	}

	identity := mat.NewDiagDense(in, slices.Repeat([]float64{2}, in))
	same := must(WeightedSVD(w, identity, rank, 0.5, SVDOptions{}))
	if math.Abs(same.RelativeError-plain.RelativeError()) > 1e-12 || math.Abs(same.OutputError-plain.RelativeError()) > 1e-12 || same.Ridge != 1 {
		t.Errorf("for inputs alike in all directions: %+v, plain %g", same, plain.RelativeError())
	}
	ridged := must(WeightedSVD(w, &c, rank, 1e6, SVDOptions{}))
	if math.Abs(ridged.RelativeError-plain.RelativeError()) > 1e-6 {
		t.Errorf("with a huge ridge the error is %g, plain %g", ridged.RelativeError, plain.RelativeError())
	}
}

func TestWeightedSVDIsTheSameFromItsOutputsAsFromItsInputs(t *testing.T) {
	const out, in, rank = 6, 20, 4
	x := mat.NewDense(50, in, decaying(3, 50, in).data)
	w := gaussianMatrix(4, out, in)
	var c mat.SymDense
	c.SymOuterK(1.0/50, x.T())
	for _, ridge := range []float64{0, 0.1} {
		outputs := must(WeightedSVD(w, &c, rank, ridge, SVDOptions{}))
		inputs := must(WeightedSVD(w, &c, rank, ridge, SVDOptions{Method: Exact}))
		if outputs.Method != Gram || inputs.Method != Exact {
			t.Fatalf("methods %q and %q", outputs.Method, inputs.Method)
		}
		if !mat.EqualApprox(outputs.U, inputs.U, 1e-8) || !mat.EqualApprox(outputs.V, inputs.V, 1e-8) || math.Abs(outputs.OutputError-inputs.OutputError) > 1e-8 {
			t.Errorf("ridge %g: output errors %g and %g\n%v\n%v", ridge, outputs.OutputError, inputs.OutputError, mat.Formatted(outputs.U), mat.Formatted(inputs.U))
		}
	}
}

func TestWeightedSVDTakesASingularSecondMoment(t *testing.T) {
	x := gaussianMatrix(10, 2, 6) // two inputs of six features
	var c mat.SymDense
	c.SymOuterK(0.5, x.T())
	w := must(WeightedSVD(gaussianMatrix(11, 5, 6), &c, 2, 0, SVDOptions{}))
	if w.OutputError > 1e-6 {
		t.Errorf("two inputs need rank 2, the output error is %g", w.OutputError)
	}
	zero := must(WeightedSVD(gaussianMatrix(11, 5, 6), mat.NewSymDense(6, nil), 2, 0, SVDOptions{}))
	if zero.OutputError != 0 || math.IsNaN(zero.RelativeError) {
		t.Errorf("no input at all: %+v", zero)
	}
}

func TestBadCallsOfTheSVDAreRefused(t *testing.T) {
	a := gaussianMatrix(12, 4, 6)
	nan := mat.DenseCopyOf(a)
	nan.Set(1, 2, math.NaN())
	infinite := mat.NewSymDense(6, nil)
	infinite.SetSym(0, 3, math.Inf(1))
	negative := mat.NewSymDense(6, nil)
	negative.SetSym(0, 0, -1)
	opposite := mat.NewSymDense(6, nil) // eigenvalues 1 and −1
	opposite.SetSym(0, 1, 1)
	c := mat.NewDiagDense(6, slices.Repeat([]float64{1}, 6))
	truncated := func(a mat.Matrix, rank int, o SVDOptions) error { return second(TruncatedSVD(a, rank, o)) }
	weighted := func(c mat.Symmetric, rank int, ridge float64) error {
		return second(WeightedSVD(a, c, rank, ridge, SVDOptions{}))
	}
	for name, test := range map[string]struct {
		err   error
		parts []string
	}{
		"rank 0":              {truncated(a, 0, SVDOptions{}), []string{"rank 0", "1…4"}},
		"rank above":          {truncated(a, 5, SVDOptions{}), []string{"rank 5", "1…4"}},
		"NaN":                 {truncated(nan, 2, SVDOptions{}), []string{"[1 2]", "NaN", "finite"}},
		"nil":                 {truncated(nil, 2, SVDOptions{}), []string{"nil"}},
		"empty":               {truncated(&mat.Dense{}, 2, SVDOptions{}), []string{"empty"}},
		"huge":                {truncated(mat.NewDense(1, 1, []float64{1e200}), 1, SVDOptions{}), []string{"1e+200", "1e150"}},
		"method":              {truncated(a, 2, SVDOptions{Method: "qr"}), []string{`"qr"`, `"gram"`}},
		"oversampling":        {truncated(a, 2, SVDOptions{Oversampling: -1}), []string{"-1", "at least 0"}},
		"spectrum's mode":     {second(Spectrum(gaussian(1, 2, 3), 2, SVDOptions{})), []string{"0…1"}},
		"spectrum's method":   {second(Spectrum(gaussian(1, 2, 3), 1, SVDOptions{Method: Randomised})), []string{"leading"}},
		"spectrum's options":  {second(Spectrum(gaussian(1, 2, 3), 1, SVDOptions{PowerIterations: -2})), []string{"-2"}},
		"spectrum of nothing": {second(Spectrum(nil, 1, SVDOptions{})), []string{"empty"}},
		"weighted rank":       {weighted(c, 5, 0), []string{"rank 5", "1…4"}},
		"weighted matrix":     {second(WeightedSVD(nan, c, 2, 0, SVDOptions{})), []string{"NaN"}},
		"weighted method":     {second(WeightedSVD(a, c, 2, 0, SVDOptions{Method: "qr"})), []string{`"qr"`}},
		"no moment":           {weighted(nil, 2, 0), []string{"[6, 6]"}},
		"moment's size":       {weighted(mat.NewSymDense(4, nil), 2, 0), []string{"[6, 6]"}},
		"infinite moment":     {weighted(infinite, 2, 0), []string{"[0, 3]", "finite"}},
		"negative moment":     {weighted(negative, 2, 0), []string{"eigenvalue -", "none below 0"}},
		"opposite values":     {weighted(opposite, 2, 0), []string{"eigenvalue -", "none below 0"}},
		"ridge":               {weighted(c, 2, math.NaN()), []string{"ridge NaN", "at least 0"}},
	} {
		t.Run(name, func(t *testing.T) { wantError(t, test.err, test.parts...) })
	}
}

func TestATruncatedDecompositionIsThatOfItsRank(t *testing.T) {
	a := gaussianMatrix(3, 7, 5)
	full := must(TruncatedSVD(a, 5, SVDOptions{}))
	for rank := 1; rank <= 4; rank++ {
		direct := must(TruncatedSVD(a, rank, SVDOptions{}))
		for _, from := range []*SVD{full, must(TruncatedSVD(a, 4, SVDOptions{}))} {
			got := must(from.Truncated(rank))
			if d := distance(got.Reconstruct(), direct.Reconstruct()); d > 1e-12 || math.Abs(got.RelativeError()-direct.RelativeError()) > 1e-12 {
				t.Errorf("rank %d: %g from the decomposition of that rank, with the error %g instead of %g", rank, d, got.RelativeError(), direct.RelativeError())
			}
		}
	}
	for _, rank := range []int{0, 6} {
		_, err := full.Truncated(rank)
		wantError(t, err, "1…5")
	}
}
