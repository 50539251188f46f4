package michel2019

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
	"bertlab/techniques/heads"
)

// run is an experiment under way.
type run struct {
	config Config
	env    *experiment.Environment
	store  *experiment.Store
	result *Result

	pretrained *gbert.Model
	train      *task.Dataset
	test       *task.Dataset
	importance *task.Dataset // of the training set
	choice     *task.Dataset // of the training set
	transfer   *task.Dataset // nil: none
}

// Run does the experiment. Finished steps are remembered in the environment's folder; a run that was stopped goes on there.
func Run(ctx context.Context, env *experiment.Environment, config Config) (*Result, error) {
	r := &run{config: config, env: env, result: &Result{Config: config}}
	began := time.Now()
	if err := r.prepare(ctx); err != nil {
		return nil, fmt.Errorf("michel2019: %w", err)
	}
	for i, seed := range config.Seeds {
		if err := r.seed(ctx, seed, i == 0); err != nil {
			return nil, fmt.Errorf("michel2019: seed %d: %w", seed, err)
		}
	}
	r.result.Provenance.Seconds = time.Since(began).Seconds()
	var err error
	if r.result.Claims, err = r.result.claims(); err != nil {
		return nil, fmt.Errorf("michel2019: %w", err)
	}
	return r.result, nil
}

// prepare loads model and data and opens the store.
func (r *run) prepare(ctx context.Context) error {
	c := r.config
	if len(c.Seeds) == 0 {
		return errors.New("the protocol has no seed")
	}
	if len(c.SpeedBatches) == 0 || slices.Min(c.SpeedBatches) < 1 || c.SpeedRepeats < 1 || c.SpeedLength < 1 {
		return errors.New("the protocol needs batch sizes, repeats and a length of at least 1 for the speed")
	}
	model, resolved, err := r.env.Model(ctx, c.Model)
	if err != nil {
		return err
	}
	if len(heads.All(model.Config)) == 0 {
		return fmt.Errorf("%s has no attention heads", c.Model)
	}
	r.pretrained = model
	if r.result.Provenance, err = r.env.Describe(model, resolved); err != nil {
		return err
	}
	if r.train, err = r.env.Examples(ctx, c.Task, "train", c.Data, c.TrainExamples, experiment.TrainSample); err != nil {
		return err
	}
	if r.test, err = r.env.Examples(ctx, c.Task, "dev", c.Data, c.TestExamples, 102); err != nil {
		return err
	}
	if r.importance, err = experiment.AtMost(r.train, c.ImportanceExamples, 103); err != nil {
		return err
	}
	if r.choice, err = experiment.AtMost(r.train, c.ChoiceExamples, 104); err != nil {
		return err
	}
	data := []experiment.DataProvenance{
		experiment.DescribeData("train", r.train), experiment.DescribeData("test", r.test),
		experiment.DescribeData("importance", r.importance), experiment.DescribeData("choice of one head", r.choice),
	}
	if c.Transfer != "" {
		other, err := r.env.Data(ctx, c.Transfer, "dev", c.TransferData)
		if err != nil {
			return err
		}
		if other.Task.Kind != task.Classification {
			return fmt.Errorf("%s is not a classification task", c.Transfer)
		}
		if other, err = other.InOrder(r.train.Task.Labels); err != nil {
			return fmt.Errorf("%s and %s: effects of heads cannot be compared: %w", c.Transfer, c.Task, err)
		}
		if r.transfer, err = experiment.AtMost(other, c.TransferExamples, 105); err != nil {
			return err
		}
		data = append(data, experiment.DescribeData("out of domain", r.transfer))
	}
	r.result.Provenance.Data = data
	r.result.Layers, r.result.Heads = model.Config.NumHiddenLayers, model.Config.NumAttentionHeads
	r.result.Metric = r.test.Task.Metrics[0]
	r.result.Majority = r.test.Majority()
	lasting := c
	lasting.Seeds = c.Seeds[:1] // with further seeds finished steps stay valid
	r.store, err = experiment.Open(r.env.Dir, map[string]any{
		"paper": "michel2019", "config": lasting, "model": r.result.Provenance.ModelSHA256, "data": data,
		"backend": r.env.Choice.Name, "versions": experiment.ComputeVersions(r.result.Provenance.Versions),
	})
	return err
}

// seed does the experiments on the model fine-tuned with a seed; those beside the pruning curves for the first seed only.
func (r *run) seed(ctx context.Context, seed uint64, first bool) error {
	model, training, err := r.fineTune(ctx, seed)
	if err != nil {
		return err
	}
	defer model.Close()
	session, err := gbert.NewSession(r.env.Backend, model)
	if err != nil {
		return err
	}
	defer session.Close()
	s := &seedRun{run: r, seed: seed, session: session}
	if s.like, err = s.prepareData(r.evaluated(), 40); err != nil {
		return err
	}
	if s.test, err = s.prepareLike(r.test, s.like); err != nil {
		return err
	}
	tuned, err := experiment.Step(r.store, s.step("fine-tuned"), func() (FineTuned, error) {
		evaluation, err := s.test.Evaluate(ctx, session, nil, r.env.Stage("evaluating"))
		if err != nil {
			return FineTuned{}, err
		}
		return FineTuned{TestLoss: evaluation.Loss, Score: evaluation.Metrics[r.result.Metric]}, nil
	})
	if err != nil {
		return err
	}
	tuned.Seed, tuned.TrainLoss, tuned.Seconds = seed, training.TrainLoss, training.Seconds
	r.result.Models = append(r.result.Models, tuned)
	if s.importance, err = s.prepareData(r.importance, 1); err != nil {
		return err
	}
	if err := s.measureImportance(ctx, first); err != nil {
		return err
	}
	if err := s.ablate(ctx, first); err != nil {
		return err
	}
	if err := s.prune(ctx); err != nil {
		return err
	}
	if !first {
		return nil
	}
	for _, experiment := range []func(context.Context) error{s.keepOne, s.entropy, s.transferEffects, s.speed} {
		if err := experiment(ctx); err != nil {
			return err
		}
	}
	return nil
}

// evaluated is all the examples on which models are evaluated.
func (r *run) evaluated() *task.Dataset {
	all := *r.test
	all.Examples = slices.Concat(r.test.Examples, r.choice.Examples)
	if r.transfer != nil {
		all.Examples = append(all.Examples, r.transfer.Examples...)
	}
	return &all
}

// fineTune returns the model fine-tuned with a seed.
func (r *run) fineTune(ctx context.Context, seed uint64) (*gbert.Model, experiment.Training, error) {
	c := r.config
	return r.env.FineTune(ctx, experiment.Original{
		Pretrained: r.pretrained, SHA256: r.result.Provenance.ModelSHA256, Train: r.train,
		Options: finetune.Options{
			Epochs: c.Epochs, BatchSize: c.BatchSize, MaxLength: c.MaxLength, LearningRate: c.LearningRate, Seed: seed,
			FreezeEmbeddings: c.FreezeEmbeddings, Keep: finetune.KeepLast,
		},
	})
}

// seedRun is the experiments on one fine-tuned model.
type seedRun struct {
	*run
	seed       uint64
	session    *gbert.Session
	like       *finetune.Prepared // all examples that are evaluated: their batches' shapes serve each set
	test       *finetune.Prepared
	importance *finetune.Prepared

	measured *heads.Importance
	ablation *heads.Ablation
}

func (s *seedRun) step(name string) string { return fmt.Sprintf("%s-seed%d", name, s.seed) }

func (s *seedRun) prepareData(d *task.Dataset, passes int) (*finetune.Prepared, error) {
	return finetune.Prepare(s.env.Backend, s.session.Model(), d, s.config.MaxLength, s.config.BatchSize, passes)
}
