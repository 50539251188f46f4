package task

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

type numbered3 struct {
	Text  string  `parquet:"text"`
	Label *int64  `parquet:"label,optional"`
	Tags  []int64 `parquet:"tags,list"`
}

// withFeatures writes a Parquet file with the labels, as the datasets library does: class numbers, and their names in the metadata.
func withFeatures(t *testing.T, metadata string, labels ...int64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.parquet")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := parquet.NewGenericWriter[numbered3](f, parquet.KeyValueMetadata("ARROW:schema", "x"), parquet.KeyValueMetadata(featuresKey, metadata))
	for i := range labels {
		if _, err := w.Write([]numbered3{{"a b", &labels[i], []int64{labels[i], 0}}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, close := range []func() error{w.Close, f.Close} {
		if err := close(); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func features(label string) string {
	return `{"info": {"features": {"text": {"dtype": "string", "_type": "Value"}, "label": ` + label + `}}}`
}

func TestNumbersInAParquetFileMeanTheNamesInItsMetadata(t *testing.T) {
	for _, c := range []struct {
		name, metadata string
		labels         []string // of the task custom
		numbers        []int64
		want           []int
		names          []string
		refused        []string
	}{
		{"the task's order", features(`{"names": ["neg", "pos"], "_type": "ClassLabel"}`), []string{"neg", "pos"}, []int64{0, 1, -1}, []int{0, 1, -1}, nil, nil},
		{"another order", features(`{"num_classes": 3, "names": ["c", "a", "B"], "id": null, "_type": "ClassLabel"}`), []string{"a", "b", "c"}, []int64{0, 1, 2, -1}, []int{2, 0, 1, -1}, nil, nil},
		{"names that are numbers", features(`{"names": ["1", "0"], "_type": "ClassLabel"}`), []string{"0", "1"}, []int64{0, 1}, []int{1, 0}, nil, nil},
		{"nobody named the task's", features(`{"names": ["neg", "pos"], "_type": "ClassLabel"}`), []string{"LABEL_0", "LABEL_1"}, []int64{0, 1}, []int{0, 1}, nil, nil},
		{"the task's come from the file", features(`{"names": ["neg", "pos"], "_type": "ClassLabel"}`), nil, []int64{1, 0}, []int{1, 0}, []string{"neg", "pos"}, nil},
		{"plain numbers", features(`{"dtype": "int64", "_type": "Value"}`), []string{"a", "b"}, []int64{1, 0}, []int{1, 0}, nil, nil},
		{"no metadata", ``, []string{"a", "b"}, []int64{1, 0}, []int{1, 0}, nil, nil},
		{"other names", features(`{"names": ["neg", "pos"], "_type": "ClassLabel"}`), []string{"negative", "positive"}, []int64{1, 0}, nil, nil, []string{"the file's classes", `"neg", "pos"`, `"negative", "positive"`, "Columns.LabelsByNumber"}},
		{"more names", features(`{"names": ["neg", "pos", "other"], "_type": "ClassLabel"}`), []string{"neg", "pos"}, []int64{1, 0}, nil, nil, []string{"the file has 3 classes", "the task 2"}},
		{"a number beyond them", features(`{"names": ["neg", "pos"], "_type": "ClassLabel"}`), []string{"pos", "neg"}, []int64{1, 2}, nil, nil, []string{"row 2", `label "2" is not among the file's numbers, 0 to 1`}},
		{"broken metadata", `{"info"`, []string{"neg", "pos"}, []int64{1}, nil, nil, []string{"x.parquet", featuresKey}},
		{"no names anywhere", ``, nil, []int64{1}, nil, nil, []string{"Columns.Labels"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := withFeatures(t, c.metadata, c.numbers...)
			d, err := ReadFile(mustLookup(t, "custom"), path, Columns{Labels: c.labels})
			if c.refused != nil {
				for _, text := range c.refused {
					if err == nil || !strings.Contains(err.Error(), text) {
						t.Errorf("%v does not say %q", err, text)
					}
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.names == nil {
				c.names = c.labels
			}
			if !reflect.DeepEqual(d.Labels(), c.want) || !reflect.DeepEqual(d.Task.Labels, c.names) {
				t.Errorf("%v of %q, want %v of %q", d.Labels(), d.Task.Labels, c.want, c.names)
			}
		})
	}
	d, err := ReadFile(mustLookup(t, "custom"), withFeatures(t, features(`{"names": ["neg", "pos"], "_type": "ClassLabel"}`), 1, 0), Columns{Labels: []string{"a", "b"}, LabelsByNumber: true})
	if err != nil || !reflect.DeepEqual(d.Labels(), []int{1, 0}) {
		t.Errorf("by number: %v, %v", d, err)
	}
}

func TestListsOfClassLabelsHaveTheirNames(t *testing.T) {
	const class = `{"names": ["O", "B-X", "I-X"], "_type": "ClassLabel"}`
	for _, feature := range []string{class, "[" + class + "]", `{"feature": ` + class + `, "_type": "Sequence"}`, `{"_type": "List", "feature": {"_type": "LargeList", "feature": ` + class + `}}`} {
		got, err := classNames([]byte(`{"info": {"features": {"tags": `+feature+`, "a": {"b": {"c": `+feature+`}}}}}`), "tags")
		if err != nil || !reflect.DeepEqual(got, []string{"O", "B-X", "I-X"}) {
			t.Errorf("%s: %q, %v", feature, got, err)
		}
		got, err = classNames([]byte(`{"info": {"features": {"a": {"b": {"c": `+feature+`}}}}}`), "a.b.c")
		if err != nil || len(got) != 3 {
			t.Errorf("%s within structures: %q, %v", feature, got, err)
		}
	}
	for _, other := range []string{`null`, `5`, `{"_type": "Sequence"}`, `[1, 2]`, strings.Repeat("[", 50) + strings.Repeat("]", 50)} {
		if got, err := classNames([]byte(features(other)), "label"); got != nil || err != nil {
			t.Errorf("%s: %q, %v", other, got, err)
		}
	}
}

func TestTargetsInParquetHaveTheirScaleAndSign(t *testing.T) {
	type row struct {
		A     string `parquet:"sentence1"`
		B     string `parquet:"sentence2"`
		Label int32  `parquet:"label,decimal(1:3)"`
	}
	type long struct {
		A     string `parquet:"sentence1"`
		B     string `parquet:"sentence2"`
		Label int64  `parquet:"label,decimal(4:18)"`
	}
	type small struct {
		A     string `parquet:"sentence"`
		Label uint8  `parquet:"label"`
	}
	stsb, dir := mustLookup(t, "stsb"), t.TempDir()
	for name, path := range map[string]string{
		"DECIMAL(3, 1)":  writeParquet(t, dir, "a.parquet", []row{{"a", "b", 4}, {"c", "d", 1}, {"e", "f", 50}}),
		"DECIMAL(18, 4)": writeParquet(t, dir, "b.parquet", []long{{"a", "b", 4000}, {"c", "d", 1000}, {"e", "f", 50000}}),
	} {
		d, err := ReadFile(stsb, path, Columns{})
		if err != nil || !reflect.DeepEqual(d.Values(), []float64{0.4, 0.1, 5}) {
			t.Errorf("%s: %v, %v", name, d, err)
		}
	}
	d, err := ReadFile(mustLookup(t, "sst2"), writeParquet(t, dir, "c.parquet", []small{{"a", 1}, {"b", 0}}), Columns{})
	if err != nil || !reflect.DeepEqual(d.Labels(), []int{1, 0}) {
		t.Errorf("unsigned: %v, %v", d, err)
	}
	if _, err := ReadFile(mustLookup(t, "sst2"), writeParquet(t, dir, "d.parquet", []small{{"a", 255}}), Columns{}); err == nil || !strings.Contains(err.Error(), `"255"`) {
		t.Errorf("255 is no class: %v", err)
	}
}
