package task

import (
	"reflect"
	"strings"
	"testing"
)

func TestEntitiesOfTagsThatGoByNumberAreThoseOfTheData(t *testing.T) {
	d, err := readKind(t, mustLookup(t, "ner"), "x.conll", "a B-X\nb I-X\nc O\n\nd B-Y\n", Columns{Labels: []string{"O", "B-X", "I-X", "B-Y"}})
	if err != nil {
		t.Fatal(err)
	}
	said := []Prediction{{Tags: []int{1, 2, 0}}, {Tags: []int{1}}}
	want, err := Score(d.Task, said, d.Examples)
	if err != nil || want[F1] != 0.5 {
		t.Fatalf("%v, %v", want, err)
	}
	for _, names := range [][]string{{"LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3"}, {"none", "a", "b", "c"}, {"I-A", "O", "B-C", "B-D"}, {"B-Y", "O", "B-X", "I-X"}} {
		numbered, err := d.ByNumber(names)
		if err != nil {
			t.Fatal(err)
		}
		ordered, err := numbered.InOrder(names)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range []*Dataset{numbered, ordered} {
			if got, err := Score(d.Task, said, d.Examples); err != nil || !reflect.DeepEqual(got, want) || !reflect.DeepEqual(d.Task.Labels, names) {
				t.Errorf("%v: %v, %v; %v were expected", names, got, err, want)
			}
		}
		mirrored := []string{names[3], names[2], names[1], names[0]}
		turned, err := numbered.InOrder(mirrored)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Score(turned.Task, []Prediction{{Tags: []int{2, 1, 3}}, {Tags: []int{2}}}, turned.Examples); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %v, %v; %v were expected", mirrored, got, err, want)
		}
	}
}

func TestLabelsWithoutNamesAskForThem(t *testing.T) {
	_, err := readKind(t, mustLookup(t, "ner"), "x.conll", "a B-X\nb O\n", Columns{Labels: []string{"LABEL_0", "LABEL_1"}})
	if err == nil || !strings.Contains(err.Error(), "Columns.Labels") {
		t.Errorf("%v", err)
	}
}
