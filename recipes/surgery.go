package recipes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/heads"
	"bertlab/techniques/layerdrop"
	"bertlab/techniques/sharing"
)

// DropLayers takes whole layers out.
type DropLayers struct {
	// Strategy and Count choose by position; or Layers names them, from 0.
	Strategy layerdrop.Strategy `json:"strategy,omitempty"`
	Count    int                `json:"count,omitempty"`
	Layers   []int              `json:"layers,omitempty"`
}

func readDropLayers(f *fields) Operation {
	s := &DropLayers{}
	if f.has("layers") {
		list, line := f.list("layers")
		if f.has("count") || f.has("strategy") {
			f.fail(line, "either layers, or strategy and count")
		}
		layers, err := layerdrop.ParseLayers(strings.Join(list, ","))
		if err != nil && list != nil {
			f.fail(line, "layers: %v", err)
		}
		s.Layers = layers
		return s
	}
	var from []string
	for _, strategy := range layerdrop.ByPosition {
		from = append(from, string(strategy))
	}
	s.Strategy = layerdrop.Strategy(f.choice("strategy", string(layerdrop.Top), from...))
	s.Count = f.whole("count", 0, 1, 1000)
	if !f.has("count") {
		f.fail(f.line, "count, how many layers go, is missing; or layers, which")
	}
	return s
}

func (s *DropLayers) choose(layers int) ([]int, error) {
	if s.Layers == nil {
		return layerdrop.Select(s.Strategy, layers, s.Count)
	}
	if last := slices.Max(s.Layers); last >= layers || len(s.Layers) >= layers {
		return nil, fmt.Errorf("layers %v of a model that has layers 0…%d then: at least one must stay", s.Layers, layers-1)
	}
	return s.Layers, nil
}

func (s *DropLayers) plan(now *state) error {
	if now.layers == 0 {
		return nil
	}
	drop, err := s.choose(now.layers)
	now.layers -= len(drop)
	return err
}

// dropInputs are layers of a model that are dropped.
type dropInputs struct {
	Model   experiment.ModelSource
	Dropped []int
	Title   title `json:"-"`
}

var dropping = &experiment.ModelDefinition[dropInputs, came]{
	Name: "layers dropped", Version: 1, Transient: true,
	Title: func(say *words.Printer, in dropInputs) string { return in.Title(say) },
	Run: func(ctx context.Context, w *experiment.Worker, in dropInputs) (*gbert.Model, came, error) {
		model := w.Model(in.Model)
		smaller, err := surgery.DropLayers(model, in.Dropped)
		if err != nil {
			return nil, came{}, err
		}
		return smaller, came{"without layers " + surgery.FormatLayers(in.Dropped), smaller.NumParameters()}, nil
	},
}

func (s *DropLayers) add(c *course) (added, error) {
	drop, err := s.choose(c.layers)
	if err != nil {
		return added{}, err
	}
	c.layers -= len(drop)
	return put(dropping, c.plan, dropInputs{c.model, drop, c.title()}), nil
}

// PruneHeads removes the attention heads on which the loss depends least (Michel et al. 2019, equation 2).
type PruneHeads struct {
	// Fraction is the share of the heads that go.
	Fraction float64 `json:"fraction"`
	// Examples is how many training examples importance is measured on; 500.
	Examples int `json:"examples"`
}

func readPruneHeads(f *fields) Operation {
	s := &PruneHeads{Fraction: f.above("fraction", 0, 0, 1), Examples: f.whole("examples", 500, 1, 1<<30)}
	if !f.has("fraction") {
		f.fail(f.line, "fraction, the share of the heads that go, is missing")
	}
	return s
}

func (s *PruneHeads) plan(now *state) error {
	switch {
	case !now.tuned:
		return errors.New("importance is a gradient of the task's loss: a fine-tune comes before it")
	case now.attended:
		return errors.New("layers that share their attention lose the same heads or none: prune before sharing")
	}
	return nil
}

// headInputs are the examples that importance is measured on, and the share of the heads that goes.
type headInputs struct {
	experiment.Judging
	Fraction float64
	Title    title `json:"-"`
}

var removingHeads = &experiment.ModelDefinition[headInputs, came]{
	Name: "least important heads removed", Version: 1,
	Title: func(say *words.Printer, in headInputs) string { return in.Title(say) },
	Run: func(ctx context.Context, w *experiment.Worker, in headInputs) (*gbert.Model, came, error) {
		session, prepared, err := in.Open(w)
		if err != nil {
			return nil, came{}, err
		}
		model := session.Model()
		importance, err := heads.Measure(ctx, session, prepared, heads.PerExample, nil, w.Part("importance"))
		if err != nil {
			return nil, came{}, err
		}
		ranking := heads.RankByImportance(model.Config, importance)
		set, err := heads.FirstShare(model.Config, ranking, in.Fraction)
		if err != nil {
			return nil, came{}, err
		}
		smaller, err := surgery.RemoveHeads(model, set)
		if err != nil {
			return nil, came{}, err
		}
		return smaller, came{fmt.Sprintf("%d of %d heads removed", set.Len(), len(ranking)), smaller.NumParameters()}, nil
	},
}

func (s *PruneHeads) add(c *course) (added, error) {
	sample, err := c.start.sample(s.Examples)
	return put(removingHeads, c.plan, headInputs{c.measuring(sample, 3), s.Fraction, c.title()}), err
}

// measuring is a measurement on the present model that runs it over the examples about so often.
func (c *course) measuring(sample experiment.Sample, passes int) experiment.Judging {
	return experiment.Judging{Model: c.model, Sample: sample, MaxLength: testLength, BatchSize: testBatch, Passes: passes}
}

// Share lets groups of neighbouring layers have the same weights (ALBERT).
type Share struct{ sharing.Options }

func readShare(f *fields) Operation {
	var whats, inits []string
	for _, what := range sharing.Whats {
		whats = append(whats, string(what))
	}
	for _, init := range sharing.Inits {
		inits = append(inits, string(init))
	}
	return &Share{sharing.Options{
		What: sharing.What(f.choice("what", string(sharing.All), whats...)), Groups: f.whole("groups", 1, 1, 1000),
		Init: sharing.Init(f.choice("init", string(sharing.First), inits...)),
	}}
}

func (s *Share) plan(now *state) error {
	if now.layers > 0 && s.Groups > now.layers {
		return fmt.Errorf("%d groups of %d layers: the number of groups is 1…%d", s.Groups, now.layers, now.layers)
	}
	now.tied = true
	now.attended = now.attended || s.What != sharing.FFN
	return nil
}

// shareInputs say how layers of a model are tied.
type shareInputs struct {
	Model   experiment.ModelSource
	Options sharing.Options
	Title   title `json:"-"`
}

var tying = &experiment.ModelDefinition[shareInputs, came]{
	Name: "layers tied", Version: 1, Transient: true,
	Title: func(say *words.Printer, in shareInputs) string { return in.Title(say) },
	Run: func(ctx context.Context, w *experiment.Worker, in shareInputs) (*gbert.Model, came, error) {
		model := w.Model(in.Model)
		smaller, report, err := sharing.Tie(model, in.Options)
		if err != nil {
			return nil, came{}, err
		}
		return smaller, came{fmt.Sprintf("%d groups of layers share %s", len(report.Groups), in.Options.What), smaller.NumParameters()}, nil
	},
}

func (s *Share) add(c *course) (added, error) {
	return put(tying, c.plan, shareInputs{c.model, s.Options, c.title()}), nil
}

// Store says how the weights are written. Without it they are written as float32.
type Store struct {
	// As is float32, float16, compact (without zeros) or compact-float16.
	As string `json:"as"`
}

func readStore(f *fields) Operation {
	return &Store{f.choice("as", "float32", "float32", "float16", "compact", "compact-float16")}
}

func (s *Store) plan(*state) error { return nil }

// add adds nothing: the model is as it was, until it is written. [Recipe.In] says what came of it.
func (s *Store) add(c *course) (added, error) {
	return added{model: c.model, seconds: func() float64 { return 0 }}, nil
}

// save writes the model to a folder.
func (s *Store) save(model *gbert.Model, dir string) error {
	precision := gbert.Float32
	if strings.HasSuffix(s.As, "float16") {
		precision = gbert.Float16
	}
	if strings.HasPrefix(s.As, "compact") {
		return model.SaveCompact(dir, precision)
	}
	return model.Save(dir, precision)
}
