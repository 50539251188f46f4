package tucker_test

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"

	"bertlab/gbert"
	"bertlab/techniques/tucker"
)

// stack is four matrices of 3 × 4 that share their rows' and columns' directions, but for one entry.
func stack() *tucker.Tensor {
	matrices := make([][]float32, 4)
	for k := range matrices {
		for i := range 3 {
			for j := range 4 {
				matrices[k] = append(matrices[k], float32((k+1)*(i+1)*(j+1)))
			}
		}
	}
	matrices[3][11] += 40
	x, err := tucker.Stack(matrices, 3, 4)
	if err != nil {
		panic(err)
	}
	return x
}

func ExampleHOOI() {
	x, ctx := stack(), context.Background()
	for _, ranks := range [][]int{{1, 1, 1}, {2, 2, 2}} {
		d, err := tucker.HOOI(ctx, x, ranks, tucker.HOOIOptions{})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%v: %d of %d parameters, relative error %.4f\n", ranks, d.Parameters(), len(x.Data()), d.Error())
	}
	_, err := tucker.HOOI(ctx, x, []int{5, 1, 1}, tucker.HOOIOptions{})
	fmt.Println(err)
	// Output:
	// [1 1 1]: 12 of 48 parameters, relative error 0.1625
	// [2 2 2]: 30 of 48 parameters, relative error 0.0000
	// tucker: rank 5 for mode 0 of the shape [4 3 4], want 1…4
}

// One U and one V for all matrices, and a core for each: the first mode is left alone.
func ExampleBank() {
	config, err := gbert.ParseConfig([]byte(`{"model_type": "bert", "vocab_size": 100, "hidden_size": 16, "num_hidden_layers": 2,
		"num_attention_heads": 4, "intermediate_size": 64, "max_position_embeddings": 64, "type_vocab_size": 2}`))
	if err != nil {
		panic(err)
	}
	model, err := gbert.New(config, 1) // random weights; gbert.Load reads a folder
	if err != nil {
		panic(err)
	}
	banked, result, err := tucker.Bank(context.Background(), model, tucker.BankOptions{LayerRank: 6, Rank: 8})
	if err != nil {
		panic(err)
	}
	fmt.Println(result.Bank.Name, "of", result.Bank.Slices, "slices:", result.ParametersAfter, "of", result.ParametersBefore, "parameters")
	fmt.Println("query of layer 0:", banked.Config.Layers[0].Form(gbert.Query).Kind(), "in", result.Maps[0].Slices, "slice; FFN in:", result.Maps[4].Slices)
	_, _, err = tucker.Bank(context.Background(), model, tucker.BankOptions{LayerRank: 25, Rank: 8})
	fmt.Println(err)
	// Output:
	// IV-6-8 of 24 slices: 784 of 6144 parameters
	// query of layer 0: banked in 1 slice; FFN in: 4
	// tucker: layer rank 25, want 1…24, the number of slices
}

func ExampleTucker2() {
	x := stack()
	d, err := tucker.Tucker2(context.Background(), x, [2]int{1, 2}, [2]int{2, 2}, tucker.HOOIOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.Core.Shape(), d.Modes)
	// Output: [4 2 2] [1 2]
}

func ExampleTruncatedSVD() {
	a := mat.NewDense(2, 3, []float64{3, 0, 0, 0, 4, 0})
	svd, err := tucker.TruncatedSVD(a, 1, tucker.SVDOptions{})
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
	f, err := tucker.WeightedSVD(w, inputs, 1, 0, tucker.SVDOptions{})
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
	rank, err := tucker.BudgetRank(768, 3072, 0.25)
	fmt.Println(rank, tucker.BreakEvenRank(768, 3072), err)
	_, err = tucker.BudgetRank(768, 3072, 0.001)
	fmt.Println(err)
	// Output:
	// 153 614 <nil>
	// tucker: no rank of a matrix [768, 3072] has factors of 0.001 of its entries, want a ratio of 0.001628…1
}

func ExampleEVBMF() {
	values := []float64{20, 15, 1.5, 1.2, 1, 0.8, 0.5, 0.3}
	noise, err := tucker.EVBMF(values, 8, 8, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	byEnergy, err := tucker.EnergyRank(values, 0.95)
	fmt.Println(noise.Rank, byEnergy, err)
	// Output: 2 2 <nil>
}
