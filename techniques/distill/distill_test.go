package distill

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/gbert/tokenizer"
	"bertlab/internal/testbed"
)

var goBackend = testbed.Go

var words = []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "fine", "poor", "the", "film", "is", "very"}

// tiny is a random classifier without dropout.
func tiny(t testing.TB, layers, hidden int, seed uint64) *gbert.Model {
	t.Helper()
	model, err := gbert.New(&gbert.Config{
		VocabSize: len(words), HiddenSize: hidden, NumHiddenLayers: layers, NumAttentionHeads: 2, IntermediateSize: 12, HiddenAct: "gelu",
		MaxPositionEmbeddings: 16, TypeVocabSize: 2, InitializerRange: 0.3, LayerNormEps: 1e-12, ClassifierDropout: -1,
	}, seed)
	if err != nil {
		t.Fatal(err)
	}
	if model, err = model.WithClassifier(2, nil, seed); err != nil {
		t.Fatal(err)
	}
	if model.Tokenizer, err = tokenizer.FromVocab(words, true); err != nil {
		t.Fatal(err)
	}
	return model
}

// reviews are n examples of different lengths; n does not divide by the batch size of the tests, so rows are padded.
func reviews(n int) *task.Dataset {
	d := &task.Dataset{Task: &task.Task{Name: "toy", Kind: task.Classification, Labels: []string{"bad", "good"}, Metrics: []string{task.Accuracy}}, Source: "toy", SHA256: "toy"}
	for i := range n {
		d.Examples = append(d.Examples, task.Example{TextA: fmt.Sprintf("the %sfilm is %s", strings.Repeat("very ", i%5), []string{"bad", "good"}[i%2]), Label: i % 2})
	}
	return d
}

func train(t testing.TB, model *gbert.Model, d *task.Dataset, m *finetune.Method) (*finetune.Result, error) {
	t.Helper()
	return finetune.Train(context.Background(), goBackend(t), model, d, nil, finetune.Options{
		Epochs: 2, BatchSize: 4, MaxLength: 16, LearningRate: 0.1, Optimizer: finetune.SGD, MaxGradNorm: -1, Seed: 1, Method: m,
	})
}

// logitsOf are a model's logits for a data set.
func logitsOf(t testing.TB, model *gbert.Model, d *task.Dataset) [][]float32 {
	t.Helper()
	session, err := gbert.NewSession(goBackend(t), model)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	prepared, err := finetune.Prepare(nil, model, d, 16, 4, 1)
	if err != nil {
		t.Fatal(err)
	}
	logits, err := prepared.Logits(context.Background(), session, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return logits
}

// farthest is the largest difference between two models' weights.
func farthest(t testing.TB, a, b *gbert.Model) float64 {
	t.Helper()
	most := 0.0
	for _, spec := range a.Weights() {
		x, _, err := a.Weight(spec.Name)
		if err != nil {
			t.Fatal(err)
		}
		y, _, err := b.Weight(spec.Name)
		if err != nil {
			t.Fatal(err)
		}
		for i := range x {
			most = max(most, math.Abs(float64(x[i]-y[i])))
		}
	}
	return most
}

func softmax(z []float64, temperature float64) []float64 {
	p, sum := make([]float64, len(z)), 0.0
	for i, v := range z {
		p[i] = math.Exp(v / temperature)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

func TestTheGradientOfSoftTargetsIsTTimesTheDifferenceOfTheProbabilities(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, temperature := range []float64{0.5, 1, 2, 10} {
		student, teacher := make([][]float64, 3), make([][]float64, 3)
		for i := range student {
			for range 4 {
				student[i], teacher[i] = append(student[i], 3*rng.NormFloat64()), append(teacher[i], 3*rng.NormFloat64())
			}
		}
		weights := []float64{1, 1, 0} // the last row is padding
		got := MustExecOnceN(goBackend(t), func(z, v, w *Node) []*Node {
			loss := SoftLoss(z, v, w, temperature)
			return []*Node{loss, Gradient(loss, z)[0], Gradient(loss, v)[0]}
		}, student, teacher, weights)
		loss := 0.0
		gradient := got[1].Value().([][]float64)
		for i := range student {
			p, q := softmax(teacher[i], temperature), softmax(student[i], temperature)
			for k := range p {
				loss += weights[i] / 2 * temperature * temperature * p[k] * math.Log(p[k]/q[k])
				if want := weights[i] / 2 * temperature * (q[k] - p[k]); math.Abs(gradient[i][k]-want) > 1e-9 {
					t.Errorf("T = %g, row %d, class %d: gradient %g, want %g", temperature, i, k, gradient[i][k], want)
				}
			}
		}
		if value := got[0].Value().(float64); math.Abs(value-loss) > 1e-9 {
			t.Errorf("T = %g: loss %g, want %g", temperature, value, loss)
		}
		for _, row := range got[2].Value().([][]float64) {
			if slices.Max(row) != 0 || slices.Min(row) != 0 {
				t.Errorf("a gradient flows to the teacher: %v", row)
			}
		}
	}
}

func TestAStudentThatIsItsTeacherLearnsNothing(t *testing.T) {
	model, d := tiny(t, 2, 8, 1), reviews(10)
	soft, err := SoftTargets(logitsOf(t, model, d), Options{Alpha: 1})
	if err != nil {
		t.Fatal(err)
	}
	live, err := FromTeacher(model, model, Options{Alpha: 1, HiddenStates: 1, Attention: 1})
	if err != nil {
		t.Fatal(err)
	}
	layers, err := FromTeacher(model, model, Options{HiddenStates: 1, Attention: 1, LayersOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, method := range map[string]*finetune.Method{"soft targets": soft, "with layers": live, "layers only": layers} {
		result, err := train(t, model, d, method)
		if err != nil {
			t.Fatal(err)
		}
		if moved := farthest(t, model, result.Model); moved > 1e-5 {
			t.Errorf("%s: a weight moves by %g", name, moved)
		}
	}
}

func TestSoftTargetsComputedBeforehandEqualThoseOfALiveTeacher(t *testing.T) {
	teacher, student, d := tiny(t, 2, 12, 1), tiny(t, 1, 8, 2), reviews(10)
	soft, err := SoftTargets(logitsOf(t, teacher, d), Options{Temperature: 3, Alpha: 0.7})
	if err != nil {
		t.Fatal(err)
	}
	live, err := FromTeacher(teacher, student, Options{Temperature: 3, Alpha: 0.7})
	if err != nil {
		t.Fatal(err)
	}
	a, err := train(t, student, d, soft)
	if err != nil {
		t.Fatal(err)
	}
	b, err := train(t, student, d, live)
	if err != nil {
		t.Fatal(err)
	}
	if apart, moved := farthest(t, a.Model, b.Model), farthest(t, a.Model, student); apart > 1e-5 || moved < 1e-3 {
		t.Errorf("they differ by %g after weights moved by %g", apart, moved)
	}
}

// named is the model with names for its classes, which stand in the other order if swapped says so.
func named(t *testing.T, model *gbert.Model, swapped bool, names ...string) *gbert.Model {
	t.Helper()
	model = model.Clone()
	model.Config.Labels = slices.Clone(names)
	if !swapped {
		return model
	}
	slices.Reverse(model.Config.Labels)
	for _, weight := range []string{"classifier.weight", "classifier.bias"} {
		values, shape, err := model.Weight(weight)
		if err != nil {
			t.Fatal(err)
		}
		half := len(values) / 2
		if err := model.SetWeight(weight, shape, slices.Concat(values[half:], values[:half])); err != nil {
			t.Fatal(err)
		}
	}
	return model
}

func TestATeachersClassesAreMatchedByName(t *testing.T) {
	teacher, student, d := tiny(t, 2, 12, 1), named(t, tiny(t, 1, 8, 2), false, "Bad", "Good"), reviews(10)
	var trained [2]*gbert.Model
	for i, swapped := range []bool{false, true} {
		method, err := FromTeacher(named(t, teacher, swapped, "bad", "good"), student, Options{})
		if err != nil {
			t.Fatal(err)
		}
		result, err := train(t, student, d, method)
		if err != nil {
			t.Fatal(err)
		}
		trained[i] = result.Model
	}
	if apart, moved := farthest(t, trained[0], trained[1]), farthest(t, trained[0], student); apart > 1e-5 || moved < 1e-3 {
		t.Errorf("with the teacher's classes in the other order weights differ by %g, and move by %g", apart, moved)
	}
	_, err := FromTeacher(named(t, teacher, false, "poor", "fine"), student, Options{})
	if err == nil || !strings.Contains(err.Error(), `"poor", "fine"`) || !strings.Contains(err.Error(), `"Bad", "Good"`) {
		t.Errorf("other classes: %v", err)
	}
	if _, err := FromTeacher(named(t, teacher, false, "poor", "fine"), student, Options{LabelsByNumber: true}); err != nil {
		t.Errorf("by number: %v", err)
	}
}

func TestWithoutSoftTargetsOrLayersTheTeacherChangesNothing(t *testing.T) {
	teacher, student, d := tiny(t, 1, 8, 1), tiny(t, 1, 8, 2), reviews(10)
	method, err := FromTeacher(teacher, student, Options{Alpha: -1})
	if err != nil {
		t.Fatal(err)
	}
	with, err := train(t, student, d, method)
	if err != nil {
		t.Fatal(err)
	}
	without, err := train(t, student, d, nil)
	if err != nil {
		t.Fatal(err)
	}
	if apart := farthest(t, with.Model, without.Model); apart > 1e-6 {
		t.Errorf("weights differ by %g", apart)
	}
}

// layerLosses are the loss of hidden states and of attention maps of arrays that are given.
func layerLosses(t *testing.T, hidden, teacherHidden [][][]float32, attention, teacherAttention [][][][]float32, mask [][]float32) (float64, float64) {
	t.Helper()
	shape := []gbert.LayerShape{{Heads: []int{0, 1}}}
	config := &gbert.Config{HiddenSize: len(hidden[0][0]), Layers: shape}
	building := &teaching{options: Options{HiddenStates: 1, Attention: 1, Layers: []int{0}}, teacher: config, student: config}
	got := MustExecOnceN(goBackend(t), func(h, g, a, b, mask *Node) []*Node {
		step := &finetune.StepGraph{Outputs: &gbert.Outputs{HiddenStates: []*Node{h}, Attention: []*Node{a}}}
		goal := &gbert.Outputs{HiddenStates: []*Node{g}, Attention: []*Node{b}}
		return []*Node{building.hidden(step, goal, mask), building.attention(step, goal, mask)}
	}, hidden, teacherHidden, attention, teacherAttention, mask)
	return float64(got[0].Value().(float32)), float64(got[1].Value().(float32))
}

func TestPaddingHasNoPartInTheLossOfLayers(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const rows, length, width, heads = 3, 4, 5, 2
	mask := [][]float32{{1, 1, 1, 0}, {1, 1, 0, 0}, {0, 0, 0, 0}} // positions and a row of padding
	random := func() ([][][]float32, [][][][]float32) {
		hidden, attention := make([][][]float32, rows), make([][][][]float32, rows)
		for b := range rows {
			for range length {
				row := make([]float32, width)
				for i := range row {
					row[i] = rng.Float32()
				}
				hidden[b] = append(hidden[b], row)
			}
			for range heads {
				var square [][]float32
				for range length {
					row := make([]float32, length)
					for i := range row {
						row[i] = rng.Float32()
					}
					square = append(square, row)
				}
				attention[b] = append(attention[b], square)
			}
		}
		return hidden, attention
	}
	h, a := random()
	g, b := random()
	sumH, nH, sumA, nA := 0.0, 0.0, 0.0, 0.0
	for row := range rows {
		for s := range length {
			for i := range width {
				m, d := float64(mask[row][s]), float64(h[row][s][i]-g[row][s][i])
				sumH, nH = sumH+m*d*d, nH+m
			}
			for k := range length {
				for head := range heads {
					m, d := float64(mask[row][s]*mask[row][k]), float64(a[row][head][s][k]-b[row][head][s][k])
					sumA, nA = sumA+m*d*d, nA+m
				}
			}
		}
	}
	hidden, attention := layerLosses(t, h, g, a, b, mask)
	if math.Abs(hidden-sumH/nH) > 1e-6 || math.Abs(attention-sumA/nA) > 1e-6 {
		t.Errorf("losses %g and %g, want the means over real positions %g and %g", hidden, attention, sumH/nH, sumA/nA)
	}
	for row := range rows {
		for s := range length {
			if mask[row][s] == 0 {
				h[row][s][0] += 100
				a[row][1][s][0] += 100
				a[row][1][0][s] += 100
			}
		}
	}
	if h2, a2 := layerLosses(t, h, g, a, b, mask); h2 != hidden || a2 != attention {
		t.Errorf("other padding changes the losses from %g, %g to %g, %g", hidden, attention, h2, a2)
	}
}

func TestLayersBringAStudentNearToItsTeacher(t *testing.T) {
	teacher, student, d := tiny(t, 2, 12, 1), tiny(t, 1, 8, 2), reviews(10)
	method, err := FromTeacher(teacher, student, Options{HiddenStates: 1, Attention: 1, LayersOnly: true, ProjectionRate: 0.1})
	if err != nil {
		t.Fatal(err)
	}
	result, err := train(t, student, d, method)
	if err != nil {
		t.Fatal(err)
	}
	p := result.Parameters[projection]
	if len(p) != 8*12 || slices.Equal(p, method.Parameters[0].Initial) {
		t.Errorf("the projection has %d numbers, or has learnt nothing", len(p))
	}
	classifier, _, err := result.Model.Weight("classifier.weight")
	if err != nil {
		t.Fatal(err)
	}
	before, _, err := student.Weight("classifier.weight")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(classifier, before) {
		t.Error("layers alone move the classifier")
	}
}

func TestStudentLayersAreSpreadEvenlyOverTheTeachers(t *testing.T) {
	for _, test := range []struct {
		teacher, student int
		want             []int
	}{{12, 4, []int{2, 5, 8, 11}}, {6, 6, []int{0, 1, 2, 3, 4, 5}}, {5, 2, []int{2, 4}}, {2, 4, []int{0, 0, 1, 1}}, {1, 0, []int{}}} {
		got, err := Options{}.layerMap(&gbert.Config{NumHiddenLayers: test.teacher}, &gbert.Config{NumHiddenLayers: test.student})
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%d layers from %d: %v, %v, want %v", test.student, test.teacher, got, err, test.want)
		}
	}
}

func TestOnlyHeadsThatBothHaveAreCompared(t *testing.T) {
	a, b := common([]int{1, 3, 4}, []int{0, 1, 2, 4})
	if !slices.Equal(a, []int{0, 2}) || !slices.Equal(b, []int{1, 3}) {
		t.Errorf("places %v and %v", a, b)
	}
}

func TestBadCallsAreRefused(t *testing.T) {
	model, wide := tiny(t, 2, 8, 1), tiny(t, 2, 8, 1)
	wide.Config = wide.Config.Clone()
	wide.Config.VocabSize++
	three, err := model.WithClassifier(3, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	pair := [][]float32{{0, 1}, {1, 0}}
	soft := func(logits [][]float32, o Options) error { _, err := SoftTargets(logits, o); return err }
	live := func(teacher, student *gbert.Model, o Options) error {
		_, err := FromTeacher(teacher, student, o)
		return err
	}
	for mentions, err := range map[string]error{
		"temperature is -1":              soft(pair, Options{Temperature: -1}),
		"at most 1":                      soft(pair, Options{Alpha: 1.5}),
		"no logits":                      soft(nil, Options{}),
		"at least 2 classes":             soft([][]float32{{1}}, Options{}),
		"example 1 has 1 logits":         soft([][]float32{{1, 2}, {1}}, Options{}),
		"logit 1 of example 0 is NaN":    soft([][]float32{{1, float32(math.NaN())}}, Options{}),
		"use FromTeacher":                soft(pair, Options{HiddenStates: 1}),
		"must be 0 or above":             live(model, model, Options{Attention: -1}),
		"one of them must be above 0":    live(model, model, Options{LayersOnly: true}),
		"learning rate is -1":            live(model, model, Options{ProjectionRate: -1}),
		"1 layers are mapped":            live(model, model, Options{HiddenStates: 1, Layers: []int{1}}),
		"which has the layers 0 to 1":    live(model, model, Options{HiddenStates: 1, Layers: []int{0, 2}}),
		"must read the same tokens":      live(wide, model, Options{}),
		"the teacher has 3 outputs, the": live(three, model, Options{}),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "distill: ") || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%s: %v", mentions, err)
		}
	}
	for mentions, logits := range map[string][][]float32{"logits for 2 examples": pair, "3 classes, the student 2": {{1, 2, 3}, {1, 2, 3}, {1, 2, 3}, {1, 2, 3}, {1, 2, 3}}} {
		method, err := SoftTargets(logits, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := train(t, model, reviews(5), method); err == nil || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%s: %v", mentions, err)
		}
	}
}
