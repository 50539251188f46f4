package tensor

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// formula is the tensor of testdata/make_golden.py.
func formula(shape []int) *Tensor {
	x := zeros(shape)
	for i := range x.data {
		sum := 1.0
		for mode, at := range x.index(i) {
			sum += float64((mode + 1) * at)
		}
		x.data[i] = 1/sum + math.Sin(1.7*float64(i)*float64(i))/2
	}
	return x
}

func TestTensorLyComputesTheSame(t *testing.T) {
	data, err := os.ReadFile("testdata/tensorly.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Unfoldings [][][]float64
		Cases      []struct {
			Shape, Modes, Ranks []int
			Norm                float64
			HOSVD               float64 `json:"hosvd_error"`
			HOOI                float64 `json:"hooi_error"`
			Projectors          [][][]float64
		}
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	integers := zeros([]int{2, 3, 4})
	for i := range integers.data {
		integers.data[i] = float64(i)
	}
	for mode, want := range golden.Unfoldings {
		if got := must(integers.Unfold(mode)); !mat.Equal(got, matrix(want)) {
			t.Errorf("unfolding %d is %v, want %v", mode, mat.Formatted(got), want)
		}
	}
	for _, c := range golden.Cases {
		x, o := formula(c.Shape), Options{Modes: c.Modes}
		if math.Abs(x.Norm()-c.Norm) > 1e-12 {
			t.Fatalf("shape %v: the tensor's norm is %v, in the file %v", c.Shape, x.Norm(), c.Norm)
		}
		for _, method := range []Method{Exact, Gram} {
			o.SVD.Method = method
			hosvd := must(HOSVD(context.Background(), x, c.Ranks, o))
			hooi := must(HOOI(context.Background(), x, c.Ranks, HOOIOptions{Options: o, Tolerance: 1e-15, MaxSweeps: 2000}))
			if math.Abs(hosvd.Error()-c.HOSVD) > 1e-9 || math.Abs(hooi.Error()-c.HOOI) > 1e-9 {
				t.Errorf("%s, %v %v: errors %v and %v, TensorLy's %v and %v", method, c.Shape, c.Ranks, hosvd.Error(), hooi.Error(), c.HOSVD, c.HOOI)
			}
			for i, factor := range hooi.Factors {
				var projector mat.Dense
				projector.Mul(factor, factor.T())
				if want := matrix(c.Projectors[i]); !mat.EqualApprox(&projector, want, 1e-6) {
					t.Errorf("%s, %v %v: the projector of mode %d is off by %g", method, c.Shape, c.Ranks, c.Modes[i], distance(&projector, want))
				}
			}
		}
	}
}

func matrix(rows [][]float64) *mat.Dense {
	m := mat.NewDense(len(rows), len(rows[0]), nil)
	for i, row := range rows {
		m.SetRow(i, row)
	}
	return m
}
