package wang2022

import (
	"context"

	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/tokenizer"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/tucker"
	"bertlab/tensor"
)

// speedInputs are two models that are timed in turn.
type speedInputs struct {
	Whole, Small           experiment.ModelSource
	Batch, Length, Repeats int

	title func(say *words.Printer) string
}

// timeModels times a decomposed model beside the whole one, a classifier on full batches.
var timeModels = &experiment.Definition[speedInputs, Speed]{
	Name: "time of a decomposed model", Version: 2, Timed: true, Title: func(say *words.Printer, in speedInputs) string { return in.title(say) },
	Run: func(ctx context.Context, w *experiment.Worker, in speedInputs) (Speed, error) {
		whole, err := w.Session(in.Whole)
		if err != nil {
			return Speed{}, err
		}
		small, err := w.Session(in.Small)
		if err != nil {
			return Speed{}, err
		}
		before, after := whole.Model().Config, small.Model().Config
		length := min(in.Length, after.MaxPositionEmbeddings)
		words := tokenizer.Encoding{IDs: make([]int32, length), Types: make([]int32, length)} // which words does not matter for the time
		batch := experiment.FilledBatch([]tokenizer.Encoding{words}, in.Batch, length, after.PadTokenID)
		timing, err := experiment.TimePair(ctx, whole, small, batch, in.Repeats)
		if err != nil {
			return Speed{}, err
		}
		return Speed{Time: timing, MACRatio: float64(before.BatchMACs(batch.Rows, length, true).Total()) / float64(after.BatchMACs(batch.Rows, length, true).Total())}, nil
	},
}

// mapInputs are the maps of a role that are timed, dense and factored at a part of the break-even rank.
type mapInputs struct {
	Model                  experiment.ModelSource
	Role                   gbert.Role
	Part                   float64
	Batch, Length, Repeats int
}

// timeMaps times single linear maps.
var timeMaps = &experiment.Definition[mapInputs, MapSpeed]{
	Name: "time of linear maps", Version: 2, Timed: true,
	Title: func(say *words.Printer, in mapInputs) string {
		return say.F("timing linear maps: %s, %g of the break-even rank", in.Role, in.Part)
	},
	Run: func(ctx context.Context, w *experiment.Worker, in mapInputs) (MapSpeed, error) {
		dense, err := w.Session(in.Model)
		if err != nil {
			return MapSpeed{}, err
		}
		c := dense.Model().Config
		out, width := c.HiddenSize, c.HiddenSize
		switch in.Role {
		case gbert.FFNIn:
			out = c.IntermediateSize
		case gbert.FFNOut:
			width = c.IntermediateSize
		}
		even := tensor.BreakEvenRank(out, width)
		m := MapSpeed{Role: string(in.Role), Out: out, In: width, BreakEven: even, Part: in.Part, Rank: min(max(1, int(in.Part*float64(even))), c.HiddenSize)}
		low, _, err := tucker.Factorise(ctx, dense.Model(), tucker.FactoriseOptions{Rank: m.Rank, Roles: []gbert.Role{in.Role}, SVD: tensor.SVDOptions{Method: tensor.Randomised}})
		if err != nil {
			return m, err
		}
		factored, err := gbert.NewSession(w.Backend(), low)
		if err != nil {
			return m, err
		}
		defer factored.Close()
		return m, in.time(ctx, dense, factored, &m)
	},
}

// time times the maps of a role of all layers, one after the other on the same input, dense and factored in turn.
func (in *mapInputs) time(ctx context.Context, dense, factored *gbert.Session, m *MapSpeed) error {
	tokens := in.Batch * in.Length
	values := make([]float32, tokens*m.In)
	for i := range values {
		values[i] = float32(i%17) / 17
	}
	x := tensors.FromFlatDataAndDimensions(values, tokens, m.In)
	defer x.MustFinalizeAll()
	whole, err := tucker.PassMaps(dense, in.Role)
	if err != nil {
		return err
	}
	small, err := tucker.PassMaps(factored, in.Role)
	if err != nil {
		return err
	}
	var first, second []experiment.Elapsed
	for repeat := -2; repeat < 3*in.Repeats; repeat++ { // two rounds compile and warm up
		if err := ctx.Err(); err != nil {
			return err
		}
		watch := experiment.Start()
		if err := whole(x); err != nil {
			return err
		}
		a := watch.Elapsed()
		watch = experiment.Start()
		if err := small(x); err != nil {
			return err
		}
		if b := watch.Elapsed(); repeat >= 0 {
			first, second = append(first, a), append(second, b)
		}
	}
	timed := experiment.Pairs(first, second)
	m.Dense, m.Factored, m.Ratio, m.Low, m.High = timed.Seconds, timed.PrunedSeconds, timed.Ratio, timed.Low, timed.High
	m.Ratios, m.Processors = timed.Ratios, timed.Processors
	m.MACs = dense.Model().Config.NumHiddenLayers * tokens * m.Out * m.In
	m.MACRatio = float64(m.Out*m.In) / float64(m.Rank*(m.Out+m.In))
	return nil
}
