package ganesh2021

import (
	"context"
	"time"

	"github.com/gomlx/compute"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/profile"
)

// cellInputs are a model, a batch size and a length.
type cellInputs struct {
	Model         experiment.ModelSource
	Batch, Length int
	Repeats       int
	CellSeconds   float64
	// Machine is the machine whose times they are; Backend the name of another backend than the experiment's.
	Machine string
	Backend string `json:",omitempty"`
}

// measureCell profiles a model at one batch size and length.
var measureCell = &experiment.Definition[cellInputs, *profile.Profile]{
	Name: "profile", Version: 1, Timed: true,
	Title: func(say *words.Printer, in cellInputs) string {
		return say.F("profile, batch %d, length %d", in.Batch, in.Length)
	},
	Run: func(ctx context.Context, w *experiment.Worker, in cellInputs) (_ *profile.Profile, err error) {
		var b compute.Backend = w.Backend()
		if in.Backend != "" {
			if b, _, err = backend.Open(ctx, backend.Options{Name: in.Backend}); err != nil {
				return nil, err
			}
			defer b.Finalize()
		}
		return profile.Measure(ctx, b, w.Model(in.Model), profile.Options{
			Batches: []int{in.Batch}, Lengths: []int{in.Length}, Repeats: in.Repeats, CellTime: time.Duration(in.CellSeconds * float64(time.Second)),
		})
	},
}

// randomBase is BERT-base with random weights, on whose values no time depends.
var randomBase = &experiment.ModelDefinition[struct{ Seed uint64 }, struct{}]{
	Name: "BERT-base with random weights", Version: 1, Transient: true,
	Title: experiment.Titled[struct{ Seed uint64 }](words.Key("BERT-base with random weights")),
	Run: func(_ context.Context, _ *experiment.Worker, in struct{ Seed uint64 }) (*gbert.Model, struct{}, error) {
		model, err := gbert.New(gbert.BERTBase(), in.Seed)
		return model, struct{}{}, err
	},
}
