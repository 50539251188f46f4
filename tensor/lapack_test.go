package tensor

import (
	"fmt"
	"math"
	"runtime"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Shapes with one block of rotations and with several, square, wide and tall.
func TestTheThinSVDIsThatOfTheLibrary(t *testing.T) {
	for _, shape := range [][2]int{{1, 1}, {1, 7}, {2, 2}, {40, 40}, {40, 90}, {90, 40}, {rotated + 3, rotated + 3}, {2*rotated + 1, 2*rotated + 40}} {
		t.Run(fmt.Sprint(shape), func(t *testing.T) {
			a := gaussianMatrix(4, shape[0], shape[1])
			want := singularValues(a)
			for _, sides := range [][2]bool{{true, true}, {true, false}, {false, true}} {
				u, v, values, err := thinSVD(a, len(want), sides[0], sides[1])
				if err != nil {
					t.Fatal(err)
				}
				if !floats.EqualApprox(values, want, 1e-12*want[0]) {
					t.Errorf("%v: values %v, want %v", sides, values, want)
				}
				if (u != nil) != sides[0] || (v != nil) != sides[1] {
					t.Fatalf("asked for the sides %v: %v, %v", sides, u != nil, v != nil)
				}
				for _, basis := range []*mat.Dense{u, v} {
					if basis != nil && orthonormality(basis) > 1e-11 {
						t.Errorf("%v: not orthonormal by %g", sides, orthonormality(basis))
					}
				}
				if sides == [2]bool{true, true} {
					if d := distance((&SVD{U: u, V: v, Values: values}).Reconstruct(), a); d > 1e-12*want[0]*math.Sqrt(float64(shape[0]*shape[1])) {
						t.Errorf("U·Σ·Vᵀ is %g away", d)
					}
					less, fewer, _, err := thinSVD(a, 1, true, true)
					if err != nil || distance(less, u.Slice(0, shape[0], 0, 1)) > 1e-12 || distance(fewer, v.Slice(0, shape[1], 0, 1)) > 1e-12 {
						t.Errorf("one vector is another than the first of all, or %v", err)
					}
				}
			}
		})
	}
}

// Left vectors of values that are far below the largest are as orthonormal as the others.
func TestTheThinSVDKeepsSmallValuesApart(t *testing.T) {
	q, p := must(TruncatedSVD(gaussianMatrix(6, 30, 30), 30, SVDOptions{})), must(TruncatedSVD(gaussianMatrix(7, 30, 30), 30, SVDOptions{}))
	a := &SVD{U: q.U, V: p.V, Values: make([]float64, 30)}
	for i := range a.Values {
		a.Values[i] = math.Pow(10, -float64(i)/2)
	}
	for _, keep := range []int{1, 6, 7, 20, 30} {
		u, v, values, err := thinSVD(a.Reconstruct(), keep, true, true)
		if err != nil || orthonormality(u) > 1e-11 || orthonormality(v) > 1e-11 || !floats.EqualApprox(values, a.Values, 1e-14) {
			t.Errorf("%d vectors: %v, not orthonormal by %g and %g", keep, err, orthonormality(u), orthonormality(v))
		}
	}
}

func TestTheThinSVDDoesNotDependOnTheProcessors(t *testing.T) {
	a := gaussianMatrix(5, 2*rotated+10, 2*rotated+10)
	u, v, _, err := thinSVD(a, 20, true, true)
	if err != nil {
		t.Fatal(err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	alone, against, _, err := thinSVD(a, 20, true, true)
	if err != nil {
		t.Fatal(err)
	}
	if !mat.Equal(u, alone) || !mat.Equal(v, against) {
		t.Error("one processor gives other vectors")
	}
}

func BenchmarkThinSVD(b *testing.B) {
	for _, shape := range [][2]int{{384, 384}, {768, 768}, {768, 3072}} {
		a := gaussianMatrix(1, shape[0], shape[1])
		b.Run(fmt.Sprint(shape), func(b *testing.B) {
			for b.Loop() {
				if _, _, _, err := thinSVD(a, shape[0]/5, true, true); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprint(shape, " by gonum's mat.SVD"), func(b *testing.B) {
			for b.Loop() {
				var svd mat.SVD
				if !svd.Factorize(a, mat.SVDThin) {
					b.Fatal("it does not converge")
				}
			}
		})
	}
}
