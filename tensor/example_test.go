package tensor_test

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"bertlab/tensor"
)

// stack is four matrices of 3 × 4 that share their rows' and columns' directions, but for one entry.
func stack() *tensor.Tensor {
	matrices := make([][]float32, 4)
	for k := range matrices {
		for i := range 3 {
			for j := range 4 {
				matrices[k] = append(matrices[k], float32((k+1)*(i+1)*(j+1)))
			}
		}
	}
	matrices[3][11] += 40
	x, err := tensor.Stack(matrices, 3, 4)
	if err != nil {
		panic(err)
	}
	return x
}

func ExampleHOOI() {
	x, ctx := stack(), context.Background()
	for _, ranks := range [][]int{{1, 1, 1}, {2, 2, 2}} {
		d, err := tensor.HOOI(ctx, x, ranks, tensor.HOOIOptions{})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%v: %d of %d parameters, relative error %.4f\n", ranks, d.Parameters(), len(x.Data()), d.Error())
	}
	_, err := tensor.HOOI(ctx, x, []int{5, 1, 1}, tensor.HOOIOptions{})
	fmt.Println(err)
	// Output:
	// [1 1 1]: 12 of 48 parameters, relative error 0.1625
	// [2 2 2]: 30 of 48 parameters, relative error 0.0000
	// tensor: rank 5 for mode 0 of the shape [4 3 4], want 1…4
}

func ExampleTucker2() {
	x := stack()
	d, err := tensor.Tucker2(context.Background(), x, [2]int{1, 2}, [2]int{2, 2}, tensor.HOOIOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.Core.Shape(), d.Modes)
	// Output: [4 2 2] [1 2]
}

func ExampleTruncatedSVD() {
	a := mat.NewDense(2, 3, []float64{3, 0, 0, 0, 4, 0})
	svd, err := tensor.TruncatedSVD(a, 1, tensor.SVDOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	u, v := svd.Factors()
	fmt.Println(svd.Values, svd.Method, svd.RelativeError())
	fmt.Println(u.RawMatrix().Data, v.RawMatrix().Data)
	// Output:
	// [4] exact 0.6
	// [0 2] [0 2 0]
}

// Inputs that are ten times as large in the first feature make the first column the one to keep.
func ExampleWeightedSVD() {
	w := mat.NewDense(2, 2, []float64{1, 0, 0, 2})
	inputs := mat.NewDiagDense(2, []float64{100, 1})
	f, err := tensor.WeightedSVD(w, inputs, 1, 0, tensor.SVDOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	var product mat.Dense
	product.Mul(f.U, f.V)
	fmt.Println(product.RawMatrix().Data)
	fmt.Printf("error of the outputs %.3f, of the weights %.3f\n", f.OutputError, f.RelativeError)
	// Output:
	// [1 0 0 0]
	// error of the outputs 0.196, of the weights 0.894
}

func ExampleBudgetRank() {
	rank, err := tensor.BudgetRank(768, 3072, 0.25)
	fmt.Println(rank, tensor.BreakEvenRank(768, 3072), err)
	_, err = tensor.BudgetRank(768, 3072, 0.001)
	fmt.Println(err)
	// Output:
	// 153 614 <nil>
	// tensor: no rank of a matrix [768, 3072] has factors of 0.001 of its entries, want a ratio of 0.001628…1
}

func ExampleEVBMF() {
	values := []float64{20, 15, 1.5, 1.2, 1, 0.8, 0.5, 0.3}
	noise, err := tensor.EVBMF(values, 8, 8, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	byEnergy, err := tensor.EnergyRank(values, 0.95)
	fmt.Println(noise.Rank, byEnergy, err)
	// Output: 2 2 <nil>
}

// The unfolding along the first mode has a row for each matrix of the stack; folding takes it back.
func ExampleTensor_Unfold() {
	x, err := tensor.New([]float64{1, 2, 3, 4, 5, 6, 7, 8}, 2, 2, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := x.Unfold(1)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(mat.Formatted(m))
	back, err := tensor.Fold(m, 1, 2, 2, 2)
	fmt.Println(back.Data(), err)
	// Output:
	// ⎡1  2  5  6⎤
	// ⎣3  4  7  8⎦
	// [1 2 3 4 5 6 7 8] <nil>
}

// A tensor of 48 entries from a core and three factors, and back.
func ExampleHOSVD() {
	x, ctx := stack(), context.Background()
	d, err := tensor.HOSVD(ctx, x, []int{2, 2, 2}, tensor.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	whole, err := d.Reconstruct()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("core", d.Core.Shape(), "of", whole.Shape())
	fmt.Printf("the last entry is %.0f, it was %.0f\n", whole.Data()[47], x.Data()[47])
	// Output:
	// core [2 2 2] of [4 3 4]
	// the last entry is 88, it was 88
}

// Each matrix of the stack as U·diag(σ)·Vᵀ, with one U and one V for all.
func ExampleCP() {
	d, err := tensor.CP(context.Background(), stack(), 2, tensor.CPOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	rows, rank := d.Left.Dims()
	columns, _ := d.Right.Dims()
	fmt.Printf("U [%d, %d], V [%d, %d], relative error below 1 %%: %v\n", rows, rank, columns, rank, d.Error() < 0.01)
	// Output: U [3, 2], V [4, 2], relative error below 1 %: true
}

// How fast the singular values fall says what a smaller rank would cost.
func ExampleSpectrum() {
	values, err := tensor.Spectrum(stack(), 0, tensor.SVDOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.1f\n", values)
	rank, err := tensor.EnergyRank(values, 0.99)
	fmt.Println(rank, err)
	// Output:
	// [133.0 18.7 0.0 0.0]
	// 2 <nil>
}
