package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/stats"
)

// trainingEpochs is the number of epochs for which gbert chooses its padded lengths: the default of a run.
const trainingEpochs = 3

// resamples of the bootstrap behind an epoch's quartiles.
const resamples = 1000

// rival is a way in which a peer trains, with the steps of it that were timed.
type rival struct {
	*plan
	peer    *peer
	name    string
	drawn   []int // numbers of batches
	timings []timing
}

// rivals are the two trainers of transformers, on each peer that trains.
func (s *suite) rivals(p *finetune.Prepared, seed uint64) []*rival {
	var all []*rival
	for _, peer := range s.trainers() {
		for name, plan := range map[string]*plan{"random batches": randomPlan(p.Encodings, batchSize, seed), "length-grouped": groupedPlan(p.Encodings, batchSize, seed)} {
			all = append(all, &rival{plan: plan, peer: peer, name: name, drawn: plan.sample(s.sizes.epoch, seed)})
		}
	}
	slices.SortFunc(all, func(a, b *rival) int {
		return cmp.Or(-cmp.Compare(a.name, b.name), cmp.Compare(a.peer.name, b.peer.name))
	})
	return all
}

// step times the rival's i-th drawn step.
func (r *rival) step(s *suite, p *finetune.Prepared, i int) error {
	number := r.drawn[i]
	index := r.batches[number]
	if err := r.peer.sendBatch("b", gbert.PadBatch(p.Encodings, index, len(index), nil, s.model.Config.PadTokenID), s.train); err != nil {
		return err
	}
	answer, err := s.ask(r.peer, "step", arguments{"batch": "b", "rate": 2e-5})
	r.timings = append(r.timings, timing{r.lengths[number], answer.Seconds})
	return err
}

// epoch estimates an epoch over the training set from some of its steps, gbert's and the rivals' in turn.
func (s *suite) epoch(ctx context.Context) error {
	p, err := finetune.Prepare(s.backend, s.model, s.train, maxLength, batchSize, 1)
	if err != nil {
		return err
	}
	const seed = 1
	ours := gbertPlan(p.Encodings, batchSize, trainingEpochs, seed, gbert.CompilationCost(s.backend))
	rivals := s.rivals(p, seed)
	for _, peer := range s.trainers() {
		check, err := s.fixed(batchSize, 32)
		if err != nil {
			return err
		}
		if err := s.checkSteps(ctx, peer, check); err != nil {
			return err
		}
	}
	for _, r := range rivals { // a compiler meets two lengths, and compiles for all
		for _, i := range []int{0, len(r.drawn) - 1} {
			if err := r.step(s, p, i); err != nil {
				return err
			}
		}
		r.timings = nil
	}
	t := startTrainer(ctx, s.backend, s.model, s.train, finetune.Options{Epochs: trainingEpochs, BatchSize: batchSize, MaxLength: maxLength, Seed: seed})
	defer t.stop()
	var compiled, timings []timing
	done := 0
	next := func() (timing, error) { // the next step that needs no compilation
		for {
			if err := s.rest(); err != nil {
				return timing{}, err
			}
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
		timings = append(timings, at)
		for _, r := range rivals {
			if err := r.step(s, p, i); err != nil {
				return err
			}
		}
		s.progress("epoch: step %d of %d", i+1, s.sizes.epoch)
	}
	s.addEpochs(ours, timings, compiled, rivals)
	return nil
}

// addEpochs reports the estimates of whole epochs.
func (s *suite) addEpochs(ours *plan, own, compiled []timing, rivals []*rival) {
	fit := fitLine(own)
	compile := 0.0 // a training compiles for all of its lengths before its first step
	for _, c := range compiled {
		compile += max(c.seconds-fit.at(c.length), 0)
	}
	shapes := map[int]bool{}
	for _, length := range ours.lengths {
		shapes[length] = true
	}
	timings, epochs := [][]timing{own}, [][]int{ours.lengths}
	for _, r := range rivals {
		timings, epochs = append(timings, r.timings), append(epochs, r.lengths)
	}
	totals := bootstrapTotals(timings, epochs, resamples)
	total := fit.total(ours.lengths)
	alone := result{Model: s.name, Item: "epoch", Pairs: len(own), Gbert: total, Compile: compile, RealTokens: ours.real, GbertTokens: ours.computed}
	if len(rivals) == 0 {
		alone.Case = "alone"
		s.report.add(&alone)
	}
	for i, rival := range rivals {
		r := alone
		r.Case, r.Peer, r.PeerTokens = "against "+rival.name, rival.peer.name, rival.computed
		r.Aim = aimOf("epoch", s.name, r.Case, r.Peer)
		r.Note = fmt.Sprintf("estimated from %d steps each; tokens computed for each real one: gbert %.2f, %s %.2f; gbert compiles %d lengths once a run",
			s.sizes.epoch, share(ours), r.Peer, share(rival.plan), len(shapes))
		r.PeerSeconds = fitLine(rival.timings).total(rival.lengths)
		of := ratios(totals[0], totals[1+i])
		r.Ratio = &spread{Median: total / r.PeerSeconds, Q1: stats.Quantile(of, 0.25), Q3: stats.Quantile(of, 0.75)}
		r.WithCompile = (total + compile) / r.PeerSeconds
		s.report.add(&r)
	}
}

func share(p *plan) float64 { return float64(p.computed) / float64(p.real) }
