package wang2022

import (
	"context"
	"embed"
	"fmt"
	"slices"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/tucker"
)

//go:embed narrative.en.md narrative.ko.md
var narrative embed.FS

// Experiment is the experiment in all its parts.
var Experiment = &experiment.Experiment[Config, Result]{
	Name:    "tucker",
	Title:   "Exploring Extreme Parameter Compression for Pre-trained Language Models (Wang, Ren and others 2022)",
	Heading: words.Key("bertlab: the encoder's matrices as few factors"),
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
func (r edition) Subtitle() string { return r.caption("") }

// Numbers are what the narrative names.
func (r edition) Numbers() map[string]any {
	return map[string]any{"model": r.Config.Model, "task": r.Config.Task, "epochs": r.Config.RecoveryEpochs}
}

// timedRoles are the roles whose maps are timed.
var timedRoles = []gbert.Role{gbert.Query, gbert.FFNIn, gbert.FFNOut}

// plan adds the experiment's steps: for each seed a fine-tuned model and its decompositions, as they are and after they have learned
// again; times on the model of the first seed.
func plan(ctx context.Context, p *experiment.Plan, c *Config, r *Result) (func() error, error) {
	env := p.Environment()
	model, err := env.Subject(ctx, c.Model, &r.Provenance, c.fits)
	if err != nil {
		return nil, err
	}
	data, err := env.Samples(ctx, c.Task, c.Data, experiment.SampleSizes{Train: c.TrainExamples, Dev: c.TestExamples})
	if err != nil {
		return nil, err
	}
	recovery, err := env.Examples(ctx, c.Task, "train", c.Data, c.RecoveryExamples, experiment.CalibrationSample)
	if err != nil {
		return nil, err
	}
	if data.Calibration, err = experiment.NewSample(recovery); err != nil {
		return nil, err
	}
	r.Metric, r.Examples, r.Majority = data.Dev.Task.Metrics[0], data.Dev.Len(), data.Dev.Majority()
	r.Provenance.Data = []experiment.DataProvenance{
		experiment.DescribeData("train", data.Train.Dataset), experiment.DescribeData("recovery", recovery), experiment.DescribeData("test", data.Dev.Dataset),
	}
	if r.Counts, err = counts(); err != nil {
		return nil, err
	}
	pretrained := &experiment.Pretrained{Model: model, SHA256: r.Provenance.ModelSHA256}
	var seeds []*seedSteps
	for i, seed := range c.Seeds {
		seeds = append(seeds, planSeed(p, c, data, pretrained, seed, i == 0))
	}
	var maps []*experiment.Node[MapSpeed]
	for _, role := range timedRoles {
		for _, part := range c.LayerRanks {
			maps = append(maps, timeMaps.Of(p, mapInputs{Model: pretrained, Role: role, Part: part, Batch: c.SpeedBatch, Length: c.SpeedLength, Repeats: c.SpeedRepeats}))
		}
	}
	headed, err := model.WithClassifier(data.Train.Task.Outputs(), nil, 1)
	if err != nil {
		return nil, err
	}
	r.Parameters, r.MACs, r.Matrices = headed.NumParameters(), headed.Config.MACs(c.SpeedLength, true).Total(), matrixParameters(headed)
	return func() error {
		for _, s := range seeds {
			if err := s.collect(c, r); err != nil {
				return err
			}
		}
		for _, m := range maps {
			r.Maps = append(r.Maps, m.Result())
		}
		return nil
	}, nil
}

// seedSteps are the steps on the model that was fine-tuned with a seed.
type seedSteps struct {
	seed   uint64
	tuned  *experiment.ModelNode[experiment.Training]
	whole  *experiment.Node[experiment.Evaluated]
	models []*modelSteps
}

// modelSteps are the steps on a decomposed model.
type modelSteps struct {
	form      Form
	ratio     float64
	small     *experiment.ModelNode[decomposed]
	none      *experiment.Node[experiment.Evaluated]
	recovered []*experiment.Node[recovered] // in the order of recoveries; none where it does not learn again
	speed     *experiment.Node[Speed]       // nil: it is not timed
}

// recoveries are the ways to learn again.
var recoveries = []Recovery{Tuned, Distilled}

func planSeed(p *experiment.Plan, c *Config, data experiment.Samples, pretrained *experiment.Pretrained, seed uint64, first bool) *seedSteps {
	options := finetune.Options{
		Epochs: c.Epochs, BatchSize: c.BatchSize, MaxLength: c.MaxLength, LearningRate: c.LearningRate, Seed: seed,
		FreezeEmbeddings: c.FreezeEmbeddings, Keep: finetune.KeepLast,
	}
	s := &seedSteps{seed: seed, tuned: experiment.FineTune(p, experiment.FineTuneInputs{From: pretrained, Train: data.Train, Options: options})}
	judge := experiment.Judging{Model: s.tuned, Sample: data.Dev, MaxLength: c.MaxLength, BatchSize: c.BatchSize}
	s.whole = experiment.Evaluate(p, judge)
	logits := experiment.Predict(p, judge.On(data.Calibration))
	options.Epochs, options.LearningRate = c.RecoveryEpochs, c.RecoveryRate
	// All decompositions first: what they cost is known soon, and what learns again takes longest.
	for _, form := range c.Forms {
		for _, ratio := range c.Ratios {
			in := decomposeInputs{Whole: s.tuned, Seed: seed, Form: form, Ratio: ratio}
			if form != II {
				in.Sweeps = c.Sweeps
			}
			m := &modelSteps{form: form, ratio: ratio, small: decompose.Of(p, in)}
			judge.Model = m.small
			m.none = experiment.Evaluate(p, judge)
			s.models = append(s.models, m)
		}
	}
	for _, m := range s.models {
		title := func(what words.Key) func(say *words.Printer) string {
			return func(say *words.Printer) string {
				return say.F("%s, form %s, %g of the parameters, seed %d", what.In(say), m.form, m.ratio, seed)
			}
		}
		judge.Model = m.small
		if slices.Contains(c.Recovered, m.ratio) {
			tuned := recoverInputs{Judging: judge, Recovery: Tuned, Examples: data.Calibration, Options: options, title: title(words.Key("fine-tuning again"))}
			distilled := tuned
			distilled.Recovery, distilled.Whole, distilled.Logits, distilled.title = Distilled, s.tuned, logits, title(words.Key("distillation"))
			m.recovered = []*experiment.Node[recovered]{learnAgain.Of(p, tuned), learnAgain.Of(p, distilled)}
		}
		if first && slices.Contains(c.SpeedRatios, m.ratio) {
			m.speed = timeModels.Of(p, speedInputs{
				Whole: s.tuned, Small: m.small, Batch: c.SpeedBatch, Length: c.SpeedLength, Repeats: c.SpeedRepeats, title: title(words.Key("time")),
			})
		}
	}
	return s
}

// collect puts the steps' results into the experiment's.
func (s *seedSteps) collect(c *Config, r *Result) error {
	trial := func(e experiment.Evaluated) Trial {
		return Trial{Seed: s.seed, Score: e.Metrics[r.Metric], Loss: e.Loss, Right: e.Right}
	}
	whole := trial(s.whole.Result())
	whole.Seconds = s.tuned.Result().Seconds
	r.Whole = append(r.Whole, whole)
	var again []Trial
	for _, m := range s.models {
		d := m.small.Result()
		config, err := gbert.ParseConfig(d.Config)
		if err != nil {
			return err
		}
		v := d.Variant
		v.MACs, v.BatchMACs = config.MACs(c.SpeedLength, true).Total(), config.BatchMACs(c.SpeedBatch, c.SpeedLength, true).Total()
		r.Variants = append(r.Variants, v)
		none := trial(m.none.Result())
		none.Form, none.Ratio, none.Recovery = m.form, m.ratio, None
		r.Trials = append(r.Trials, none)
		for i, n := range m.recovered {
			t := trial(n.Result().Evaluated)
			t.Form, t.Ratio, t.Recovery, t.Seconds = m.form, m.ratio, recoveries[i], n.Result().Seconds
			again = append(again, t)
		}
		if m.speed != nil {
			speed := m.speed.Result()
			speed.Form, speed.Target, speed.Name = m.form, m.ratio, v.Name
			r.Speed = append(r.Speed, speed)
		}
	}
	r.Trials = append(r.Trials, again...)
	return nil
}

// matrixParameters counts the encoder's matrices, without biases.
func matrixParameters(m *gbert.Model) int {
	count, d := 0, m.Config.HiddenSize
	for _, layer := range m.Config.Layers {
		count += 4*d*d + 2*d*layer.IntermediateSize
	}
	return count
}

// ask puts what the user asked for into the protocol.
func (c *Config) ask(r experiment.Request) {
	r.Set(&c.Model, &c.Task, &c.Data)
	c.Seeds = r.Seeds(c.Seeds)
}

// fits says what of the protocol cannot be done to a model.
func (c *Config) fits(model *gbert.Model) error {
	if !model.Config.IsPlain() {
		return fmt.Errorf("%s is compressed already; a plain BERT was expected", c.Model)
	}
	for _, form := range c.Forms {
		for _, ratio := range c.Ratios {
			err := tucker.FactoriseOptions{Ratio: ratio}.Check(model)
			if form != II {
				err = bankOptions(form, ratio, c.Sweeps).Check(model)
			}
			if err != nil {
				return fmt.Errorf("form %s at a ratio of %g: %w", form, ratio, err)
			}
		}
	}
	return nil
}
