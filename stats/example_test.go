package stats_test

import (
	"fmt"
	"log"

	"bertlab/stats"
)

// A pruned model beside the whole one, on the same 400 examples.
func Example() {
	whole, pruned := make(stats.Answers, 400), make(stats.Answers, 400)
	for i := range whole {
		whole[i], pruned[i] = i%10 != 0, i%10 != 0 && i%17 != 0
	}
	test, difference, err := pruned.Against(whole)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("accuracy %.3f and %.3f\n", whole.Accuracy(), pruned.Accuracy())
	fmt.Printf("points: %s, McNemar's p = %.1g\n", difference.Points(), test.P)
	// Output:
	// accuracy 0.900 and 0.848
	// points: -5.25 [-7.50, -3.25], McNemar's p = 1e-06
}

// Three seeds of a training are pooled before they are compared, since answers to one example are not independent.
func ExamplePool() {
	share := stats.Pool([]stats.Answers{{true, true, false}, {true, false, false}, {true, true, false}})
	fmt.Printf("%.2f\n", share)
	// Output: [1.00 0.67 0.00]
}

// Any statistic of the examples has an interval: here the largest of them.
func ExampleBootstrap() {
	seconds := []float64{1.1, 1.3, 1.2, 2.9, 1.2, 1.1, 1.4, 1.3}
	e, err := stats.Bootstrap(len(seconds), func(rows []int) float64 {
		most := 0.0
		for _, row := range rows {
			most = max(most, seconds[row])
		}
		return most
	}, stats.Usual)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.Text("%.1f"))
	// Output: 2.9 [1.3, 2.9]
}

// How stable a ranking is: the importance of four heads, measured on the two halves of a data set.
func ExampleSpearman() {
	importance := [][]float64{ // of four heads, by example
		{0.9, 0.2, 0.1, 0.4}, {0.8, 0.1, 0.2, 0.5}, {0.7, 0.3, 0.1, 0.4}, {0.9, 0.1, 0.0, 0.2},
		{0.6, 0.2, 0.1, 0.6}, {0.8, 0.2, 0.3, 0.3}, {0.9, 0.3, 0.1, 0.5}, {0.7, 0.2, 0.0, 0.3},
	}
	mean := func(rows []int) []float64 {
		sum := make([]float64, 4)
		for _, row := range rows {
			for head, v := range importance[row] {
				sum[head] += v / float64(len(rows))
			}
		}
		return sum
	}
	first, second := stats.Halves(len(importance), 1)
	fmt.Printf("ρ = %.2f\n", stats.Spearman(mean(first), mean(second)))
	// Output: ρ = 1.00
}

// A time that is much longer now and then is told by its median and quartiles.
func ExampleQuartiles() {
	fmt.Println(stats.Quartiles([]float64{12, 11, 13, 48, 12, 11, 12}).Text("%.1f"))
	// Output: 12.0 [11.5, 12.5]
}

// Two models were judged on the same 20 examples. The second has eight right that the first has not, the first one that the
// second has not.
func ExampleMcNemar() {
	a, b := make(stats.Answers, 20), make(stats.Answers, 20)
	for i := range 20 {
		a[i] = i < 10 || i == 18
		b[i] = i < 18
	}
	r, err := stats.McNemar(a, b)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d against %d: p = %.3f\n", r.OnlyA, r.OnlyB, r.P)
	// Output: 1 against 8: p = 0.039
}

func ExamplePairedBootstrap() {
	// Accuracy of two models on the same 200 examples, 0.80 and 0.70.
	a, b := make([]float64, 200), make([]float64, 200)
	for i := range 200 {
		if i%5 != 0 {
			a[i] = 1
		}
		if i%10 >= 3 {
			b[i] = 1
		}
	}
	r, err := stats.PairedBootstrap(a, b, stats.Resampling{Resamples: 2000, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("difference %.2f, 95 %% from %.2f to %.2f\n", r.Value, r.Low, r.High)
	// Output: difference 0.10, 95 % from 0.03 to 0.17
}

func ExampleWilson() {
	accuracy, err := stats.Wilson(858, 1000, 0.95)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(accuracy.Text("%.3f"))
	// Output: 0.858 [0.835, 0.878]
}
