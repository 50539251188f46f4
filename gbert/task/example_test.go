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
