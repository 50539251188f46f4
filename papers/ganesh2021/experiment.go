package ganesh2021

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"

	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/profile"
)

//go:embed narrative.en.md narrative.ko.md
var narrative embed.FS

// Experiment is the experiment in all its parts. It needs no data: a task and seeds that are asked for change nothing.
var Experiment = &experiment.Experiment[Config, Result]{
	Name:    "profile",
	Title:   "Compressing Large-Scale Transformer-Based Models: A Case Study on BERT (Ganesh et al. 2021)",
	Heading: words.Key("bertlab: what happens inside"),
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
func (r edition) Subtitle() string { return r.caption(r.T(pass)) }

// Numbers are what the narrative names.
func (r edition) Numbers() map[string]any {
	return map[string]any{"model": r.Config.Model}
}

// plan adds a step for each batch size and length: of the model, on a GPU of the same model on the CPU, and of BERT-base.
func plan(ctx context.Context, p *experiment.Plan, c *Config, r *Result) (func() error, error) {
	env := p.Environment()
	model, resolved, err := env.Model(ctx, c.Model)
	if err != nil {
		return nil, err
	}
	if longest := slices.Max(c.Lengths); longest > model.Config.MaxPositionEmbeddings {
		return nil, fmt.Errorf("the protocol has the length %d; %s takes %d tokens", longest, c.Model, model.Config.MaxPositionEmbeddings)
	}
	if r.Provenance, err = env.Describe(model, resolved); err != nil {
		return nil, err
	}
	if r.Counted, err = countBase(); err != nil {
		return nil, err
	}
	r.Device = deviceOf(env.Choice.Name)
	in := cellInputs{
		Model:   &experiment.Pretrained{Model: model, SHA256: r.Provenance.ModelSHA256},
		Repeats: c.Repeats, CellSeconds: c.CellSeconds, Machine: r.Provenance.Machine,
	}
	own := gridOf(p, in, c.Batches, c.Lengths)
	var other, base grid
	if r.Device == GPU {
		onCPU := in
		onCPU.Backend = "xla:cpu"
		other = gridOf(p, onCPU, c.Batches, c.Lengths)
	}
	if len(c.BaseBatches) > 0 {
		in.Model = randomBase.Of(p, struct{ Seed uint64 }{1})
		base = gridOf(p, in, c.BaseBatches, c.BaseLengths)
	}
	return func() error {
		r.Profile, r.Other, r.Base = own.profile(), other.profile(), base.profile()
		if file, err := profile.CheckFile(model, resolved.Dir); err == nil { // a file without zeros has no count; the report says so
			r.Profile.Parameters.File = file
		}
		return nil
	}, nil
}

// deviceOf is the kind of device of a backend, by its name.
func deviceOf(name string) Device {
	if strings.Contains(name, "cuda") {
		return GPU
	}
	return CPU
}

// ask puts the model that the user asked for into the protocol.
func (c *Config) ask(r experiment.Request) {
	if r.Model != "" {
		c.Model = r.Model
	}
}
