package tucker

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/mat"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/surgery"
	"bertlab/techniques/heads"
)

// rowsRead are what the maps of a layer read for one batch, [sources][rows][width], padding left out.
func rowsRead(t *testing.T, s *gbert.Session, layer int, batch *gbert.Batch) [sources][][]float64 {
	t.Helper()
	program, err := gbert.NewProgram[gbert.BatchOf[*tensors.Tensor]](s, "read", func(begin func(gbert.Taps) *gbert.Forward, in gbert.Input) []*graph.Node {
		f := begin(gbert.Taps{})
		bias := gbert.AttentionBias(in.Mask)
		x := f.Layers(0, layer, f.Embed(in), bias, false, nil)
		context, _ := f.Attention(layer, x, x, bias)
		state := f.AttentionOutput(layer, context, x)
		dims := context.Shape().Dimensions
		return []*graph.Node{x, graph.Reshape(graph.TransposeAllAxes(context, 0, 2, 1, 3), dims[0], dims[2], -1), state, f.Linear(layer, gbert.FFNIn, state)}
	})
	if err != nil {
		t.Fatal(err)
	}
	results, err := program.Consume(batch.Tensors().BatchOf)
	if err != nil {
		t.Fatal(err)
	}
	var read [sources][][]float64
	for source := range results.Len() {
		width := results.At(source).Shape().Dimensions[2]
		values, err := results.Values(source)
		if err != nil {
			t.Fatal(err)
		}
		for i, kept := range batch.Mask {
			if kept == 0 {
				continue
			}
			row := make([]float64, width)
			for j := range row {
				row[j] = float64(values[i*width+j])
				if source == activated { // GELU
					row[j] *= (1 + math.Erf(row[j]/math.Sqrt2)) / 2
				}
			}
			read[source] = append(read[source], row)
		}
	}
	return read
}

func TestMomentsAreThoseOfWhatTheMapsRead(t *testing.T) {
	model, err := surgery.RemoveHeads(classifier(t, 3, 1), heads.Set{1: {0}})
	if err != nil {
		t.Fatal(err)
	}
	model, _ = factorise(t, model, FactoriseOptions{Rank: 3, Layers: []int{0}})
	p := prepared(t, model, 23)
	c := moments(t, model, 23)
	for layer := range 3 {
		s := session(t, model) // the program is about this layer
		var read [sources][][]float64
		for _, batch := range p.Batches {
			for source, rows := range rowsRead(t, s, layer, batch) {
				read[source] = append(read[source], rows...)
			}
		}
		for _, role := range gbert.LayerRoles {
			rows := read[sourceOf(role)]
			width := len(rows[0])
			want := mat.NewSymDense(width, nil)
			for _, row := range rows {
				want.SymRankOne(want, 1/float64(len(rows)), mat.NewVecDense(width, row))
			}
			got, err := c.Of(layer, role)
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) != c.Tokens || !mat.EqualApprox(got, want, 1e-5) {
				t.Errorf("layer %d, %s: %d tokens of %d\n%v\n%v", layer, role, c.Tokens, len(rows), mat.Formatted(got), mat.Formatted(want))
			}
		}
	}
}

func TestMomentsDoNotDependOnTheBatches(t *testing.T) {
	model := classifier(t, 2, 3)
	p := prepared(t, model, 12)
	single := &finetune.Prepared{Dataset: p.Dataset, Encodings: p.Encodings, Batches: gbert.MakeBatches(p.Encodings, gbert.BatchOptions{Size: 1})}
	var done []int
	one, err := Moments(context.Background(), session(t, model), single, func(n, total int) { done = append(done, n, total) })
	if err != nil {
		t.Fatal(err)
	}
	if len(done) != 24 || done[22] != 12 || done[23] != 12 {
		t.Errorf("progress %v", done)
	}
	five := moments(t, model, 12)
	for layer := range 2 {
		for _, role := range gbert.LayerRoles {
			a, err := one.Of(layer, role)
			if err != nil {
				t.Fatal(err)
			}
			b, err := five.Of(layer, role)
			if err != nil {
				t.Fatal(err)
			}
			if one.Tokens != five.Tokens || !mat.EqualApprox(a, b, 1e-5) {
				t.Errorf("layer %d, %s: %d and %d tokens", layer, role, one.Tokens, five.Tokens)
			}
		}
	}
}

func TestMomentsLowerTheErrorOfTheOutputs(t *testing.T) {
	model := classifier(t, 2, 8)
	c := moments(t, model, 60)
	_, weighted := factorise(t, model, FactoriseOptions{Rank: 3, Moments: c})
	plain, _ := factorise(t, model, FactoriseOptions{Rank: 3})
	for _, m := range weighted.Maps {
		moment, err := c.Of(m.Layer, m.Role)
		if err != nil {
			t.Fatal(err)
		}
		// ‖X·Aᵀ‖² / n is the trace of A·C·Aᵀ.
		size := func(a *mat.Dense) float64 {
			var product mat.Dense
			product.Product(a, moment, a.T())
			return math.Sqrt(mat.Trace(&product))
		}
		w := original(t, model, m.Layer, m.Role)
		var lost mat.Dense
		lost.Sub(w, original(t, plain, m.Layer, m.Role))
		if other := size(&lost) / size(w); m.OutputError > other+1e-6 {
			t.Errorf("layer %d, %s: outputs are off by %g, without weights by %g", m.Layer, m.Role, m.OutputError, other)
		}
	}
}

func TestBadCallsOfMomentsAreRefused(t *testing.T) {
	model := classifier(t, 1, 1)
	_, err := Moments(context.Background(), session(t, model), &finetune.Prepared{Dataset: prepared(t, model, 1).Dataset}, nil)
	wantError(t, err, "no examples")
	_, err = Moments(context.Background(), session(t, classifier(t, 0, 1)), prepared(t, model, 3), nil)
	wantError(t, err, "no layers")
	_, err = moments(t, model, 3).Of(1, gbert.Key)
	wantError(t, err, "layer 1", "0…0")
	broken := classifier(t, 1, 1)
	name := gbert.WeightName(0, gbert.FFNIn)
	values, shape, err := broken.Weight(name)
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[float32]string{float32(math.NaN()): name + " is not finite", 3e38: "tucker: the inputs of layer 0 have no finite moments"} {
		values[0] = value
		if err := broken.SetWeight(name, shape, values); err != nil {
			t.Fatal(err)
		}
		if _, err = Moments(context.Background(), session(t, broken), prepared(t, broken, 3), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a weight of %g: %v, want %q", value, err, want)
		}
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Moments(stopped, session(t, model), prepared(t, model, 3), nil); err != context.Canceled {
		t.Errorf("a measurement that was stopped: %v", err)
	}
}
