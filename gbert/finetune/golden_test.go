package finetune

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/safetensors"
	"bertlab/gbert/task"
)

// goldenData are the inputs of gbert's golden.json.
type goldenData struct {
	IDs     [][]int32          `json:"ids"`
	Types   [][]int32          `json:"types"`
	Mask    [][]float32        `json:"mask"`
	Labels  []int              `json:"labels"`
	Targets []float64          `json:"targets"`
	Losses  map[string]float64 `json:"losses"`
}

func readJSON(t testing.TB, path string, value any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, value); err != nil {
		t.Fatal(err)
	}
}

// batch makes a batch of some of the inputs with padded rows added, and the data set of their labels.
func (g *goldenData) batch(index []int, rows int, kind task.Kind) (*gbert.Batch, *task.Dataset) {
	length := len(g.IDs[0])
	b := &gbert.Batch{Index: index, Rows: rows, Length: length, IDs: make([]int32, rows*length), Types: make([]int32, rows*length), Mask: make([]float32, rows*length)}
	for row, i := range index {
		copy(b.IDs[row*length:], g.IDs[i])
		copy(b.Types[row*length:], g.Types[i])
		copy(b.Mask[row*length:], g.Mask[i])
	}
	d := &task.Dataset{Task: &task.Task{Kind: kind, Labels: []string{"a", "b", "c"}}}
	for i := range g.Labels {
		d.Examples = append(d.Examples, task.Example{Label: g.Labels[i], Value: g.Targets[i]})
	}
	return b, d
}

func tensorsOf(t testing.TB, path string) map[string][]float32 {
	t.Helper()
	file, err := safetensors.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	all := map[string][]float32{}
	for _, name := range file.Names() {
		tensor, _ := file.Tensor(name)
		values, err := tensor.Float32s()
		if err != nil {
			t.Fatal(err)
		}
		all[name] = slices.Clone(values)
	}
	return all
}

// relative are the norm of a difference by the norm of want, and the largest difference by the largest of want.
func relative(got, want []float32) (byNorm, byMax float64) {
	var difference, norm, largestDifference, largest float64
	for i := range want {
		d := float64(got[i]) - float64(want[i])
		difference += d * d
		norm += float64(want[i]) * float64(want[i])
		largestDifference = max(largestDifference, math.Abs(d))
		largest = max(largest, math.Abs(float64(want[i])))
	}
	return math.Sqrt(difference / norm), largestDifference / largest
}

// gradients computes a batch's loss and gradients without an update.
func (s *stepper) gradients(t *testing.T, d *task.Dataset, b *gbert.Batch) (map[string][]float32, float64) {
	t.Helper()
	state, err := s.state(0, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close()
	batch := s.batch(&Prepared{Dataset: d}, b, 0)
	defer batch.Close()
	results, err := s.gradient.Run(gradientOf[*tensors.Tensor]{state.stateOf, batch.trainingBatch})
	if err != nil {
		t.Fatal(err)
	}
	defer results.Close()
	all := map[string][]float32{}
	for i, p := range s.trained {
		all[p.spec.Name] = tensors.MustCopyFlatData[float32](results.At(i))
	}
	return all, float64(tensors.ToScalar[float32](results.At(len(s.trained))))
}

func newTestStepper(t *testing.T, b compute.Backend, model *gbert.Model, o Options) *stepper {
	t.Helper()
	o, err := o.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	s, err := newStepper(b, model, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

func TestTheGradientOfEveryParameterEqualsTorch(t *testing.T) {
	var g goldenData
	readJSON(t, "../testdata/golden.json", &g)
	golden := tensorsOf(t, "../testdata/golden.safetensors")
	onBackends(t, func(t *testing.T, b compute.Backend) {
		s := newTestStepper(t, b, loadTiny(t, "tiny", 0), Options{})
		for name, rows := range map[string]int{"as it is": 4, "with two padded rows": 6} {
			if b != goBackend(t) && rows == 6 {
				continue // one compilation by XLA is enough
			}
			batch, d := g.batch([]int{0, 1, 2, 3}, rows, task.Classification)
			got, loss := s.gradients(t, d, batch)
			if math.Abs(loss-g.Losses["tiny"]) > 1e-6 {
				t.Errorf("%s: loss %.8f, torch %.8f", name, loss, g.Losses["tiny"])
			}
			compared, worstNorm, worstMax := 0, 0.0, 0.0
			for key, want := range golden {
				parameter, ok := strings.CutPrefix(key, "gradient.")
				if !ok {
					continue
				}
				compared++
				if strings.HasSuffix(parameter, "key.bias") {
					// A constant added to all keys changes no attention probability: this gradient is 0, and what is computed is noise.
					for i := range want {
						if math.Abs(float64(got[parameter][i])) > 1e-7 {
							t.Errorf("%s: %s[%d] is %g, it should be 0", name, parameter, i, got[parameter][i])
						}
					}
					continue
				}
				byNorm, byMax := relative(got[parameter], want)
				worstNorm, worstMax = max(worstNorm, byNorm), max(worstMax, byMax)
				if !(byNorm <= 1e-5 && byMax <= 1e-5) {
					t.Errorf("%s: %s differs by %.2g of its norm, %.2g of its largest", name, parameter, byNorm, byMax)
				}
			}
			if compared != len(s.trained) {
				t.Errorf("%d gradients compared, the model has %d parameters", compared, len(s.trained))
			}
			t.Logf("%s: %d parameters, largest difference %.2g of the norm, %.2g of the largest value", name, compared, worstNorm, worstMax)
		}
	})
}

func TestTheLossOfARegressionEqualsTorch(t *testing.T) {
	var g goldenData
	readJSON(t, "../testdata/golden.json", &g)
	s := newTestStepper(t, goBackend(t), loadTiny(t, "tiny-regression", 0), Options{})
	batch, d := g.batch([]int{0, 1, 2, 3}, 5, task.Regression)
	if _, loss := s.gradients(t, d, batch); math.Abs(loss-g.Losses["tiny-regression"]) > 1e-6 {
		t.Errorf("loss %.8f, torch %.8f", loss, g.Losses["tiny-regression"])
	}
}

// adamwGolden is what make_golden.py computed with torch.optim.AdamW.
type adamwGolden struct {
	Runs []struct {
		Name              string
		LR, Warmup, Decay float64
		Clip              float64
		Steps             int
		After             []int
		Losses            []float64
	} `json:"runs"`
	Schedules []struct {
		Steps  int
		Warmup float64
		Peak   float64
		Rates  []float64
	} `json:"schedules"`
}

func TestStepsOfAdamWEqualTorch(t *testing.T) {
	var g goldenData
	readJSON(t, "../testdata/golden.json", &g)
	var golden adamwGolden
	readJSON(t, "testdata/adamw.json", &golden)
	want := tensorsOf(t, "testdata/adamw.safetensors")
	onBackends(t, func(t *testing.T, b compute.Backend) {
		for i, run := range golden.Runs {
			if b != goBackend(t) && i > 0 {
				break // XLA compiles the same graphs again
			}
			t.Run(run.Name, func(t *testing.T) {
				warmup, decay := run.Warmup, run.Decay
				if warmup == 0 {
					warmup = -1
				}
				s := newTestStepper(t, b, loadTiny(t, "tiny", 0), Options{LearningRate: run.LR, Warmup: warmup, WeightDecay: decay, MaxGradNorm: run.Clip})
				for step := range slices.Max(run.After) {
					index := []int{0, 1, 2, 3}
					if step%2 == 1 {
						index = index[1:2] // a last batch of one example, padded to four rows
					}
					batch, d := g.batch(index, 4, task.Classification)
					loss, err := s.step(&Prepared{Dataset: d}, batch, scalars{
						rate:        s.options.learningRate(step, run.Steps),
						correction1: 1 - math.Pow(s.options.Beta1, float64(step+1)), correction2: 1 - math.Pow(s.options.Beta2, float64(step+1)),
					})
					if err != nil {
						t.Fatal(err)
					}
					if math.Abs(loss-run.Losses[step]) > 1e-5 {
						t.Errorf("step %d: loss %.7f, torch %.7f", step+1, loss, run.Losses[step])
					}
					if slices.Contains(run.After, step+1) {
						compareSteps(t, s, want, fmt.Sprintf("%s/%d/", run.Name, step+1), run.LR)
					}
				}
			})
		}
	})
}

// compareSteps compares weights with torch's after some steps. A key's bias is left out but for its distance: its gradient is
// rounding noise, which Adam scales to whole steps.
func compareSteps(t *testing.T, s *stepper, want map[string][]float32, prefix string, rate float64) {
	t.Helper()
	worst := 0.0
	for _, p := range s.trained {
		golden, ok := want[prefix+p.spec.Name]
		if !ok {
			t.Fatalf("no golden weight %s%s", prefix, p.spec.Name)
		}
		got := tensors.MustCopyFlatData[float32](p.value)
		tolerance := 1e-5
		if strings.HasSuffix(p.spec.Name, "key.bias") {
			tolerance = 10 * rate
		}
		for i := range golden {
			d := math.Abs(float64(got[i]) - float64(golden[i]))
			if tolerance < 1e-4 {
				worst = max(worst, d)
			}
			if !(d <= tolerance) {
				t.Errorf("%s%s[%d] is %.8f, torch %.8f", prefix, p.spec.Name, i, got[i], golden[i])
				break
			}
		}
	}
	t.Logf("%s: largest difference of a weight %.2g at the learning rate %g", prefix, worst, rate)
}

func TestTheLearningRateIsTransformers(t *testing.T) {
	var golden adamwGolden
	readJSON(t, "testdata/adamw.json", &golden)
	for _, s := range golden.Schedules {
		o := Options{LearningRate: s.Peak, Warmup: s.Warmup}
		for step, want := range s.Rates {
			if got := o.learningRate(step, s.Steps); math.Abs(got-want) > 1e-12*s.Peak {
				t.Errorf("step %d of %d, warm-up %g: %g, transformers %g", step, s.Steps, s.Warmup, got, want)
			}
		}
	}
	if got := (Options{LearningRate: 1, Warmup: 0.1}).learningRate(0, 1); got != 1 {
		t.Errorf("the only step of a run has the rate %g: it would train nothing", got)
	}
}
