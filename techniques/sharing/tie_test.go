package sharing

import (
	"context"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/safetensors"
	"bertlab/gbert/surgery"
	"bertlab/techniques/heads"
)

func TestGroupsOfOneLayerChangeNothing(t *testing.T) {
	model := classifier(t, 3, 1)
	for _, init := range Inits {
		for _, what := range Whats {
			same, report := tie(t, model, Options{What: what, Groups: 3, Init: init})
			if fingerprint(t, same) != fingerprint(t, model) || report.Before != report.After {
				t.Errorf("%s, %s: the model changed", what, init)
			}
			for l, d := range report.Layers {
				if d.Relative != 0 || d.FromMean != 0 {
					t.Errorf("%s, %s: layer %d is %g from itself", what, init, l, d.Relative)
				}
			}
		}
	}
}

// own are a layer's shared parts as one vector.
func own(t *testing.T, m *gbert.Model, layer int, what What) []float64 {
	t.Helper()
	var all []float64
	for _, role := range (Options{What: what}).roles() {
		d, err := denseMap(m, layer, role)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range append(slices.Clone(d.Weight), d.Bias...) {
			all = append(all, float64(x))
		}
	}
	return all
}

func squared(a, b []float64) (sum float64) {
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return sum
}

func TestAGroupHasTheMapsThatItsInitialisationNames(t *testing.T) {
	model := classifier(t, 7, 2)
	before := fingerprint(t, model)
	for _, what := range Whats {
		for _, init := range Inits {
			for groups := range 7 {
				o := Options{What: what, Groups: groups + 1, Init: init}
				shared, report := tie(t, model, o)
				for _, group := range report.Groups {
					var vectors [][]float64
					for _, layer := range group.Layers {
						vectors = append(vectors, own(t, model, layer, what))
					}
					want := make([]float64, len(vectors[0]))
					least, source := math.Inf(1), 0
					for i, v := range vectors {
						sum := 0.0
						for j := range v {
							want[j] += v[j] / float64(len(vectors))
						}
						for _, w := range vectors {
							sum += squared(v, w)
						}
						if sum < least {
							least, source = sum, i
						}
					}
					if init == First {
						source = 0
					}
					if init != Mean || len(vectors) == 1 {
						want = vectors[source]
						if group.Source != group.Layers[source] {
							t.Errorf("%+v: group %v took layer %d, want %d", o, group.Layers, group.Source, group.Layers[source])
						}
					} else if group.Source != NoLayer {
						t.Errorf("%+v: group %v took layer %d", o, group.Layers, group.Source)
					}
					for i, layer := range group.Layers {
						if far := squared(own(t, shared, layer, what), want); far > 1e-12 {
							t.Errorf("%+v: layer %d is %g from what was expected", o, layer, far)
						}
						relative := math.Sqrt(squared(vectors[i], want) / squared(vectors[i], make([]float64, len(want))))
						if math.Abs(report.Layers[layer].Relative-relative) > 1e-6 {
							t.Errorf("%+v: layer %d is reported %g away, and is %g away", o, layer, report.Layers[layer].Relative, relative)
						}
					}
				}
			}
		}
	}
	if fingerprint(t, model) != before {
		t.Error("the model was changed")
	}
}

// mixed is a model with maps of every form.
func mixed(t *testing.T) *gbert.Model {
	model := classifier(t, 4, 3)
	for layer := range 4 {
		factor(t, model, layer, gbert.Value, 3)
		factor(t, model, layer, gbert.FFNOut, 5)
	}
	return model
}

func TestASharedModelIsStoredOnceAndComputesTheSameFromItsFileAndDense(t *testing.T) {
	d := sentences(5, 1)
	for name, model := range map[string]*gbert.Model{"dense": classifier(t, 4, 3), "factored": mixed(t)} {
		for _, what := range Whats {
			for _, init := range []Init{First, Best} {
				shared, report := tie(t, model, Options{What: what, Groups: 2, Init: init})
				if report.After.Total() >= report.Before.Total() || report.After.Total() != shared.NumParameters() {
					t.Errorf("%s: %d parameters before, %d after, %d in the model", name, report.Before.Total(), report.After.Total(), shared.NumParameters())
				}
				dir := t.TempDir()
				if err := shared.Save(dir, gbert.Float32); err != nil {
					t.Fatal(err)
				}
				file, err := safetensors.Open(filepath.Join(dir, safetensors.WeightsName))
				if err != nil {
					t.Fatal(err)
				}
				stored := 0
				for _, name := range file.Names() {
					tensor, _ := file.Tensor(name)
					size := 1
					for _, dim := range tensor.Shape {
						size *= dim
					}
					stored += size
				}
				file.Close()
				if stored != shared.NumParameters() {
					t.Errorf("%s: the file holds %d values, the model %d", name, stored, shared.NumParameters())
				}
				loaded, err := gbert.Load(dir)
				if err != nil {
					t.Fatal(err)
				}
				defer loaded.Close()
				want := logits(t, shared, d)
				if !reflect.DeepEqual(logits(t, loaded, d), want) || Count(loaded) != report.After {
					t.Errorf("%s, %s: a saved model computes something else", name, what)
				}
				plain, err := shared.Dense()
				if err != nil {
					t.Fatal(err)
				}
				if far := apart(logits(t, plain, d), want); far > 1e-5 || !plain.Config.IsPlain() {
					t.Errorf("%s, %s: the dense model's logits differ by %g", name, what, far)
				}
			}
		}
	}
}

func TestNewGroupsReplaceOldTies(t *testing.T) {
	model := classifier(t, 4, 4)
	pairs, _ := tie(t, model, Options{Groups: 2})
	d := sentences(5, 2)
	apartAgain, _ := tie(t, pairs, Options{Groups: 4})
	if !reflect.DeepEqual(logits(t, pairs, d), logits(t, apartAgain, d)) || apartAgain.NumParameters() != model.NumParameters() {
		t.Error("untied layers compute something else")
	}
	one, _ := tie(t, pairs, Options{Groups: 1})
	direct, _ := tie(t, model, Options{Groups: 1})
	if !reflect.DeepEqual(one.Config.Layers, direct.Config.Layers) || !reflect.DeepEqual(logits(t, one, d), logits(t, direct, d)) {
		t.Error("sharing of pairs and then of all is not sharing of all")
	}
	both, _ := tie(t, model, Options{What: Attention})
	both, _ = tie(t, both, Options{What: FFN})
	if !reflect.DeepEqual(logits(t, both, d), logits(t, direct, d)) || len(both.Config.History) != 2 || both.Config.History[1].Name != HistoryName {
		t.Error("attention and then the feed-forward network is not all")
	}
}

func TestSharingComposesWithRemovalOfHeadsAndLayers(t *testing.T) {
	d := sentences(5, 3)
	everywhere := heads.Set{0: {1}, 1: {1}, 2: {1}, 3: {1}}
	model := classifier(t, 4, 5)
	shared, _ := tie(t, model, Options{Groups: 2, Init: Best})
	after, err := surgery.RemoveHeads(shared, everywhere)
	if err != nil {
		t.Fatal(err)
	}
	fewer, err := surgery.RemoveHeads(model, everywhere)
	if err != nil {
		t.Fatal(err)
	}
	before, report := tie(t, fewer, Options{Groups: 2, Init: First})
	if far := apart(logits(t, after, d), logits(t, plain(t, after), d)); far > 1e-5 {
		t.Errorf("dense differs by %g", far)
	}
	first, _ := tie(t, model, Options{Groups: 2})
	if first, err = surgery.RemoveHeads(first, everywhere); err != nil {
		t.Fatal(err)
	}
	if far := apart(logits(t, before, d), logits(t, first, d)); far > 1e-5 || report.After.Total() >= report.Before.Total() {
		t.Errorf("removing before and after sharing differ by %g", far)
	}
	headless, err := surgery.RemoveHeads(model, heads.Set{0: {0, 1}, 1: {0, 1}, 2: {0, 1}, 3: {0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	for _, init := range Inits {
		none, _ := tie(t, headless, Options{What: Attention, Init: init})
		if far := apart(logits(t, none, d), logits(t, plain(t, none), d)); far > 1e-5 {
			t.Errorf("without heads, %s: dense differs by %g", init, far)
		}
	}
	emptied, err := surgery.RemoveHeads(shared, heads.Set{0: {0, 1}, 1: {0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	if far := apart(logits(t, emptied, d), logits(t, plain(t, emptied), d)); far > 1e-5 {
		t.Errorf("a group that lost its heads differs by %g from its dense copy", far)
	}
	if _, err := surgery.RemoveHeads(shared, heads.Set{0: {0}}); err == nil {
		t.Error("a head was removed from one layer of a group alone")
	}
	dropped, err := surgery.DropLayers(shared, []int{0, 3})
	if err != nil {
		t.Fatal(err)
	}
	alone, err := surgery.DropLayers(plain(t, shared), []int{0, 3})
	if err != nil {
		t.Fatal(err)
	}
	if far := apart(logits(t, dropped, d), logits(t, alone, d)); far > 1e-5 {
		t.Errorf("dropping layers of a shared model and of its dense copy differ by %g", far)
	}
	again, _ := tie(t, dropped, Options{Init: Mean})
	if far := apart(logits(t, again, d), logits(t, plain(t, again), d)); far > 1e-5 {
		t.Errorf("sharing what was dropped differs by %g from its dense copy", far)
	}
}

func TestALBERTsSharingLeavesOneLayer(t *testing.T) {
	model, d := classifier(t, 3, 8), sentences(5, 6)
	layer := Count(model).Encoder() / 3
	shared, _ := tie(t, model, Options{})
	if got := Count(shared).Encoder(); got != layer {
		t.Errorf("three layers that share all have %d parameters, one has %d", got, layer)
	}
	own, _ := tie(t, model, Options{KeepNorms: true})
	if got, want := Count(own).Encoder(), layer+2*4*model.Config.HiddenSize; got != want {
		t.Errorf("with LayerNorms of their own they have %d parameters, want %d", got, want)
	}
	if reflect.DeepEqual(logits(t, shared, d), logits(t, own, d)) {
		t.Error("the LayerNorms have no effect")
	}
	if far := apart(logits(t, shared, d), logits(t, plain(t, shared), d)); far > 1e-5 {
		t.Errorf("dense differs by %g", far)
	}
	apartAgain, _ := tie(t, shared, Options{Groups: 3})
	if !reflect.DeepEqual(logits(t, shared, d), logits(t, apartAgain, d)) || Count(apartAgain) != Count(model) {
		t.Error("LayerNorms cannot be untied")
	}
	for drop := range 3 {
		fewer, err := surgery.DropLayers(shared, []int{drop})
		if err != nil {
			t.Fatal(err)
		}
		alone, err := surgery.DropLayers(plain(t, shared), []int{drop})
		if err != nil {
			t.Fatal(err)
		}
		if far := apart(logits(t, fewer, d), logits(t, alone, d)); far > 1e-5 || Count(fewer).Encoder() != layer {
			t.Errorf("without layer %d: %d parameters, %g from the dense copy", drop, Count(fewer).Encoder(), far)
		}
	}
}

func plain(t *testing.T, m *gbert.Model) *gbert.Model {
	t.Helper()
	dense, err := m.Dense()
	if err != nil {
		t.Fatal(err)
	}
	return dense
}

func TestASharedMapMovesByTheSumOfItsLayersGradients(t *testing.T) {
	shared, _ := tie(t, classifier(t, 4, 6), Options{Groups: 2, Init: Mean})
	d := sentences(8, 4)
	train := func(m *gbert.Model) *gbert.Model {
		result, err := finetune.Train(context.Background(), backend(t), m, d, nil, finetune.Options{
			Epochs: 1, BatchSize: 8, MaxLength: 16, LearningRate: 1, Warmup: -1, Optimizer: finetune.SGD, MaxGradNorm: -1, WeightDecay: -1, Seed: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		return result.Model
	}
	alone := plain(t, shared)
	trained, trainedAlone := train(shared), train(alone)
	for _, group := range [][]int{{0, 1}, {2, 3}} {
		start := own(t, shared, group[0], All)
		sum, moved := make([]float64, len(start)), 0.0
		for _, layer := range group {
			for i, x := range own(t, trainedAlone, layer, All) {
				sum[i] += x - start[i]
			}
		}
		for i, x := range own(t, trained, group[0], All) {
			moved = max(moved, math.Abs(x-start[i]))
			if math.Abs(x-start[i]-sum[i]) > 1e-5 {
				t.Fatalf("group %v, value %d: the shared map moved by %g, its layers alone by %g together", group, i, x-start[i], sum[i])
			}
		}
		if moved == 0 {
			t.Errorf("group %v did not move", group)
		}
	}
}

func TestASharedMapHasOnePlaceInTheOptimizer(t *testing.T) {
	shared, _ := tie(t, classifier(t, 3, 7), Options{})
	dir := t.TempDir()
	result, err := finetune.Train(context.Background(), backend(t), shared, sentences(16, 5), nil, finetune.Options{
		Epochs: 2, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2, Seed: 1, CheckpointDir: dir, CheckpointEvery: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	if result.Model.NumParameters() != shared.NumParameters() || !reflect.DeepEqual(result.Model.Config.Layers, shared.Config.Layers) {
		t.Error("training changes what is shared")
	}
	files, err := filepath.Glob(filepath.Join(dir, "checkpoint*.safetensors"))
	if err != nil || len(files) != 1 {
		t.Fatalf("checkpoints %v, %v", files, err)
	}
	file, err := safetensors.Open(files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	found := 0
	for _, name := range file.Names() {
		if strings.HasSuffix(name, gbert.WeightName(0, gbert.Query)) {
			found++
		}
		if strings.HasSuffix(name, gbert.WeightName(1, gbert.Query)) || strings.HasSuffix(name, gbert.WeightName(2, gbert.Query)) {
			t.Errorf("the optimizer keeps %s", name)
		}
	}
	if found != 3 { // value and two moments
		t.Errorf("the optimizer keeps %d arrays for a shared weight, want 3", found)
	}
}
