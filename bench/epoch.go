package main

import (
	"context"
	"fmt"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/stats"
)

// trainingEpochs is the number of epochs for which gbert chooses its padded lengths: the default of a run.
const trainingEpochs = 3

// resamples of the bootstrap behind an epoch's quartiles.
const resamples = 1000

// epoch estimates an epoch over the training set from some of its steps, gbert's and the two trainers' of transformers in turn.
func (s *suite) epoch(ctx context.Context) error {
	p, err := finetune.Prepare(s.backend, s.model, s.train, maxLength, batchSize, 1)
	if err != nil {
		return err
	}
	const seed = 1
	ours := gbertPlan(p.Encodings, batchSize, trainingEpochs, seed, gbert.CompilationCost(s.backend))
	strategies := []string{"random batches", "length-grouped"}
	theirs := []*plan{randomPlan(p.Encodings, batchSize, seed), groupedPlan(p.Encodings, batchSize, seed)}
	drawn := make([][]int, len(theirs))
	timings := make([][]timing, 1+len(theirs))
	if s.peer != nil {
		check, err := s.fixed(32)
		if err != nil {
			return err
		}
		if err := s.checkSteps(ctx, check); err != nil {
			return err
		}
		for i, plan := range theirs {
			drawn[i] = plan.sample(s.sizes.epoch, seed)
		}
	}
	t := startTrainer(ctx, s.backend, s.model, s.train, finetune.Options{Epochs: trainingEpochs, BatchSize: batchSize, MaxLength: maxLength, Seed: seed})
	defer t.stop()
	var compiled []timing
	done := 0
	next := func() (timing, error) { // the next step that needs no compilation
		for {
			time.Sleep(settle)
			step, err := t.next(done == 0)
			if err != nil {
				return timing{}, err
			}
			at := timing{ours.lengths[done], step.seconds}
			done++
			if !step.compiled {
				return at, nil
			}
			compiled = append(compiled, at)
		}
	}
	for i := range s.sizes.epoch { // a shape's first steps take longer, while memory is found for it
		if _, err := next(); err != nil {
			return err
		}
		s.progress("epoch: warming up, step %d of %d", i+1, s.sizes.epoch)
	}
	for i := range s.sizes.epoch {
		at, err := next()
		if err != nil {
			return err
		}
		timings[0] = append(timings[0], at)
		for k, plan := range theirs {
			if s.peer == nil {
				continue
			}
			number := drawn[k][i]
			index := plan.batches[number]
			batch := gbert.PadBatch(p.Encodings, index, len(index), nil, s.model.Config.PadTokenID)
			if err := s.peer.sendBatch("b", batch, s.train); err != nil {
				return err
			}
			answer, err := s.ask("step", arguments{"batch": "b", "rate": 2e-5})
			if err != nil {
				return err
			}
			timings[1+k] = append(timings[1+k], timing{plan.lengths[number], answer.Seconds})
		}
		s.progress("epoch: step %d of %d", i+1, s.sizes.epoch)
	}
	fit := fitLine(timings[0])
	compile := 0.0 // a training compiles for all of its lengths before its first step
	for _, c := range compiled {
		compile += max(c.seconds-fit.at(c.length), 0)
	}
	shapes := map[int]bool{}
	for _, length := range ours.lengths {
		shapes[length] = true
	}
	epochs := [][]int{ours.lengths}
	for _, plan := range theirs {
		epochs = append(epochs, plan.lengths)
	}
	if s.peer == nil {
		timings, epochs = timings[:1], epochs[:1]
	}
	totals := bootstrapTotals(timings, epochs, resamples)
	for k, name := range strategies {
		r := &result{
			Model: s.name, Item: "epoch", Case: fmt.Sprintf("against %s", name), Aim: []float64{0.5, 1}[k], Compile: compile,
			Note: fmt.Sprintf("estimated from %d steps each; tokens computed for each real one: gbert %.2f, torch %.2f; gbert compiles %d lengths once a run",
				s.sizes.epoch, share(ours), share(theirs[k]), len(shapes)),
			RealTokens: ours.real, GbertTokens: ours.computed, TorchTokens: theirs[k].computed,
		}
		r.Pairs = len(timings[0])
		total := fit.total(ours.lengths)
		r.Gbert = &spread{Median: total, Q1: stats.Quantile(totals[0], 0.25), Q3: stats.Quantile(totals[0], 0.75)}
		if s.peer != nil {
			other := fitLine(timings[1+k]).total(theirs[k].lengths)
			r.Torch = &spread{Median: other, Q1: stats.Quantile(totals[1+k], 0.25), Q3: stats.Quantile(totals[1+k], 0.75)}
			of := ratios(totals[0], totals[1+k])
			r.Ratio = &spread{Median: total / other, Q1: stats.Quantile(of, 0.25), Q3: stats.Quantile(of, 0.75)}
			r.WithCompile = (total + compile) / other
		}
		s.report.add(r)
	}
	return nil
}

func share(p *plan) float64 { return float64(p.computed) / float64(p.real) }
