package wang2022

import (
	"context"
	"embed"
	"slices"

	"bertlab/gbert"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/tucker"
)

//go:embed narrative.en.md narrative.ko.md
var narrative embed.FS

// Experiment decomposes all matrices of the encoder, each by itself or together.
var Experiment = &experiment.Experiment[Config, Result]{
	Name:    "tucker",
	Title:   "Exploring Extreme Parameter Compression for Pre-trained Language Models (Wang, Ren and others 2022)",
	Heading: words.Key("bertlab: the encoder's matrices as few factors"),
	Quick:   Quick, Full: Full, Ask: (*Config).Ask, Check: (*Config).check, Plan: plan, Narrative: narrative,
	Tell: func(r *Result, in experiment.Voice) experiment.Edition { return edition{r, in} },
}

// edition tells what decomposed matrices keep.
type edition struct {
	*Result
	experiment.Voice
}

// Subtitle names the model, the task and the seeds.
func (r edition) Subtitle() string { return r.caption("") }

// Numbers are the task and the epochs of the recovery.
func (r edition) Numbers() map[string]any {
	return map[string]any{"model": r.Config.Model, "task": r.Config.Task, "epochs": r.Config.RecoveryEpochs}
}

// timedRoles are the roles whose maps are timed.
var timedRoles = []gbert.Role{gbert.Query, gbert.FFNIn, gbert.FFNOut}

// plan adds the experiment's steps: for each seed a fine-tuned model and its decompositions, as they are and after they have learned
// again; times on the model of the first seed.
func plan(ctx context.Context, p *experiment.Plan, c *Config, r *Result) error {
	pretrained, samples, err := c.Begin(ctx, p, &r.Provenance, c.fits, experiment.SampleSizes{})
	if err != nil {
		return err
	}
	recovery, err := p.Environment().Examples(ctx, c.Task, "train", c.Data, c.RecoveryExamples, experiment.CalibrationSample)
	if err != nil {
		return err
	}
	if samples.Calibration, err = experiment.NewSample(recovery); err != nil {
		return err
	}
	r.Provenance.Data = slices.Insert(r.Provenance.Data, 1, experiment.DescribeData("recovery", recovery))
	r.TestSet = experiment.TestSetOf(samples.Dev)
	r.Counts = tucker.Counts()
	for i, seed := range c.Seeds {
		s := seedPlan{Study: experiment.Study[Config, Result]{Plan: p, Config: c, Result: r}, Samples: samples, seed: seed, tuned: c.FineTune(p, pretrained, samples.Train, seed)}
		s.add(i == 0)
	}
	if err := c.planPretrained(ctx, p, r); err != nil {
		return err
	}
	for _, role := range timedRoles {
		for _, part := range c.LayerRanks {
			in := mapInputs{Model: pretrained, Role: role, Part: part, Batch: c.SpeedBatch, Length: c.SpeedLength, Repeats: c.SpeedRepeats}
			experiment.Append(p, &r.Maps, timeMaps.Of(p, in))
		}
	}
	headed, err := pretrained.Model.WithClassifier(samples.Train.Task.Outputs(), nil, 1)
	if err != nil {
		return err
	}
	r.Parameters, r.MACs, r.Matrices = headed.NumParameters(), headed.Config.MACs(c.SpeedLength, true).Total(), headed.Config.MatrixParameters()
	return nil
}

// planPretrained adds the decompositions of the model that is decomposed as it is.
func (c *Config) planPretrained(ctx context.Context, p *experiment.Plan, r *Result) error {
	if c.Pretrained == "" {
		return nil
	}
	var from experiment.Provenance
	model, err := p.Environment().Subject(ctx, c.Pretrained, &from, func(m *gbert.Model) error { return c.decomposes(m, c.Pretrained, c.PretrainedRatios) })
	if err != nil {
		return err
	}
	config := model.Model.Config
	r.Pretrained = &Pretrained{Model: c.Pretrained, SHA256: from.ModelSHA256, Matrices: config.MatrixParameters(), MACs: config.MACs(c.SpeedLength, false).Total()}
	for _, form := range c.Forms {
		for _, ratio := range c.PretrainedRatios {
			in := decomposeInputs{Whole: model, Model: c.Pretrained, Form: form, Ratio: ratio, Sweeps: c.sweeps(form)}
			small := decompose.Of(p, in)
			p.Collect(func() error {
				v, err := c.variant(small.Result(), false)
				r.Pretrained.Variants = append(r.Pretrained.Variants, v)
				return err
			})
		}
	}
	return nil
}

// sweeps is how often HOOI improves each factor of a form at most.
func (c *Config) sweeps(form Form) int {
	if form == II {
		return 0
	}
	return c.Sweeps
}

// variant is a decomposed model with its operations, with those of a classifier or without.
func (c *Config) variant(d decomposed, classifier bool) (Decomposition, error) {
	v := d.Variant
	config, err := gbert.ParseConfig(d.Config)
	if err != nil {
		return v, err
	}
	v.MACs, v.BatchMACs = config.MACs(c.SpeedLength, classifier).Total(), config.BatchMACs(c.SpeedBatch, c.SpeedLength, classifier).Total()
	return v, nil
}

// seedPlan is the plan for the model that was fine-tuned with a seed.
type seedPlan struct {
	experiment.Study[Config, Result]
	experiment.Samples
	seed  uint64
	tuned *experiment.ModelNode[experiment.Training]
}

// small is a decomposed model.
type small struct {
	form  Form
	ratio float64
	*experiment.ModelNode[decomposed]
}

// title says what is done to a decomposed model.
func (s *seedPlan) title(what words.Key, m small) func(say *words.Printer) string {
	return func(say *words.Printer) string {
		return say.F("%s, form %s, %g of the parameters, seed %d", what.In(say), m.form, m.ratio, s.seed)
	}
}

// trial is what is told of a model that was judged.
func (s *seedPlan) trial(e experiment.Evaluated, seconds float64) Trial {
	return Trial{Seed: s.seed, Answers: e.Answers(s.Result.Metric), Seconds: seconds}
}

// add adds the steps on the whole model and on its decompositions. All decompositions come first: what they cost is known soon, and what
// learns again takes longest.
func (s *seedPlan) add(first bool) {
	c, r := s.Config, s.Result
	whole := experiment.Evaluate(s.Plan, c.Judge(s.tuned, s.Dev))
	experiment.Tell(s.Plan, &r.Whole, func() Trial { return s.trial(whole.Result(), s.tuned.Result().Seconds) })
	logits := experiment.Predict(s.Plan, c.Judge(s.tuned, s.Calibration))
	var models []small
	for _, form := range c.Forms {
		for _, ratio := range c.Ratios {
			models = append(models, s.decompose(form, ratio))
		}
	}
	for _, m := range models {
		if slices.Contains(c.Recovered, m.ratio) {
			s.learnAgain(m, logits)
		}
		if first && slices.Contains(c.SpeedRatios, m.ratio) {
			s.time(m)
		}
	}
}

// decompose adds a decomposition of the whole model, judged as it is.
func (s *seedPlan) decompose(form Form, ratio float64) small {
	c, r := s.Config, s.Result
	m := small{form, ratio, decompose.Of(s.Plan, decomposeInputs{Whole: s.tuned, Seed: s.seed, Form: form, Ratio: ratio, Sweeps: c.sweeps(form)})}
	none := experiment.Evaluate(s.Plan, c.Judge(m, s.Dev))
	s.Collect(func() error {
		v, err := c.variant(m.Result(), true)
		if err != nil {
			return err
		}
		t := s.trial(none.Result(), 0)
		t.Form, t.Ratio, t.Recovery = form, ratio, None
		r.Variants, r.Trials = append(r.Variants, v), append(r.Trials, t)
		return nil
	})
	return m
}

// learnAgain adds the model after it has learned again, on labels and from the whole one.
func (s *seedPlan) learnAgain(m small, logits *experiment.Node[[][]float32]) {
	c, r := s.Config, s.Result
	tuned := recoverInputs{Judging: c.Judge(m, s.Dev), Recovery: Tuned, Examples: s.Calibration, Options: c.Options(s.seed), title: s.title(words.Key("fine-tuning again"), m)}
	tuned.Options.Epochs, tuned.Options.LearningRate = c.RecoveryEpochs, c.RecoveryRate
	distilled := tuned
	distilled.Recovery, distilled.Whole, distilled.Logits, distilled.title = Distilled, s.tuned, logits, s.title(words.Key("distillation"), m)
	for _, in := range []recoverInputs{tuned, distilled} {
		again := learnAgain.Of(s.Plan, in)
		experiment.Tell(s.Plan, &r.Trials, func() Trial {
			t := s.trial(again.Result().Evaluated, again.Result().Seconds)
			t.Form, t.Ratio, t.Recovery = m.form, m.ratio, in.Recovery
			return t
		})
	}
}

// time adds the time of the model beside that of the whole one.
func (s *seedPlan) time(m small) {
	c, r := s.Config, s.Result
	timed := timeModels.Of(s.Plan, speedInputs{
		Whole: s.tuned, Small: m, Batch: c.SpeedBatch, Length: c.SpeedLength, Repeats: c.SpeedRepeats, title: s.title(words.Key("time"), m),
	})
	experiment.Tell(s.Plan, &r.Speed, func() Speed {
		speed := timed.Result()
		speed.Form, speed.Target, speed.Name = m.form, m.ratio, m.Result().Variant.Name
		return speed
	})
}
