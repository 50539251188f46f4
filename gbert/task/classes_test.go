package task

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestClassesAreMatchedByName(t *testing.T) {
	words := strings.Fields
	cases := []struct {
		name, model, task string
		want              []int // nil: refused
	}{
		{"the same", "a b c", "a b c", []int{0, 1, 2}},
		{"another order", "contradiction neutral entailment", "entailment neutral contradiction", []int{2, 1, 0}},
		{"a cycle", "c a b", "a b c", []int{2, 0, 1}},
		{"case aside", "NEGATIVE POSITIVE", "negative positive", []int{0, 1}},
		{"case aside in another order", "POSITIVE Negative", "negative positive", []int{1, 0}},
		{"names that differ by case alone", "us US", "US us", []int{1, 0}},
		{"a third case fits both", "US us", "Us uS", nil},
		{"a third case beside one as written", "US us", "US Us", nil},
		{"nobody named the model's", "LABEL_0 LABEL_1", "bad good", []int{0, 1}},
		{"nobody named the task's", "bad good", "LABEL_0 LABEL_1", []int{0, 1}},
		{"numbers in another order", "LABEL_1 LABEL_0", "bad good", []int{1, 0}},
		{"numbers on both sides", "LABEL_0 LABEL_1", "LABEL_1 LABEL_0", []int{1, 0}},
		{"numbers from 1", "LABEL_1 LABEL_2", "bad good", []int{0, 1}},
		{"one without a name", "a LABEL_1 c", "c b a", []int{2, 1, 0}},
		{"one without a name, whose number is taken", "a LABEL_0 c", "a b c", nil},
		{"different sets", "bad good", "negative positive", nil},
		{"a part in common", "entailment not_entailment", "entailment neutral", nil},
		{"synonyms", "entailment non-entailment", "entailment not_entailment", nil},
		{"more on one side", "entailment neutral contradiction", "entailment not_entailment", nil},
		{"no names", "", "a b", []int{0, 1}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := MatchLabels(words(c.model), words(c.task))
			if c.want != nil {
				if err != nil || !reflect.DeepEqual(got, c.want) {
					t.Errorf("%v, %v; want %v", got, err, c.want)
				}
				return
			}
			var differ *LabelsDiffer
			if !errors.As(err, &differ) {
				t.Fatalf("matched as %v, %v", got, err)
			}
			for _, name := range append(words(c.model), words(c.task)...) {
				if !strings.Contains(err.Error(), `"`+name+`"`) {
					t.Errorf("%q does not name %s", err, name)
				}
			}
		})
	}
}

func TestADataSetInAnotherOrderMeansTheSame(t *testing.T) {
	mrpc := mustLookup(t, "mrpc")
	d := &Dataset{Task: mrpc, Examples: []Example{{Label: 1}, {Label: 0}, {Label: 1}, {Label: -1}, {Label: 1}}}
	swapped, err := d.InOrder([]string{"Equivalent", "not_equivalent"})
	if err != nil {
		t.Fatal(err)
	}
	if got := swapped.Labels(); !reflect.DeepEqual(got, []int{0, 1, 0, -1, 0}) || !reflect.DeepEqual(d.Labels(), []int{1, 0, 1, -1, 1}) {
		t.Errorf("labels %v of %v", got, d.Labels())
	}
	if !reflect.DeepEqual(swapped.Task.Labels, []string{"equivalent", "not_equivalent"}) {
		t.Errorf("names %q", swapped.Task.Labels)
	}
	back, err := swapped.InOrder(mrpc.Labels)
	if err != nil || !reflect.DeepEqual(back.Task, mrpc) || !reflect.DeepEqual(back.Labels(), d.Labels()) {
		t.Errorf("there and back: %v, %v", back, err)
	}
	// The same answers have the same F1, which is of "equivalent", wherever that stands.
	plain, err := Score(mrpc, []Prediction{{Label: 1}, {Label: 1}, {Label: 0}}, d.Examples[:3])
	if err != nil {
		t.Fatal(err)
	}
	other, err := Score(swapped.Task, []Prediction{{Label: 0}, {Label: 0}, {Label: 1}}, swapped.Examples[:3])
	if err != nil || !reflect.DeepEqual(plain, other) || plain[F1] != 0.5 {
		t.Errorf("%v and %v, %v", plain, other, err)
	}
	if same, err := d.InOrder([]string{"NOT_EQUIVALENT", "EQUIVALENT"}); err != nil || same != d {
		t.Errorf("the same order: %v, %v", same, err)
	}
	numbers := &Dataset{Task: mustLookup(t, "stsb"), Examples: []Example{{Value: 3}}}
	if same, err := numbers.InOrder([]string{"LABEL_0"}); err != nil || same != numbers {
		t.Errorf("a regression: %v, %v", same, err)
	}
}

func TestClassesCanBeMatchedByNumber(t *testing.T) {
	d := &Dataset{Task: mustLookup(t, "sst2"), Examples: []Example{{Label: 1}}}
	named, err := d.ByNumber([]string{"thumbs down", "thumbs up"})
	if err != nil || named.Task.Labels[1] != "thumbs up" || named.Examples[0].Label != 1 || d.Task.Labels[1] != "positive" {
		t.Errorf("%v, %v", named, err)
	}
	if _, err := d.ByNumber([]string{"a", "b", "c"}); err == nil || !strings.Contains(err.Error(), "3 classes") {
		t.Errorf("three for two: %v", err)
	}
}

func TestLabelsThatDifferByCaseAreDifferent(t *testing.T) {
	custom := mustLookup(t, "custom")
	columns := Columns{Labels: []string{"US", "us", "Them"}}
	d, err := ReadFile(custom, write(t, "x.csv", "text,label\na,us\nb,US\nc,them\nd, us \ne,1\n"), columns)
	if err != nil || !reflect.DeepEqual(d.Labels(), []int{1, 0, 2, 1, 1}) {
		t.Fatalf("%v, %v", d, err)
	}
	_, err = ReadFile(custom, write(t, "x.csv", "text,label\na,Us\n"), columns)
	if err == nil || !strings.Contains(err.Error(), `"Us" fits several`) {
		t.Errorf("Us: %v", err)
	}
}
