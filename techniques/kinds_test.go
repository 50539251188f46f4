package techniques

import (
	"math"
	"slices"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/surgery"
	"bertlab/gbert/task"
	"bertlab/internal/testbed"
	"bertlab/internal/tiny"
	"bertlab/techniques/distill"
	"bertlab/techniques/heads"
	"bertlab/techniques/landscape"
	"bertlab/techniques/movement"
	"bertlab/techniques/sharing"
	"bertlab/techniques/tucker"
)

// eachKind runs a test for every kind of task whose right answers are more than a class or a number.
func eachKind(t *testing.T, run func(t *testing.T, m *gbert.Model, d *task.Dataset)) {
	for _, d := range tiny.Kinds(9, 4) {
		t.Run(d.Task.Kind.String(), func(t *testing.T) { run(t, tiny.For(t, tiny.Shape{Layers: 2, NoDropout: true}, 3, d), d) })
	}
}

func evaluate(t *testing.T, m *gbert.Model, p *finetune.Prepared, mask gbert.HeadMask) *finetune.Evaluation {
	t.Helper()
	e, err := p.Evaluate(t.Context(), tiny.Session(t, m), mask, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAblationOfEveryKindIsEvaluationWithAMask(t *testing.T) {
	eachKind(t, func(t *testing.T, m *gbert.Model, d *task.Dataset) {
		p := tiny.Prepare(t, m, d, 4)
		ablation, err := heads.Ablate(t.Context(), tiny.Session(t, m), p, nil)
		if err != nil {
			t.Fatal(err)
		}
		if whole := evaluate(t, m, p, nil); math.Abs(whole.Loss-ablation.Base.Loss) > 1e-5 {
			t.Errorf("the model's loss is %g, %g in the sweep", whole.Loss, ablation.Base.Loss)
		}
		for _, effect := range ablation.Heads {
			mask := gbert.NewHeadMask(m.Config)
			mask[effect.Layer][effect.Head.Head] = 0
			if e := evaluate(t, m, p, mask); math.Abs(e.Loss-effect.Loss) > 1e-5 || math.Abs(e.Metrics[ablation.Metric]-effect.Metric) > 1e-9 {
				t.Errorf("head %v: loss %g and %s %g, %g and %g in the sweep", effect.Head, e.Loss, ablation.Metric, e.Metrics[ablation.Metric], effect.Loss, effect.Metric)
			}
		}
	})
}

func TestImportanceOfEveryKindIsTheDerivativeOfTheLosses(t *testing.T) {
	eachKind(t, func(t *testing.T, m *gbert.Model, d *task.Dataset) {
		p, s := tiny.Prepare(t, m, d, 4), tiny.Session(t, m)
		importance, err := heads.Measure(t.Context(), s, p, heads.PerExample, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if perToken, err := heads.Measure(t.Context(), s, p, heads.PerToken, nil, nil); err != nil || !(perToken.Raw[1][0] > 0) {
			t.Errorf("by tokens: %+v, %v", perToken, err)
		}
		const step = 1e-2
		for _, h := range heads.All(m.Config) {
			var losses [2][]float64
			for i, sign := range []float32{1, -1} {
				mask := gbert.NewHeadMask(m.Config)
				mask[h.Layer][h.Head] += sign * step
				losses[i] = evaluate(t, m, p, mask).Losses
			}
			want := 0.0
			for i := range losses[0] {
				want += math.Abs(losses[0][i]-losses[1][i]) / (2 * step) / float64(len(losses[0]))
			}
			if got := importance.Raw[h.Layer][h.Head]; math.Abs(got-want) > 2e-3*max(1, want) {
				t.Errorf("head %v: %g, want about %g", h, got, want)
			}
		}
	})
}

func TestHeadsRemovedForEveryKindComputeWhatMaskedOnesDo(t *testing.T) {
	eachKind(t, func(t *testing.T, m *gbert.Model, d *task.Dataset) {
		p := tiny.Prepare(t, m, d, 4)
		mask := gbert.NewHeadMask(m.Config)
		mask[0][1], mask[1][0] = 0, 0
		want, err := p.Logits(t.Context(), tiny.Session(t, m), mask, nil)
		if err != nil {
			t.Fatal(err)
		}
		smaller, err := surgery.RemoveHeads(m, heads.Set{0: {1}, 1: {0}})
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := smaller.Save(dir, gbert.Float32); err != nil {
			t.Fatal(err)
		}
		loaded, err := gbert.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer loaded.Close()
		if loaded.Head() != m.Head() || loaded.Config.ProblemType != m.Config.ProblemType || !slices.Equal(loaded.Config.Labels, m.Config.Labels) {
			t.Errorf("head %s, %q, %v; was %s, %q, %v", loaded.Head(), loaded.Config.ProblemType, loaded.Config.Labels, m.Head(), m.Config.ProblemType, m.Config.Labels)
		}
		if apart := apart(tiny.Logits(t, loaded, d), want); apart > 1e-5 {
			t.Errorf("logits differ by %g", apart)
		}
		if _, err := tiny.Prepare(t, loaded, d, 4).Judge(want); err != nil {
			t.Error(err)
		}
	})
}

func TestSurgeryKeepsTheHeadsOfEveryKind(t *testing.T) {
	eachKind(t, func(t *testing.T, m *gbert.Model, d *task.Dataset) {
		for name, operation := range map[string]func() (*gbert.Model, error){
			"layers":  func() (*gbert.Model, error) { return surgery.DropLayers(m, []int{0}) },
			"neurons": func() (*gbert.Model, error) { return surgery.RemoveNeurons(m, map[int][]int{1: {2, 3}}) },
			"bank": func() (*gbert.Model, error) {
				low, _, err := tucker.Bank(t.Context(), m, tucker.BankOptions{LayerRank: 5, Rank: 5, Sweeps: 1})
				return low, err
			},
			"tie": func() (*gbert.Model, error) {
				tied, _, err := sharing.Tie(m, sharing.Options{What: sharing.All, Groups: 1, Init: sharing.First})
				return tied, err
			},
		} {
			changed, err := operation()
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			dense, err := changed.Dense()
			if err != nil {
				t.Fatal(err)
			}
			if apart := apart(tiny.Logits(t, changed, d), tiny.Logits(t, dense, d)); apart > 1e-4 || dense.Head() != m.Head() {
				t.Errorf("%s: the dense copy has a head for %s and logits that differ by %g", name, dense.Head(), apart)
			}
		}
	})
}

func TestMovementPrunesEveryKind(t *testing.T) {
	eachKind(t, func(t *testing.T, m *gbert.Model, d *task.Dataset) {
		method, err := movement.New(m, movement.Options{Remaining: 0.5})
		if err != nil {
			t.Fatal(err)
		}
		result, err := finetune.Train(t.Context(), testbed.Go(t), m, d, nil, finetune.Options{Epochs: 6, BatchSize: 4, MaxLength: 16, LearningRate: 1e-3, Seed: 1, Keep: finetune.KeepLast, Method: method})
		if err != nil {
			t.Fatal(err)
		}
		zeros := 0
		values := tiny.Values(t, result.Model, gbert.WeightName(1, gbert.Query))
		for _, v := range values {
			if v == 0 {
				zeros++
			}
		}
		if math.Abs(float64(zeros)/float64(len(values))-0.5) > 0.05 {
			t.Errorf("%d of %d weights are 0", zeros, len(values))
		}
	})
}

func TestSoftTargetsOfEveryKindEqualThoseOfALiveTeacher(t *testing.T) {
	eachKind(t, func(t *testing.T, student *gbert.Model, d *task.Dataset) {
		teacher := tiny.For(t, tiny.Shape{Layers: 1, Hidden: 12, NoDropout: true}, 8, d)
		o := distill.Options{Temperature: 3, Alpha: 0.7}
		live, err := distill.FromTeacher(teacher, student, o)
		if err != nil {
			t.Fatal(err)
		}
		if student.Head().PerToken() {
			o.TokenOutputs = student.Outputs()
		}
		soft, err := distill.SoftTargets(tiny.Logits(t, teacher, d), o)
		if err != nil {
			t.Fatal(err)
		}
		var trained [2]*gbert.Model
		for i, method := range []*finetune.Method{soft, live} {
			result, err := finetune.Train(t.Context(), testbed.Go(t), student, d, nil, finetune.Options{
				Epochs: 2, BatchSize: 4, MaxLength: 16, LearningRate: 0.1, Optimizer: finetune.SGD, MaxGradNorm: -1, Seed: 1, Method: method,
			})
			if err != nil {
				t.Fatal(err)
			}
			trained[i] = result.Model
		}
		before := tiny.Logits(t, student, d)
		a, b := tiny.Logits(t, trained[0], d), tiny.Logits(t, trained[1], d)
		if apart, moved := apart(a, b), apart(a, before); apart > 1e-3 || moved < 1e-2 {
			t.Errorf("they differ by %g after logits moved by %g", apart, moved)
		}
	})
}

func TestAStudentOfEveryKindThatIsItsTeacherLearnsNothing(t *testing.T) {
	eachKind(t, func(t *testing.T, m *gbert.Model, d *task.Dataset) {
		method, err := distill.FromTeacher(m, m, distill.Options{Alpha: 1, HiddenStates: 1, Attention: 1})
		if err != nil {
			t.Fatal(err)
		}
		result, err := finetune.Train(t.Context(), testbed.Go(t), m, d, nil, finetune.Options{
			Epochs: 1, BatchSize: 4, MaxLength: 16, LearningRate: 0.1, Optimizer: finetune.SGD, MaxGradNorm: -1, Seed: 1, Method: method,
		})
		if err != nil {
			t.Fatal(err)
		}
		if moved := apart(tiny.Logits(t, m, d), tiny.Logits(t, result.Model, d)); moved > 1e-4 {
			t.Errorf("logits move by %g", moved)
		}
	})
}

func TestTheLandscapeOfEveryKindEndsAtTheModel(t *testing.T) {
	eachKind(t, func(t *testing.T, m *gbert.Model, d *task.Dataset) {
		p := tiny.Prepare(t, m, d, 4)
		from := tiny.Classifier(t, tiny.Shape{Layers: 2, NoDropout: true}, 9).WithoutHead()
		e, err := landscape.Open(testbed.Go(t), landscape.Space{From: from, To: m}, p)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		want := evaluate(t, m, p, nil)
		right, err := task.Right(d.Task, want.Predictions, d.Examples)
		if err != nil {
			t.Fatal(err)
		}
		wrong := 0.0
		for _, r := range right {
			if !r {
				wrong += 1 / float64(len(right))
			}
		}
		for _, alpha := range []float64{1, 0} {
			at, err := e.At(t.Context(), landscape.Point{Alpha: alpha})
			if err != nil {
				t.Fatal(err)
			}
			same := math.Abs(at[0].Loss-want.Loss) < 1e-4 && math.Abs(at[0].Error-wrong) < 1e-9
			if alpha == 1 && !same || alpha == 0 && math.Abs(at[0].Loss-want.Loss) < 1e-6 {
				t.Errorf("α = %g: %+v; the model has loss %g, error %g", alpha, at[0], want.Loss, wrong)
			}
		}
	})
}
