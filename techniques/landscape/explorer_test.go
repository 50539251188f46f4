package landscape

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
)

func TestTheEndsHaveTheLossesOfTheModels(t *testing.T) {
	onBackends(t, func(t *testing.T, b compute.Backend) {
		s := Space{From: end(t, 1), To: end(t, 2), Other: end(t, 3)}
		data := prepare(t, s.To, sentences(21, 1))
		e := explore(t, b, s, data)
		geometry, err := s.part(Whole(s.To.Config))
		if err != nil {
			t.Fatal(err)
		}
		whole := Whole(s.To.Config)
		for name, at := range map[string]struct {
			point Point
			model *gbert.Model
		}{
			"θ₀": {Point{}, blend(t, s, whole, func(zero, _, _ float64) float64 { return zero })},
			"θ₁": {Point{Alpha: 1}, s.To},
			"θ₂": {Point{Beta: 1 / geometry.Scale()}, blend(t, s, whole, func(_, _, two float64) float64 { return two })},
		} {
			got, err := e.At(context.Background(), at.point)
			if err != nil {
				t.Fatal(err)
			}
			want := reference(t, b, at.model, data)
			if math.Abs(got[0].Loss-want.Loss) > 1e-5 || math.Abs(1-got[0].Error-want.Metrics[task.Accuracy]) > 1e-12 {
				t.Errorf("at %s the loss is %.7f and the error %g; the model has %.7f and accuracy %g", name, got[0].Loss, got[0].Error, want.Loss, want.Metrics[task.Accuracy])
			}
			for i, loss := range got[0].Losses {
				if math.Abs(float64(loss)-want.Losses[i]) > 1e-4 {
					t.Errorf("at %s example %d has the loss %g, not %g", name, i, loss, want.Losses[i])
				}
			}
		}
	})
}

func TestAnyPointOfAnyPartHasTheLossOfItsWeights(t *testing.T) {
	b := goBackend(t)
	s := Space{From: end(t, 1), To: end(t, 2), Other: end(t, 3)}
	first, second := prepare(t, s.To, sentences(11, 1)), prepare(t, s.To, sentences(6, 2))
	e := explore(t, b, s, first, second)
	parts := append(Thirds(s.To.Config), Whole(s.To.Config), Part{Name: "embeddings", Embeddings: true}, Part{Name: "pooler", Pooler: true}, Part{Name: "last", First: 5, End: 6})
	for _, part := range parts {
		p := Point{Alpha: -0.4, Beta: 0.7}
		if err := e.Move(part); err != nil {
			t.Fatal(err)
		}
		got, err := e.At(context.Background(), p)
		if err != nil {
			t.Fatal(err)
		}
		g, err := s.part(part)
		if err != nil {
			t.Fatal(err)
		}
		model := blend(t, s, part, func(zero, one, two float64) float64 {
			return zero + p.Alpha*(one-zero) + p.Beta*g.First/g.Second*(two-zero)
		})
		for k, data := range []*struct{ want float64 }{{reference(t, b, model, first).Loss}, {reference(t, b, model, second).Loss}} {
			if math.Abs(got[k].Loss-data.want) > 1e-5 {
				t.Errorf("%s, set %d: loss %.7f, want %.7f", part.Name, k, got[k].Loss, data.want)
			}
		}
	}
}

// The weight tap of the forward pass gives the same function with the coordinates inside each pass.
// tapped is a batch with the place on a line.
type tapped[T any] struct {
	gbert.BatchOf[T]
	Alpha T
}

func TestAPointEqualsAPassWithTransformedWeights(t *testing.T) {
	b := goBackend(t)
	s := Space{From: end(t, 1), To: end(t, 2)}
	data := prepare(t, s.To, sentences(8, 1))
	e := explore(t, b, s, data)
	const alpha = 0.3
	got, err := e.At(context.Background(), Point{Alpha: alpha})
	if err != nil {
		t.Fatal(err)
	}
	session, err := gbert.NewSession(b, s.To)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	program, err := gbert.NewProgram[tapped[*tensors.Tensor]](session, "tapped", func(begin func(gbert.Taps) *gbert.Forward, in tapped[*Node]) []*Node {
		f := begin(gbert.Taps{Weight: func(name string, w *Node) *Node {
			if strings.HasPrefix(name, "classifier.") {
				return w
			}
			values, shape, err := s.From.Weight(name)
			if err != nil {
				t.Fatal(err)
			}
			zero := Const(w.Graph(), tensors.FromFlatDataAndDimensions(append([]float32(nil), values...), shape...))
			return Add(zero, Mul(in.Alpha, Sub(w, zero)))
		}})
		return []*Node{f.Logits(in.BatchOf)}
	})
	if err != nil {
		t.Fatal(err)
	}
	batch := data.Batches[0]
	results, err := program.Consume(tapped[*tensors.Tensor]{batch.Tensors().BatchOf, tensors.FromScalar(float32(alpha))})
	if err != nil {
		t.Fatal(err)
	}
	flat := tensors.MustCopyFlatData[float32](results.At(0))
	logits, labels := make([][]float32, 8), make([]int, 8)
	for row, example := range batch.Index {
		logits[example], labels[example] = flat[2*row:2*row+2], data.Dataset.Examples[example].Label
	}
	want, err := task.CrossEntropy(logits, labels)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(got[0].Loss-want) > 1e-5 {
		t.Errorf("loss %.7f, with transformed weights %.7f", got[0].Loss, want)
	}
}

func TestARolledBackPartIsThatOfTheStart(t *testing.T) {
	b := goBackend(t)
	s := Space{From: end(t, 1), To: end(t, 2)}
	data := prepare(t, s.To, sentences(12, 1))
	e := explore(t, b, s, data)
	for _, part := range Thirds(s.To.Config) {
		got, err := e.Rollback(context.Background(), part)
		if err != nil {
			t.Fatal(err)
		}
		want := reference(t, b, blend(t, s, part, func(zero, _, _ float64) float64 { return zero }), data)
		if math.Abs(got[0].Loss-want.Loss) > 1e-5 {
			t.Errorf("%s: loss %.7f, want %.7f", part.Name, got[0].Loss, want.Loss)
		}
	}
}

func TestFarPointsOverflowIntoTheLargestLoss(t *testing.T) {
	s := Space{From: end(t, 1), To: end(t, 2)}
	e := explore(t, goBackend(t), s, prepare(t, s.To, sentences(12, 1)))
	for _, alpha := range []float64{3, -40, 1e4, Farthest} {
		got, err := e.At(context.Background(), Point{Alpha: alpha})
		if err != nil {
			t.Fatal(err)
		}
		if m := got[0]; !(m.Loss >= 0 && m.Loss <= LargestLoss) || !(m.Error >= 0 && m.Error <= 1) {
			t.Errorf("α = %g: %+v", alpha, m)
		}
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	four := &finetune.Prepared{Dataset: &task.Dataset{
		Task:     &task.Task{Name: "toy", Labels: []string{"bad", "good"}, Metrics: []string{task.Accuracy}},
		Examples: []task.Example{{}, {}, {}, {Label: 1}},
	}}
	m, err := measure(four, [][]float32{{nan, 0}, {inf, 0}, {-200, 0}, {0, 1}})
	if err != nil || m.Overflow != 3 || m.Wrong.String() != "1110" || m.Losses[1] != LargestLoss {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestWrongSpacesAreRefused(t *testing.T) {
	b := goBackend(t)
	to := end(t, 2)
	data := prepare(t, to, sentences(4, 1))
	small := to.Config.Clone()
	small.IntermediateSize, small.Layers = 12, nil
	other, err := gbert.New(small, 1)
	if err != nil {
		t.Fatal(err)
	}
	regression := *data
	regression.Dataset = &task.Dataset{Task: &task.Task{Name: "ratings", Kind: task.Regression, Metrics: []string{task.Pearson}}}
	for mentions, open := range map[string]func() (*Explorer, error){
		"same shape":           func() (*Explorer, error) { return Open(b, Space{From: other, To: to}, data) },
		"both needed":          func() (*Explorer, error) { return Open(b, Space{To: to}, data) },
		"one data set":         func() (*Explorer, error) { return Open(b, Space{From: end(t, 1), To: to}) },
		"not a classification": func() (*Explorer, error) { return Open(b, Space{From: end(t, 1), To: to}, &regression) },
	} {
		if _, err := open(); err == nil || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%v does not mention %q", err, mentions)
		}
	}
	e := explore(t, b, Space{From: end(t, 1), To: to}, data)
	if _, err := e.At(context.Background(), Point{Beta: 1}); err == nil || !strings.Contains(err.Error(), "no second direction") {
		t.Error(err)
	}
	if err := e.Move(Part{Name: "all", End: 7}); err == nil || !strings.Contains(err.Error(), "0…5") {
		t.Error(err)
	}
}
