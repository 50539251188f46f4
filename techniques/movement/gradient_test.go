package movement

import (
	"fmt"
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
)

// weighted is a batch with the weights of a model.
type weighted[T any] struct {
	finetune.LabelledBatch[T]
	Weights []T
}

// gradients are ∂L/∂W of all weights, by name, for one batch and without dropout.
func gradients(t *testing.T, m *gbert.Model) map[string][]float32 {
	t.Helper()
	d := sentences(8)
	prepared := check[*finetune.Prepared](t)(finetune.Prepare(nil, m, d, 16, 8, 1))
	specs := m.Weights()
	exec := check[*gbert.Computation[weighted[*tensors.Tensor]]](t)(gbert.NewComputation[weighted[*tensors.Tensor]](goBackend(t), "gradients", func(in weighted[*Node]) []*Node {
		weights := map[string]*Node{}
		for i, spec := range specs {
			weights[spec.Name] = in.Weights[i]
		}
		forward := gbert.NewForward(m.Config, in.IDs.Graph(), func(name string) *Node { return weights[name] }, gbert.Taps{})
		return Gradient(finetune.Loss(forward.Logits(in.BatchOf), in.Labels, in.RowWeights), in.Weights...)
	}))
	defer exec.Close()
	in := weighted[*tensors.Tensor]{LabelledBatch: prepared.LabelledTensors(prepared.Batches[0])}
	for _, spec := range specs {
		in.Weights = append(in.Weights, check[*tensors.Tensor](t)(m.Upload(goBackend(t), spec.Name)))
	}
	results := check[*gbert.Results](t)(exec.Consume(in))
	all := map[string][]float32{}
	for i, spec := range specs {
		all[spec.Name] = tensors.MustCopyFlatData[float32](results.At(i))
	}
	return all
}

// With plain SGD the scores are −α Σ (∂L/∂W')⊙W, each gradient taken at the masked weights of its step and summed over the
// weights of a unit (equation 4 of the paper).
func TestScoresAreTheSumOfGradientsTimesWeights(t *testing.T) {
	for _, test := range []struct {
		attention, ffn string
		all, scores    finetune.Optimizer
	}{
		{"weight", "weight", finetune.SGD, ""}, {"block:4x2", "row", finetune.SGD, ""}, {"head", "neuron", finetune.SGD, ""},
		{"weight", "neuron", finetune.AdamW, finetune.SGD},
	} {
		t.Run(test.attention+" "+test.ffn+" "+string(test.all), func(t *testing.T) {
			const steps, rate = 6, 0.5
			m := classifier(t, 2, "gelu").Clone()
			m.Config.HiddenDropoutProb, m.Config.AttentionProbsDropoutProb = 0, 0
			o := Options{Attention: granularity(t, test.attention), FFN: granularity(t, test.ffn), Remaining: 0.4, ScoreLearningRate: rate, ScoreOptimizer: test.scores}
			method := check[*finetune.Method](t)(New(m, o))
			result := check[*finetune.Result](t)(finetune.Train(t.Context(), goBackend(t), m, sentences(8), nil, finetune.Options{
				Epochs: steps, BatchSize: 8, MaxLength: 16, LearningRate: 1e-12, Warmup: -1, MaxGradNorm: -1, Optimizer: test.all, Keep: finetune.KeepLast, Method: method,
			}))
			p := check[*plan](t)(newPlan(m, o))
			scores := map[string][]float32{}
			for _, g := range p.groups {
				scores[g.name] = make([]float32, g.units)
			}
			for step := range steps {
				now := *p
				now.Remaining = check[float64](t)(o.KeepRatio(step, steps))
				masked := check[*gbert.Model](t)(Apply(m, now.spread(now.unitMasks(scores))))
				gradient := gradients(t, masked)
				for _, g := range p.groups {
					for _, part := range g.parts {
						w := weight(t, m, part.name)
						for i, dw := range gradient[part.name] {
							scores[g.name][part.unitOf(i)] -= float32(rate * float64(steps-step) / steps * float64(dw) * float64(w[i]))
						}
					}
				}
			}
			for name, want := range scores {
				largest := 0.0
				for i, got := range result.Parameters[name] {
					largest = max(largest, math.Abs(float64(want[i])))
					if d := math.Abs(float64(got - want[i])); !(d <= 1e-5+1e-4*math.Abs(float64(want[i]))) {
						t.Fatalf("%s[%d] is %g; %g was expected", name, i, got, want[i])
					}
				}
				if largest == 0 {
					t.Errorf("%s did not move", name)
				}
			}
		})
	}
}

func TestMaskedWeightsGetNoGradient(t *testing.T) {
	m := classifier(t, 1, "gelu")
	o := Options{Kind: Magnitude, Remaining: 0.3, WarmupShare: -1, CoolDownSteps: 9}
	// The schedule is at its end for all steps but the first, whose learning rate is 0.
	result := train(t, m, o, finetune.Options{Epochs: 2, LearningRate: 1e-3, Warmup: 0.1, WeightDecay: -1, Optimizer: finetune.SGD})
	masks := check[map[string][]float32](t)(Masks(m, o, nil))
	moved := 0
	for name, mask := range masks {
		before, after := weight(t, m, name), weight(t, result.Raw, name)
		for i := range mask {
			if mask[i] == 0 && before[i] != after[i] {
				t.Fatalf("%s[%d] is masked and moved", name, i)
			}
			if before[i] != after[i] {
				moved++
			}
		}
	}
	if moved == 0 {
		t.Error("nothing moved")
	}
}

func TestHardConcreteFollowsItsFormulas(t *testing.T) {
	o := check[Options](t)(Options{Kind: L0, Lambda: 1}.withDefaults())
	const draws = 20000
	exec := check[*Exec](t)(NewExec(goBackend(t), func(scores *Node) []*Node {
		g := scores.Graph()
		u := DivScalar(AddScalar(ConvertDType(IotaFull(g, scores.Shape()), scores.DType()), 0.5), draws)
		return []*Node{o.gate(scores, u), o.gate(scores, nil), o.present(scores)}
	}))
	defer exec.Finalize()
	for _, score := range []float64{-3, -0.5, 0, 1, 2.197} {
		values := make([]float32, draws)
		for i := range values {
			values[i] = float32(score)
		}
		outputs := check[[]*tensors.Tensor](t)(exec.Call(values))
		drawn, evaluated, present := tensors.MustCopyFlatData[float32](outputs[0]), tensors.MustCopyFlatData[float32](outputs[1])[0], tensors.MustCopyFlatData[float32](outputs[2])[0]
		positive := 0.0
		for i, m := range drawn {
			if m > 0 {
				positive++
			}
			u := min(max((float64(i)+0.5)/draws, 1e-4), 1-1e-4)
			want := min(1, max(0, 1.2*sigmoid((math.Log(u)-math.Log(1-u)+score)/(2.0/3))-0.1))
			if math.Abs(float64(m)-want) > 2e-4 {
				t.Fatalf("the mask of S = %g, u = %g is %g; %g was expected", score, u, m, want)
			}
		}
		if share := positive / draws; math.Abs(share-float64(present)) > 1e-3 {
			t.Errorf("S = %g: %g of the masks are not 0, the expectation is %g", score, share, present)
		}
		if want := min(1, max(0, 1.2*sigmoid(score)-0.1)); math.Abs(float64(evaluated)-want) > 1e-6 || math.Abs(float64(o.evaluationMask(float32(score)))-want) > 1e-6 {
			t.Errorf("S = %g: the mask of evaluation is %g; %g was expected", score, evaluated, want)
		}
	}
}

func TestPenaltyOfAFixedLambdaFollowsTheMean(t *testing.T) {
	// One step from scores of 0 with a λ that drowns the task: S = −α·λ·σ'(0)/(groups · units).
	m := classifier(t, 1, "gelu")
	o := Options{Kind: Soft, Lambda: 1e4, Threshold: 0.5 - 1e-9, WarmupShare: -1, CoolDownSteps: 9, ScoreLearningRate: 1e-3}
	result := train(t, m, o, finetune.Options{Epochs: 2, LearningRate: 1e-12, Warmup: -1, MaxGradNorm: -1, Optimizer: finetune.SGD})
	for _, g := range check[*plan](t)(newPlan(m, o)).groups {
		// Of steps 1 to 9, at rates that fall to 0.1; step 0 has λ = 0. The derivative falls with the score, and the task adds a little.
		bound := 1e-3 * (0.9 + 0.8 + 0.7 + 0.6 + 0.5 + 0.4 + 0.3 + 0.2 + 0.1) * 1e4 * 0.25 / 6 / float64(g.units)
		for _, s := range result.Parameters[g.name] {
			if float64(-s) > 1.1*bound || float64(-s) < 0.9*bound {
				t.Fatalf("%s is at %g after penalties of %g", g.name, s, bound)
			}
		}
	}
}

func TestLearnedMultiplierLeadsToTheTarget(t *testing.T) {
	m := classifier(t, 1, "gelu")
	for _, kind := range []Kind{Soft, L0} {
		t.Run(string(kind), func(t *testing.T) {
			o := Options{Kind: kind, Remaining: 0.5, ScoreLearningRate: 0.1}
			result := train(t, m, o, finetune.Options{Epochs: 40, LearningRate: 1e-3})
			share := check[*Remaining](t)(Count(result.Model)).Share()
			if math.Abs(share-0.5) > 0.12 {
				t.Errorf("%.3f of the weights remain; about 0.5 was expected", share)
			}
			if multiplier := result.Parameters[multiplierName("weight")]; multiplier[0] == 0 {
				t.Error("the multiplier did not move: ", fmt.Sprint(multiplier))
			}
		})
	}
}
