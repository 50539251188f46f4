package sajjad2020

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"

	"bertlab/gbert/finetune"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/layerdrop"
)

//go:embed narrative.en.md narrative.ko.md
var narrative embed.FS

// Experiment is the experiment in all its parts.
var Experiment = &experiment.Experiment[Config, Result]{
	Name:    "layers",
	Title:   "On the Effect of Dropping Layers of Pre-trained Transformer Models (Sajjad, Dalvi, Durrani and Nakov 2023)",
	Heading: words.Key("bertlab: which layers can go"),
	Quick:   Quick, Full: Full, Ask: (*Config).ask, Check: (*Config).check, Plan: plan, Narrative: narrative,
	In: func(r *Result, say *words.Printer) experiment.Edition {
		return edition{r, experiment.Voice{Printer: say}}
	},
}

// edition is a result as it is told in a language.
type edition struct {
	*Result
	experiment.Voice
}

// Subtitle implements [experiment.Edition].
func (r edition) Subtitle() string { return r.caption(nil, r.seeds()) }

// plan adds the experiment's steps: the similarity of the pretrained model's layers, which chooses some of those to drop; for each task
// and seed the whole model and, for each choice, models without those layers; the time of inference.
func plan(ctx context.Context, p *experiment.Plan, c *Config, r *Result) (func() error, error) {
	env := p.Environment()
	model, err := env.Subject(ctx, c.Model, &r.Provenance, c.checkModel)
	if err != nil {
		return nil, err
	}
	r.Layers, r.Parameters, r.Clock = model.Config.NumHiddenLayers, model.NumParameters(), env.Clock()
	data, err := load(ctx, env, c, r)
	if err != nil {
		return nil, err
	}
	choices, err := c.byPosition(r.Layers)
	if err != nil {
		return nil, err
	}
	pretrained := &experiment.Pretrained{Model: model, SHA256: r.Provenance.ModelSHA256}
	compare := similarityInputs{
		Judging: experiment.Judging{Model: pretrained, Sample: data[0].Importance, MaxLength: c.MaxLength, BatchSize: c.BatchSize}, Pooling: layerdrop.CLS,
	}
	similarity := measureSimilarity.Of(p, compare)
	compare.Pooling = layerdrop.MeanToken
	meanSimilarity := measureSimilarity.Of(p, compare)
	if len(c.Thresholds) > 0 {
		measured, err := similarity.Now(ctx, p)
		if err != nil {
			return nil, err
		}
		contribution, err := c.byContribution(measured)
		if err != nil {
			return nil, err
		}
		choices = append(choices, contribution...)
	}
	choices = append(choices, c.byName()...)
	var seeds []*seedSteps
	for i, d := range data {
		for _, seed := range c.Seeds {
			s, err := planSeed(p, c, d, pretrained, seed, choices)
			if err != nil {
				return nil, err
			}
			s.into = r.Tasks[i]
			seeds = append(seeds, s)
		}
	}
	speed := measureSpeed.Of(p, speedInputs{Model: pretrained, Drops: c.Drops, Batches: c.SpeedBatches, Length: c.SpeedLength, Repeats: c.SpeedRepeats})
	return func() error {
		r.Similarity, r.MeanSimilarity, r.Speed = similarity.Result(), meanSimilarity.Result(), speed.Result()
		for _, s := range seeds {
			if err := s.collect(r.Clock); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// load draws the data of the tasks that have any, and says in the result what they are.
func load(ctx context.Context, env *experiment.Environment, c *Config, r *Result) (data []experiment.Samples, err error) {
	for _, t := range c.Tasks {
		sizes := experiment.SampleSizes{Train: c.TrainExamples, Dev: c.TestExamples, Importance: c.SimilarityExamples}
		d, err := env.Samples(ctx, t.Name, t.Data, sizes)
		if err != nil && t.Optional && ctx.Err() == nil {
			r.LeftOut = append(r.LeftOut, fmt.Sprintf("%s: %v", t.Name, err))
			continue
		}
		if err != nil {
			return nil, err
		}
		if most := slices.Max(c.Drops); c.Progressive && slices.Contains(c.Strategies, layerdrop.Top) && d.Train.Len() <= most {
			return nil, fmt.Errorf("%s has %d training examples (train_examples): dropping %d layers one by one (progressive) takes %d or more", t.Name, d.Train.Len(), most, most+1)
		}
		data = append(data, d)
		kind := d.Dev.Task
		r.Tasks = append(r.Tasks, &TaskResult{
			Task: kind.Name, Title: kind.Title, Pair: kind.Pair, Metric: kind.Metrics[0], Examples: d.Dev.Len(), Majority: d.Dev.Majority(),
		})
		r.Provenance.Data = append(r.Provenance.Data, experiment.DescribeData("train", d.Train.Dataset), experiment.DescribeData("test", d.Dev.Dataset))
	}
	if len(data) == 0 {
		return nil, fmt.Errorf("no task of the protocol has data: %s", strings.Join(r.LeftOut, "; "))
	}
	r.Provenance.Data = append(r.Provenance.Data, experiment.DescribeData("similarity", data[0].Importance.Dataset))
	return data, nil
}

// byPosition are the sets of layers that the strategies by position drop. An alternate strategy is left out where it cannot drop as many.
func (c *Config) byPosition(layers int) (list []Choice, err error) {
	for _, k := range c.Drops {
		for _, strategy := range c.Strategies {
			dropped, err := layerdrop.Select(strategy, layers, k)
			if err != nil && (strategy == layerdrop.AlternateOdd || strategy == layerdrop.AlternateEven) {
				continue
			}
			if err != nil {
				return nil, err
			}
			list = append(list, Choice{Strategy: strategy, Dropped: dropped})
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("none of the protocol's strategies %v can drop %v of %d layers (strategies, drops)", c.Strategies, c.Drops, layers)
	}
	return list, nil
}

// byContribution are the sets of layers that change [CLS] least, each by the first threshold that gives it.
func (c *Config) byContribution(similarity *layerdrop.Similarity) (list []Choice, err error) {
	for _, threshold := range c.Thresholds {
		dropped, err := layerdrop.ByContribution(similarity, threshold)
		if err != nil {
			return nil, fmt.Errorf("the protocol's thresholds: %w", err)
		}
		given := slices.ContainsFunc(list, func(other Choice) bool { return slices.Equal(other.Dropped, dropped) })
		if len(dropped) > 0 && !given {
			list = append(list, Choice{Strategy: layerdrop.Contribution, Threshold: threshold, Dropped: dropped})
		}
	}
	return list, nil
}

// byName are the sets of layers that the protocol names.
func (c *Config) byName() (list []Choice) {
	for _, layers := range c.Lists {
		list = append(list, Choice{Strategy: layerdrop.List, Dropped: slices.Sorted(slices.Values(layers))})
	}
	return list
}

// options are those of all training runs with a seed.
func (c *Config) options(seed uint64) finetune.Options {
	return finetune.Options{
		Epochs: c.Epochs, BatchSize: c.BatchSize, MaxLength: c.MaxLength, LearningRate: c.LearningRate, Seed: seed, FreezeEmbeddings: c.FreezeEmbeddings,
		Keep: finetune.KeepLast,
	}
}

// seedSteps are the steps on a task with a seed.
type seedSteps struct {
	into       *TaskResult
	seed       uint64
	parameters int // of the whole model
	tuned      *experiment.ModelNode[experiment.Training]
	whole      *experiment.Node[experiment.Evaluated]
	travel     *experiment.Node[[]float64]
	dropped    []droppedStep
}

// droppedStep is a model without some layers.
type droppedStep struct {
	Choice
	*experiment.Node[judged]
}

// planSeed adds the fine-tuned whole model; and for each choice the model without the layers, which is fine-tuned then, and what the
// fine-tuned one is without them; for the top layers also the model that loses them while it is trained.
func planSeed(p *experiment.Plan, c *Config, d experiment.Samples, pretrained *experiment.Pretrained, seed uint64, choices []Choice) (*seedSteps, error) {
	start, err := pretrained.Model.WithClassifier(d.Train.Task.Outputs(), d.Train.Task.Labels, seed)
	if err != nil {
		return nil, err
	}
	training := experiment.FineTuneInputs{From: pretrained, Train: d.Train, Options: c.options(seed)}
	test := experiment.Judging{Sample: d.Dev, MaxLength: c.MaxLength, BatchSize: c.BatchSize}
	s := &seedSteps{seed: seed, parameters: start.NumParameters(), tuned: experiment.FineTune(p, training)}
	ofTuned := test
	ofTuned.Model = s.tuned
	s.whole = experiment.Evaluate(p, ofTuned)
	s.travel = measureTravel.Of(p, travelInputs{Before: pretrained, After: s.tuned, Task: d.Train.Task.Title, Seed: seed})
	add := func(choice Choice, when When) {
		choice.When = when
		step := droppedStep{Choice: choice}
		same := layerdrop.Canonical(start.Config, choice.Dropped)
		switch when {
		case Before:
			step.Node = tuneDropped.Of(p, tuneInputs{FineTuneInputs: training, Dropped: same, When: when, Test: test})
		case After:
			step.Node = dropTuned.Of(p, dropInputs{Judging: ofTuned, Dropped: same, Seed: seed})
		case Progressive:
			step.Node = tuneDropped.Of(p, tuneInputs{FineTuneInputs: training, Dropped: choice.Dropped, When: when, Test: test})
		}
		s.dropped = append(s.dropped, step)
	}
	for _, choice := range choices {
		add(choice, Before)
		add(choice, After)
		if c.Progressive && choice.Strategy == layerdrop.Top {
			add(choice, Progressive)
		}
	}
	return s, nil
}

// collect puts the steps' results into the task's.
func (s *seedSteps) collect(clock experiment.Clock) error {
	t := s.into
	whole := s.trial(Choice{Dropped: []int{}}, judged{s.whole.Result(), s.parameters, s.tuned.Result()}, clock)
	whole.P = 1
	t.Runs, t.Travel = append(t.Runs, whole), append(t.Travel, s.travel.Result())
	for _, step := range s.dropped {
		run := s.trial(step.Choice, step.Result(), clock)
		if err := run.against(whole); err != nil {
			return err
		}
		t.Runs = append(t.Runs, run)
	}
	return nil
}

// trial is a model as the result tells of it.
func (s *seedSteps) trial(c Choice, m judged, clock experiment.Clock) Trial {
	return Trial{
		Choice: c, Seed: s.seed, Score: m.Metrics[s.into.Metric], Loss: m.Loss, Right: m.Right, Parameters: m.Parameters,
		TrainLoss: m.Training.TrainLoss, Seconds: m.Training.Seconds, StepSeconds: m.Training.Clock.Median(experiment.Wall), StepClock: m.Training.Clock.Median(clock),
	}
}
