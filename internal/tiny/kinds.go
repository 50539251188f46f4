package tiny

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
)

// For is a random model with a head for the task of a data set, and a tokenizer for a … k. Its biases are not 0.
func For(t testing.TB, s Shape, seed uint64, d *task.Dataset) *gbert.Model {
	t.Helper()
	model, err := finetune.FreshHead(Classifier(t, s, seed), d.Task, seed)
	if err != nil {
		t.Fatal(err)
	}
	return model
}

// Kinds are n examples of every kind of task whose right answers are more than a class or a number.
func Kinds(n int, seed uint64) []*task.Dataset {
	return []*task.Dataset{Sets(n, seed), Tagged(n, seed), Questions(n, seed)}
}

// Sets are n texts of the toy language that have the class A if they hold an "a", and B if they hold a "b".
func Sets(n int, seed uint64) *task.Dataset {
	return detailed("multilabel", []string{"A", "B", "C"}, n, seed, func(e *task.Example, words []string) {
		for i, letter := range []string{"a", "b", "c"} {
			if slices.Contains(words, letter) {
				e.Detail.Classes = append(e.Detail.Classes, i)
			}
		}
	})
}

// Tagged are n texts in which every "a" is an entity A and every "b" an entity B.
func Tagged(n int, seed uint64) *task.Dataset {
	return detailed("ner", []string{"B-A", "B-B", "O"}, n, seed, func(e *task.Example, words []string) {
		e.Detail.Words = words
		for _, word := range words {
			e.Detail.Tags = append(e.Detail.Tags, min(int(word[0]-'a'), 2))
		}
	})
}

// Questions are n questions whose answer is the "a" in a text, and the letter after it.
func Questions(n int, seed uint64) *task.Dataset {
	return detailed("squad", nil, n, seed, func(e *task.Example, words []string) {
		for i, word := range words {
			words[i] = strings.Replace(word, "a", "c", 1)
		}
		at := len(e.ID) % len(words)
		words[at] = "a"
		words = append(words, "d")
		e.TextA, e.TextB = "b", strings.Join(words, " ")
		e.Detail.Answers = []task.Answer{{Text: e.TextB[2*at : 2*at+3], Start: 2 * at}}
	})
}

// detailed are n examples of a task, of 2 to 9 letters each.
func detailed(name string, labels []string, n int, seed uint64, fill func(e *task.Example, words []string)) *task.Dataset {
	rng := rand.New(rand.NewPCG(seed, 6))
	t, err := task.Lookup(name)
	if err != nil {
		panic(err) // the names are those above
	}
	t.Labels = labels
	d := &task.Dataset{Task: t, Source: "toy " + name, SHA256: fmt.Sprint(name, n, seed)}
	for i := range n {
		words := make([]string, 2+rng.IntN(8))
		for w := range words {
			words[w] = string(rune('a' + rng.IntN(letters)*rng.IntN(2)))
			if rng.IntN(3) == 0 {
				words[w] = string(rune('a' + rng.IntN(3)))
			}
		}
		e := task.Example{ID: strings.Repeat("x", i%7) + fmt.Sprint(i), TextA: strings.Join(words, " "), Detail: &task.Detail{}}
		fill(&e, words)
		d.Examples = append(d.Examples, e)
	}
	return d
}
