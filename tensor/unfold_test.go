package tensor

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// gaussian is a tensor of independent normal entries.
func gaussian(seed uint64, shape ...int) *Tensor {
	t := zeros(slices.Clone(shape))
	source := rand.New(rand.NewPCG(seed, 1))
	for i := range t.data {
		t.data[i] = source.NormFloat64()
	}
	return t
}

// decaying is a tensor whose unfoldings have singular values that fall.
func decaying(seed uint64, shape ...int) *Tensor {
	t := gaussian(seed, shape...)
	for i := range t.data {
		for mode, at := range t.index(i) {
			t.data[i] *= math.Pow(0.8, float64(at*(mode+1)))
		}
	}
	return t
}

func gaussianMatrix(seed uint64, rows, cols int) *mat.Dense {
	return mat.NewDense(rows, cols, gaussian(seed, rows, cols).data)
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	for _, part := range append(parts, "tensor: ") {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
}

func shapes(t *rapid.T) []int { return rapid.SliceOfN(rapid.IntRange(1, 5), 1, 4).Draw(t, "shape") }

func TestAnUnfoldingHasTheEntriesInRowMajorOrderOfTheOtherModes(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		x := gaussian(1, shapes(r)...)
		mode := rapid.IntRange(0, len(x.shape)-1).Draw(r, "mode")
		m, err := x.Unfold(mode)
		if err != nil {
			r.Fatal(err)
		}
		next := make([]int, x.shape[mode]) // column that each row fills next
		for i, value := range x.data {
			row := x.index(i)[mode]
			if m.At(row, next[row]) != value {
				r.Fatalf("entry %v is not at [%d, %d]", x.index(i), row, next[row])
			}
			next[row]++
		}
		folded, err := Fold(m, mode, x.shape...)
		if err != nil {
			r.Fatal(err)
		}
		if !slices.Equal(folded.data, x.data) {
			r.Fatal("folding does not undo unfolding")
		}
	})
}

func TestAModeProductMultipliesTheUnfolding(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		x := gaussian(2, shapes(r)...)
		mode := rapid.IntRange(0, len(x.shape)-1).Draw(r, "mode")
		m := gaussianMatrix(3, rapid.IntRange(1, 6).Draw(r, "rows"), x.shape[mode])
		product, err := x.ModeProduct(m, mode)
		if err != nil {
			r.Fatal(err)
		}
		unfolded, _ := x.Unfold(mode)
		var want mat.Dense
		want.Mul(m, unfolded)
		got, _ := product.Unfold(mode)
		if !mat.EqualApprox(got, &want, 1e-12) {
			r.Fatalf("mode %d of %v: %v, want %v", mode, x.shape, mat.Formatted(got), mat.Formatted(&want))
		}
	})
}

func TestModeProductsCommute(t *testing.T) {
	x := gaussian(4, 4, 5, 6)
	a, b, c := gaussianMatrix(5, 2, 4), gaussianMatrix(6, 7, 5), gaussianMatrix(7, 6, 3).T()
	all := must(x.MultiModeProduct([]mat.Matrix{c, a, b}, []int{2, 0, 1}))
	one := must(must(must(x.ModeProduct(b, 1)).ModeProduct(c, 2)).ModeProduct(a, 0))
	if difference := must(RelativeError(one, all)); difference > 1e-14 || !slices.Equal(all.Shape(), []int{2, 7, 3}) {
		t.Errorf("shape %v, relative difference %g", all.Shape(), difference)
	}
	copied := must(x.MultiModeProduct(nil, nil))
	copied.data[0]++
	if copied.data[0] == x.data[0] {
		t.Error("a product with nothing shares the tensor's entries")
	}
}

// must is for calls whose failure is a mistake of the test.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func TestTheGramMatrixIsThatOfTheUnfolding(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		x := gaussian(8, shapes(r)...)
		mode := rapid.IntRange(0, len(x.shape)-1).Draw(r, "mode")
		m, _ := x.Unfold(mode)
		var want mat.Dense
		want.Mul(m, m.T())
		if got := x.along(mode).gram(); !mat.EqualApprox(got, &want, 1e-12) {
			r.Fatalf("mode %d of %v: %v, want %v", mode, x.shape, mat.Formatted(got), mat.Formatted(&want))
		}
	})
}

func TestAProductWithAnUnfoldingIsThatWithTheMatrix(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		x := gaussian(9, shapes(r)...)
		mode := rapid.IntRange(0, len(x.shape)-1).Draw(r, "mode")
		u := x.along(mode)
		m, _ := x.Unfold(mode)
		right, left := gaussianMatrix(10, u.cols(), 2), gaussianMatrix(11, u.dim, 2)
		var times, transposed mat.Dense
		times.Mul(m, right)
		transposed.Mul(m.T(), left)
		if !mat.EqualApprox(u.times(right), &times, 1e-12) || !mat.EqualApprox(u.transposedTimes(left), &transposed, 1e-12) {
			r.Fatalf("mode %d of %v", mode, x.shape)
		}
	})
}

func TestStackKeepsTheOrderOfMatricesRowsAndColumns(t *testing.T) {
	x := must(Stack([][]float32{{1, 2, 3, 4, 5, 6}, {7, 8, 9, 10, 11, 12}}, 2, 3))
	if !slices.Equal(x.Shape(), []int{2, 2, 3}) {
		t.Errorf("shape %v", x.Shape())
	}
	for i, value := range x.Data() {
		if value != float64(i+1) {
			t.Errorf("entry %d is %g", i, value)
		}
	}
}

func TestBadTensorsAreRefused(t *testing.T) {
	x := gaussian(12, 2, 3)
	for name, test := range map[string]struct {
		err   error
		parts []string
	}{
		"no mode":          {second(New(nil)), []string{"at least one mode"}},
		"empty mode":       {second(New(nil, 2, 0)), []string{"mode 1", "at least 1"}},
		"wrong length":     {second(New(make([]float64, 5), 2, 3)), []string{"6 entries, not 5"}},
		"too many entries": {second(New(nil, math.MaxInt, 3)), []string{"more entries"}},
		"empty stack":      {second(Stack(nil, 2, 3)), []string{"mode 0"}},
		"ragged stack":     {second(Stack([][]float32{{1, 2}, {1}}, 1, 2)), []string{"matrix 1", "1 entries", "1 × 2 = 2"}},
		"unfold":           {second(x.Unfold(2)), []string{"mode 2", "0…1"}},
		"unfold below":     {second(x.Unfold(-1)), []string{"0…1"}},
		"fold":             {second(Fold(mat.NewDense(3, 3, nil), 1, 2, 3)), []string{"[3, 2], not [3, 3]"}},
		"fold nothing":     {second(Fold(nil, 1, 2, 3)), []string{"nil"}},
		"fold a mode":      {second(Fold(mat.NewDense(3, 2, nil), 2, 2, 3)), []string{"0…1"}},
		"fold a shape":     {second(Fold(mat.NewDense(3, 2, nil), 0)), []string{"at least one mode"}},
		"mode product":     {second(x.ModeProduct(mat.NewDense(2, 2, nil), 1)), []string{"[2, 2]", "[J, 3]"}},
		"nil matrix":       {second(x.ModeProduct(nil, 1)), []string{"nil"}},
		"empty matrix":     {second(x.ModeProduct(&mat.Dense{}, 1)), []string{"empty"}},
		"mode of product":  {second(x.ModeProduct(mat.NewDense(2, 2, nil), 5)), []string{"0…1"}},
		"twice":            {second(x.MultiModeProduct([]mat.Matrix{mat.NewDense(2, 2, nil), mat.NewDense(2, 2, nil)}, []int{0, 0})), []string{"twice"}},
		"count":            {second(x.MultiModeProduct(nil, []int{0})), []string{"0 matrices for 1 modes"}},
		"error's shape":    {second(RelativeError(x, gaussian(1, 3, 2))), []string{"[2 3]"}},
		"error of nothing": {second(RelativeError(nil, x)), []string{"empty"}},
	} {
		t.Run(name, func(t *testing.T) { wantError(t, test.err, test.parts...) })
	}
}

func second[T any](_ T, err error) error { return err }
