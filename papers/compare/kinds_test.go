package compare

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/gbert/task"
	"bertlab/internal/tiny"
)

// write puts a toy data set into a file that its task's readers read.
func write(t *testing.T, d *task.Dataset, dir string) string {
	t.Helper()
	var text strings.Builder
	encode := json.NewEncoder(&text)
	for _, e := range d.Examples {
		var row any
		switch d.Task.Kind {
		case task.MultiLabel:
			names := []string{}
			for _, k := range e.Detail.Classes {
				names = append(names, d.Task.Labels[k])
			}
			row = map[string]any{"text": e.TextA, "labels": names}
		case task.Tagging:
			var tags []string
			for _, k := range e.Detail.Tags {
				tags = append(tags, d.Task.Labels[k])
			}
			row = map[string]any{"tokens": e.Detail.Words, "ner_tags": tags}
		case task.Spans:
			a := e.Detail.Answers[0]
			row = map[string]any{"id": e.ID, "question": e.TextA, "context": e.TextB, "answers": map[string]any{"text": []string{a.Text}, "answer_start": []int{a.Start}}}
		}
		if err := encode.Encode(row); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "dev.jsonl")
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestModelsOfEveryKindAreCompared(t *testing.T) {
	for _, d := range tiny.Kinds(20, 1) {
		t.Run(d.Task.Name, func(t *testing.T) {
			model := tiny.For(t, tiny.Shape{Layers: 2}, 1, d)
			shallow, err := surgery.DropLayers(model, []int{1})
			if err != nil {
				t.Fatal(err)
			}
			renamed := model.Clone()
			if d.Task.Kind.Named() { // the same classes in another order are others: the first and the last change places
				slices.Reverse(renamed.Config.Labels)
			}
			dir := t.TempDir()
			var entries []Entry
			for name, m := range map[string]*gbert.Model{"a original": model, "b shallow": shallow, "c renamed": renamed} {
				if err := m.Save(filepath.Join(dir, name), gbert.Float32); err != nil {
					t.Fatal(err)
				}
				entries = append(entries, Entry{Name: name, Dir: filepath.Join(dir, name)})
			}
			slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
			result, err := Run(t.Context(), environment(t, t.TempDir()), entries, Options{
				Task: d.Task.Name, Data: write(t, d, dir), Batches: []int{1}, Length: 8, Repeats: 1, Resamples: 20,
			})
			if err != nil {
				t.Fatal(err)
			}
			first := result.Models[0]
			e, err := tiny.Prepare(t, model, d, 4).Evaluate(t.Context(), tiny.Session(t, model), nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(first.Score-e.Metrics[d.Task.Metrics[0]]) > 1e-9 || math.Abs(first.Loss-e.Loss) > 1e-5 || !(first.Low <= first.Score && first.Score <= first.High) {
				t.Errorf("%+v, want %g and loss %g", first, e.Metrics[d.Task.Metrics[0]], e.Loss)
			}
			if m := result.Models[1]; m.Against == nil || m.Against.McNemar == nil || !(m.Logits > 0) || m.Parameters >= first.Parameters {
				t.Errorf("%+v", m)
			}
			if m := result.Models[2]; (m.Logits == 0) != (d.Task.Kind == task.Spans) || d.Task.Kind != task.Spans && math.Abs(m.Loss-first.Loss) < 1e-9 {
				t.Errorf("with other names for its classes: %+v", m)
			}
		})
	}
}
