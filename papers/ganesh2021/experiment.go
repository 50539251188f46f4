package ganesh2021

import (
	"context"
	"embed"
	"strings"

	"bertlab/gbert"
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
	Tell: func(r *Result, in experiment.Voice) experiment.Edition { return edition{r, in} },
}

// edition tells what the parts of a model take.
type edition struct {
	*Result
	experiment.Voice
}

// Subtitle names the model, the machine and what is passed through.
func (r edition) Subtitle() string { return r.caption(r.T(pass)) }

// Numbers are the name of the model alone: the others stand in tables.
func (r edition) Numbers() map[string]any {
	return map[string]any{"model": r.Config.Model}
}

// plan adds a step for each batch size and length: of the model, on a GPU of the same model on the CPU, and of BERT-base.
func plan(ctx context.Context, p *experiment.Plan, c *Config, r *Result) error {
	pretrained, err := p.Environment().Subject(ctx, c.Model, &r.Provenance, c.fits)
	if err != nil {
		return err
	}
	r.Counted = profile.CountShape(gbert.BERTBase(), baseLengths...)
	r.Device = deviceOf(p.Environment().Choice.Name)
	in := cellInputs{Model: pretrained, Repeats: c.Repeats, CellSeconds: c.CellSeconds, Machine: r.Provenance.Machine}
	addGrid(p, &r.Profile, in, c.Batches, c.Lengths)
	if r.Device == GPU {
		onCPU := in
		onCPU.Backend = "xla:cpu"
		addGrid(p, &r.Other, onCPU, c.Batches, c.Lengths)
	}
	if len(c.BaseBatches) > 0 {
		in.Model = randomBase.Of(p, struct{ Seed uint64 }{1})
		addGrid(p, &r.Base, in, c.BaseBatches, c.BaseLengths)
	}
	p.Collect(func() error {
		if file, err := profile.CheckFile(pretrained.Model, pretrained.Dir); err == nil { // a file without zeros has no count; the report says so
			r.Profile.Parameters.File = file
		}
		return nil
	})
	return nil
}

// baseLengths are the lengths at which BERT-base is counted.
var baseLengths = []int{128, 256, 512}

// addGrid adds a step for each batch size and, within, each length, and puts their results together.
func addGrid(p *experiment.Plan, whole **profile.Profile, in cellInputs, batches, lengths []int) {
	for _, in.Batch = range batches {
		for _, in.Length = range lengths {
			cell := measureCell.Of(p, in)
			p.Collect(func() error {
				part := *cell.Result()
				if *whole == nil {
					*whole = &part
				} else {
					(*whole).Cells = append((*whole).Cells[:len((*whole).Cells):len((*whole).Cells)], part.Cells...)
				}
				return nil
			})
		}
	}
}

// deviceOf is the kind of device of a backend, by its name.
func deviceOf(name string) Device {
	if strings.Contains(name, "cuda") {
		return GPU
	}
	return CPU
}
