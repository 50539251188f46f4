package task_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"bertlab/gbert/task"
)

// A user's own file needs no description if its columns have the usual names.
func ExampleReadFile() {
	path := filepath.Join(os.TempDir(), "bertlab_example.csv")
	if err := os.WriteFile(path, []byte("label,sentence\npositive,\"Fine, really.\"\n0,Dull.\n"), 0o600); err != nil {
		log.Fatal(err)
	}
	defer os.Remove(path)

	t, err := task.Lookup("sst2")
	if err != nil {
		log.Fatal(err)
	}
	d, err := task.ReadFile(t, path, task.Columns{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(d)
	for _, e := range d.Examples {
		fmt.Printf("%s: %s is %s\n", e.ID, e.TextA, t.Labels[e.Label])
	}
	// Output:
	// sst2: 2 examples
	// 0: Fine, really. is positive
	// 1: Dull. is negative
}

func ExampleLookup() {
	t, err := task.Lookup("MRPC")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(t.Name, t.Labels, t.Metrics)
	_, err = task.Lookup("race")
	fmt.Println(err)
	// Output:
	// mrpc [not_equivalent equivalent] [accuracy f1]
	// task: no task is called "race": choose one of sst2, cola, mrpc, rte, stsb, qnli, qqp, mnli, mnli-mm, movies, products, editorials, tweets, squad, squad2, ner, multilabel, custom
}

func ExampleScore() {
	t, err := task.Lookup("mrpc")
	if err != nil {
		log.Fatal(err)
	}
	d := &task.Dataset{Task: t, Examples: []task.Example{{Label: 1}, {Label: 1}, {Label: 0}, {Label: 1}}}
	predictions, err := task.Predictions(d, [][]float32{{-1, 2}, {0, 1}, {0.5, 1}, {3, -3}})
	if err != nil {
		log.Fatal(err)
	}
	scores, err := task.Score(t, predictions, d.Examples)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("accuracy %.2f, F1 %.2f\n", scores[task.Accuracy], scores[task.F1])
	// Output: accuracy 0.50, F1 0.67
}

// Two models were judged on the same 20 examples. The second has eight right that the first has not, the first one that the
// second has not.
func ExampleMcNemar() {
	a, b := make([]bool, 20), make([]bool, 20)
	for i := range 20 {
		a[i] = i < 10 || i == 18
		b[i] = i < 18
	}
	r, err := task.McNemar(a, b)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d against %d: p = %.3f\n", r.OnlyA, r.OnlyB, r.P)
	// Output: 1 against 8: p = 0.039
}

func ExampleBootstrap() {
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
	r, err := task.PairedBootstrap(a, b, task.Resampling{Resamples: 2000, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("difference %.2f, 95 %% from %.2f to %.2f\n", r.Estimate, r.Low, r.High)
	// Output: difference 0.10, 95 % from 0.03 to 0.17
}

func ExampleWilson() {
	low, high, err := task.Wilson(858, 1000, 0.95)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.3f to %.3f\n", low, high)
	// Output: 0.835 to 0.878
}
