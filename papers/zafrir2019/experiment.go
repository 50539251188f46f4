package zafrir2019

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/quantise"
)

//go:embed narrative.en.md narrative.ko.md
var narrative embed.FS

// Experiment is the experiment in all its parts.
var Experiment = &experiment.Experiment[Config, Result]{
	Name:    "quantise",
	Title:   "Q8BERT: Quantized 8Bit BERT (Zafrir et al. 2019)",
	Heading: words.Key("bertlab: BERT in eight-bit integers"),
	Quick:   Quick, Full: Full, Ask: (*Config).ask, Check: (*Config).check, Plan: plan, Narrative: narrative,
	Tell: func(r *Result, in experiment.Voice) experiment.Edition { return edition{r, in} },
}

// edition is a result as it is told in a language.
type edition struct {
	*Result
	experiment.Voice
}

// Subtitle implements [experiment.Edition].
func (r edition) Subtitle() string { return r.caption(r.Seeds(r.Config.Seeds)) }

// caption names model and tasks, and what else a figure says.
func (r edition) caption(extra ...string) string {
	tasks := experiment.Each(r.Tasks, func(t Task) string { return r.F("%s (%d test examples)", r.Name(t.Title), t.Examples) })
	return experiment.Caption(slices.Concat([]string{r.Config.Model, r.F("fine-tuned on %s", words.List(tasks))}, extra)...)
}

// plan adds the experiment's steps: for each task and seed the fine-tuned model, and it in each way; of the first one what each matrix
// costs, and the speed.
func plan(ctx context.Context, p *experiment.Plan, c *Config, r *Result) error {
	env := p.Environment()
	pretrained, err := env.Subject(ctx, c.Model, &r.Provenance, func(m *gbert.Model) error { return fits(c.Model, m) })
	if err != nil {
		return err
	}
	r.Layers = pretrained.Model.Config.NumHiddenLayers
	tasks, leftOut, err := env.TaskSamples(ctx, c.Tasks, experiment.SampleSizes{Train: c.TrainExamples, Dev: c.TestExamples, Calibration: c.CalibrationExamples})
	if err != nil {
		return err
	}
	r.LeftOut = leftOut
	for i, t := range tasks {
		kind := t.Dev.Task
		if !kind.Kind.Discrete() {
			return fmt.Errorf("%s has no classes: the experiment compares right answers", t.Name)
		}
		r.Tasks = append(r.Tasks, Task{Name: t.Name, Title: kind.Title, Metric: kind.Metrics[0], Examples: t.Dev.Len(), Majority: t.Dev.Majority()})
		r.Provenance.Data = append(r.Provenance.Data, experiment.DescribeData("train", t.Train.Dataset), experiment.DescribeData("test", t.Dev.Dataset))
		if i == 0 {
			if err := r.measureWhole(ctx, pretrained.Model, t.Train.Task); err != nil {
				return err
			}
		}
		for k, seed := range c.Seeds {
			s := &seedPlan{Study: experiment.Study[Config, Result]{Plan: p, Config: c, Result: r}, Samples: t.Samples, pretrained: pretrained, task: t.Name, tuning: c.For(t.TaskData), seed: seed, first: i == 0 && k == 0}
			s.add()
		}
	}
	return nil
}

// fits says why the experiment cannot be done with a model.
func fits(name string, m *gbert.Model) error {
	if err := quantise.Check(m); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// measureWhole notes the file of the model in float32.
func (r *Result) measureWhole(ctx context.Context, pretrained *gbert.Model, of *task.Task) error {
	headed, err := finetune.FreshHead(pretrained, of, 1)
	if err != nil {
		return err
	}
	bytes, err := headed.DenseBytes(ctx, gbert.Float32)
	r.Sizes = append(r.Sizes, Size{Whole, bytes})
	return err
}

// seedPlan is the plan with a task and a seed.
type seedPlan struct {
	experiment.Study[Config, Result]
	experiment.Samples
	pretrained *experiment.Pretrained
	task       string
	tuning     experiment.Tuning
	seed       uint64
	first      bool
}

// add adds the fine-tuned model and it in each way.
func (s *seedPlan) add() {
	c, o := s.Config, s.tuning.Options(s.seed)
	tuned := experiment.FineTune(s.Plan, experiment.FineTuneInputs{From: s.pretrained, Train: s.Train, Options: o})
	judge := s.tuning.Judge(tuned, s.Dev)
	whole := experiment.Evaluate(s.Plan, judge)
	s.Collect(func() error {
		s.keep(Whole, judged{Evaluated: whole.Result()})
		return nil
	})
	s.keepAs(Aware, trainAware.Of(s.Plan, awareInputs{From: s.pretrained, Train: s.Train, Options: o, Test: s.Dev}))
	s.keepAs(Dynamic, quantiseAfter.Of(s.Plan, afterInputs{Judging: judge, Inputs: gbert.DynamicInputs}))
	s.keepAs(Row, quantiseAfter.Of(s.Plan, afterInputs{Judging: judge, Inputs: gbert.RowInputs}))
	s.keepAs(Static, quantiseAfter.Of(s.Plan, afterInputs{Judging: judge, Inputs: gbert.StaticInputs, Calibration: judge.On(s.Calibration)}))
	if s.first {
		experiment.Keep(s.Plan, &s.Result.Maps, sweepMaps.Of(s.Plan, judge.On(s.Calibration)))
		experiment.Keep(s.Plan, &s.Result.Speed, measureSpeed.Of(s.Plan, speedInputs{Judging: judge, Timing: c.Timing()}))
	}
}

// keepAs puts a step's result into the experiment's when all steps are done.
func (s *seedPlan) keepAs(way Way, step *experiment.Node[judged]) {
	s.Collect(func() error {
		s.keep(way, step.Result())
		return nil
	})
}

func (s *seedPlan) keep(way Way, done judged) {
	s.Result.Runs = append(s.Result.Runs, Run{Task: s.task, Seed: s.seed, Way: way, Evaluated: done.Evaluated})
	if s.first && way != Whole {
		s.Result.Sizes = append(s.Result.Sizes, Size{way, done.Bytes})
	}
}

// Numbers are what the narrative names.
func (r edition) Numbers() map[string]any {
	return map[string]any{
		"model": r.Config.Model, "epochs": r.Config.Passes(r.Config.Tasks), "learningRate": r.Config.LearningRate, "percentile": fmt.Sprintf("%g", percentile),
		"calibration": r.Maps.Examples, "bytes": fmt.Sprintf("%.1f", float64(r.bytes(Whole))/1e6), "int8": fmt.Sprintf("%.1f", float64(r.bytes(Dynamic))/1e6),
		"all": fmt.Sprintf("%.3f", r.Maps.All.Error), "worst": r.worst(), "leftOut": strings.Join(r.LeftOut, "; "),
	}
}

// worst names the matrix that costs most.
func (r edition) worst() string {
	worst := slices.MaxFunc(r.Maps.Maps, func(a, b quantise.Sensitivity) int { return cmp.Compare(a.Error, b.Error) })
	if worst.Role == quantise.Words {
		return r.Name(string(worst.Role))
	}
	return r.F("layer %d", worst.Layer) + ", " + r.Name(string(worst.Role))
}
