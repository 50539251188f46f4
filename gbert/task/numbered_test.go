package task

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// In a custom task whose file gives class numbers, the labels that the caller gives only name those numbers. What is written by name is
// matched by name, and refused where the names are others.
func TestLabelsOfNumbersGoByNumber(t *testing.T) {
	for name, c := range map[string]struct {
		rows   string
		labels []string
		model  []string
		want   []int // class numbers of the model; nil: refused
	}{
		"numbers, other names":           {"a,0\nb,1\nc,1\n", []string{"x", "y"}, []string{"neg", "pos"}, []int{0, 1, 1}},
		"numbers as 1.0":                 {"a,0.0\nb,1.0\n", []string{"x", "y"}, []string{"neg", "pos"}, []int{0, 1}},
		"numbers, the same names turned": {"a,0\nb,1\n", []string{"pos", "neg"}, []string{"neg", "pos"}, []int{1, 0}},
		"numbers, one name in common":    {"a,0\nb,1\n", []string{"pos", "y"}, []string{"neg", "pos"}, nil},
		"one name among numbers":         {"a,0\nb,y\n", []string{"x", "y"}, []string{"neg", "pos"}, nil},
		"names":                          {"a,x\nb,y\n", []string{"x", "y"}, []string{"neg", "pos"}, nil},
		"another count":                  {"a,0\nb,1\n", []string{"x", "y"}, []string{"neg", "pos", "none"}, nil},
	} {
		path := filepath.Join(t.TempDir(), "data.csv")
		if err := os.WriteFile(path, []byte("text,label\n"+c.rows), 0o644); err != nil {
			t.Fatal(err)
		}
		custom, err := Lookup("custom")
		if err != nil {
			t.Fatal(err)
		}
		d, err := ReadFile(custom, path, Columns{Labels: c.labels})
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.InOrder(c.model)
		if c.want == nil {
			if differ := new(LabelsDiffer); !errors.As(err, &differ) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || !slices.Equal(got.Labels(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		part, err := d.Take(1, 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.InOrder(c.model); err != nil {
			t.Errorf("%s: of a part: %v", name, err)
		}
	}
	known, err := Lookup("sst2")
	if err != nil {
		t.Fatal(err)
	}
	d := &Dataset{Task: known, Examples: []Example{{TextA: "a"}}}
	if d.Numbered([]string{"good", "bad"}) {
		t.Error("a task that has names of its own goes by number")
	}
}
