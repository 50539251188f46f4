package sajjad2020

import (
	"context"
	"embed"
	"fmt"
	"slices"

	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/layerdrop"
)

//go:embed narrative.en.md narrative.ko.md
var narrative embed.FS

// Experiment drops layers before, after and during fine-tuning.
var Experiment = &experiment.Experiment[Config, Result]{
	Name:    "layers",
	Title:   "On the Effect of Dropping Layers of Pre-trained Transformer Models (Sajjad, Dalvi, Durrani and Nakov 2023)",
	Heading: words.Key("bertlab: which layers can go"),
	Quick:   Quick, Full: Full, Ask: (*Config).ask, Check: (*Config).check, Plan: plan, Narrative: narrative,
	Tell: func(r *Result, in experiment.Voice) experiment.Edition { return edition{r, in} },
}

// edition tells what dropping layers costs.
type edition struct {
	*Result
	experiment.Voice
}

// Subtitle names the model and the seeds; each task has figures of its own.
func (r edition) Subtitle() string { return r.caption(nil, r.seeds()) }

// plan adds the experiment's steps: the similarity of the pretrained model's layers, which chooses some of those to drop; for each task
// and seed the whole model and, for each choice, models without those layers; the time of inference.
func plan(ctx context.Context, p *experiment.Plan, c *Config, r *Result) error {
	pretrained, err := p.Environment().Subject(ctx, c.Model, &r.Provenance, c.checkModel)
	if err != nil {
		return err
	}
	r.Layers, r.Parameters, r.Clock = pretrained.Model.Config.NumHiddenLayers, pretrained.Model.NumParameters(), p.Environment().Clock()
	tasks, err := load(ctx, p.Environment(), c, r)
	if err != nil {
		return err
	}
	compare := similarityInputs{Judging: c.Judge(pretrained, tasks[0].Importance), Pooling: layerdrop.CLS}
	similarity := measureSimilarity.Of(p, compare)
	experiment.Keep(p, &r.Similarity, similarity)
	compare.Pooling = layerdrop.MeanToken
	experiment.Keep(p, &r.MeanSimilarity, measureSimilarity.Of(p, compare))
	choices, err := c.choices(ctx, p, similarity, r.Layers)
	if err != nil {
		return err
	}
	for i, t := range tasks {
		for j, seed := range c.Seeds {
			s := &seedPlan{Plan: p, tuning: c.For(t.TaskData), progressive: c.Progressive, Samples: t.Samples, pretrained: pretrained, into: r.Tasks[i], seed: seed}
			these := choices
			if j > 0 && len(c.Replicated) > 0 {
				these, s.progressive = experiment.Where(choices, func(choice Choice) bool { return c.replicates(choice.Strategy) }), false
			}
			if err := s.add(these); err != nil {
				return err
			}
		}
	}
	experiment.Keep(p, &r.Speed, measureSpeed.Of(p, speedInputs{Model: pretrained, Drops: c.Drops, Timing: c.Timing()}))
	first, tuning := tasks[0], c.For(tasks[0].TaskData)
	experiment.Keep(p, &r.Training, measureTraining.Of(p, trainingInputs{Model: pretrained, Drops: c.Drops, Train: first.Train, Options: tuning.Options(c.Seeds[0]), Repeats: c.SpeedRepeats}))
	return nil
}

// choices are all sets of layers that are dropped.
func (c *Config) choices(ctx context.Context, p *experiment.Plan, similarity *experiment.Node[*layerdrop.Similarity], layers int) ([]Choice, error) {
	list, err := c.byPosition(layers)
	if err != nil {
		return nil, err
	}
	if len(c.Thresholds) > 0 {
		measured, err := similarity.Now(ctx, p)
		if err != nil {
			return nil, err
		}
		contribution, err := c.byContribution(measured)
		if err != nil {
			return nil, err
		}
		list = append(list, contribution...)
	}
	return append(list, c.byName()...), nil
}

// load draws the data of the tasks that have any, and says in the result what they are.
func load(ctx context.Context, env *experiment.Environment, c *Config, r *Result) (tasks []experiment.TaskSamples, err error) {
	sizes := experiment.SampleSizes{Train: c.TrainExamples, Dev: c.TestExamples, Importance: c.SimilarityExamples}
	if tasks, r.LeftOut, err = env.TaskSamples(ctx, c.Tasks, sizes); err != nil {
		return nil, err
	}
	for _, t := range tasks {
		if most := slices.Max(c.Drops); c.Progressive && slices.Contains(c.Strategies, layerdrop.Top) && t.Train.Len() <= most {
			return nil, fmt.Errorf("%s has %d training examples (train_examples): dropping %d layers one by one (progressive) takes %d or more", t.Name, t.Train.Len(), most, most+1)
		}
		kind := t.Dev.Task
		r.Tasks = append(r.Tasks, &TaskResult{Task: kind.Name, Title: kind.Title, Pair: kind.Pair, TestSet: experiment.TestSetOf(t.Dev)})
		r.Provenance.Data = append(r.Provenance.Data, experiment.DescribeData("train", t.Train.Dataset), experiment.DescribeData("test", t.Dev.Dataset))
	}
	r.Provenance.Data = append(r.Provenance.Data, experiment.DescribeData("similarity", tasks[0].Importance.Dataset))
	return tasks, nil
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

// seedPlan is the plan for a task with a seed.
type seedPlan struct {
	*experiment.Plan
	tuning      experiment.Tuning
	progressive bool
	experiment.Samples
	pretrained *experiment.Pretrained
	into       *TaskResult
	seed       uint64
	whole      Trial // once the steps are done
}

// add adds the fine-tuned whole model; and for each choice the model without the layers, which is fine-tuned then, and what the
// fine-tuned one is without them; for the top layers also the model that loses them while it is trained.
func (s *seedPlan) add(choices []Choice) error {
	c := s.tuning
	start, err := s.pretrained.Model.WithClassifier(s.Train.Task.Outputs(), s.Train.Task.Labels, s.seed)
	if err != nil {
		return err
	}
	training := experiment.FineTuneInputs{From: s.pretrained, Train: s.Train, Options: c.Options(s.seed)}
	tuned := experiment.FineTune(s.Plan, training)
	test := c.Judge(tuned, s.Dev)
	evaluated := experiment.Evaluate(s.Plan, test)
	experiment.Tell(s.Plan, &s.into.Runs, func() Trial {
		s.whole = s.trial(Choice{Dropped: []int{}}, judged{evaluated.Result(), start.NumParameters(), tuned.Result()}, tuned.Machine())
		s.whole.P = 1
		return s.whole
	})
	experiment.Append(s.Plan, &s.into.Travel, measureTravel.Of(s.Plan, travelInputs{Before: s.pretrained, After: tuned, Task: s.Train.Task.Title, Seed: s.seed}))
	for _, choice := range choices {
		same := layerdrop.Canonical(start.Config, choice.Dropped)
		before := tuneInputs{FineTuneInputs: training, Dropped: same, When: Before, Test: c.Judge(nil, s.Dev)}
		s.drop(choice, Before, tuneDropped.Of(s.Plan, before))
		s.drop(choice, After, dropTuned.Of(s.Plan, dropInputs{Judging: test, Dropped: same, Seed: s.seed}))
		if s.progressive && choice.Strategy == layerdrop.Top {
			before.Dropped, before.When = choice.Dropped, Progressive
			s.drop(choice, Progressive, tuneDropped.Of(s.Plan, before))
		}
	}
	return nil
}

// drop tells of a model without some layers in the task's result.
func (s *seedPlan) drop(choice Choice, when When, step *experiment.Node[judged]) {
	choice.When = when
	s.Collect(func() (err error) {
		run := s.trial(choice, step.Result(), step.Machine())
		run.Change, err = run.Against(s.whole.Answers)
		s.into.Runs = append(s.into.Runs, run)
		return err
	})
}

// trial is a model as the result tells of it, with the machine that made it.
func (s *seedPlan) trial(c Choice, m judged, machine string) Trial {
	t := m.Training
	run := Trial{
		Choice: c, Seed: s.seed, Answers: m.Answers(s.into.Metric), Parameters: m.Parameters,
		TrainLoss: t.TrainLoss, Seconds: t.Seconds, StepSeconds: t.Clock.Median(),
	}
	if run.Seconds > 0 {
		run.Machine = machine
	}
	return run
}
