package main

import (
	"context"
	"fmt"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/techniques/heads"
)

// ablation times gbert's whole sweep over the heads, and between its parts some of the peer's passes, each with one head masked
// over the whole data set in batches sorted by length.
func (s *suite) ablation(ctx context.Context) error {
	d := s.dev
	if n := s.sizes.ablation; n > 0 && n < d.Len() {
		var err error
		if d, err = d.Take(n, 1); err != nil {
			return err
		}
	}
	p, err := finetune.Prepare(s.backend, s.model, d, maxLength, batchSize, heads.SweepPasses(s.model.Config))
	if err != nil {
		return err
	}
	session, err := gbert.NewSession(s.backend, s.model)
	if err != nil {
		return err
	}
	defer session.Close()
	one, err := onePerShape(p)
	if err != nil {
		return err
	}
	began := time.Now()
	s.progress("ablation: compiling %d shapes", len(one.Batches))
	if _, err := heads.Ablate(ctx, session, one, nil); err != nil {
		return err
	}
	warm := time.Since(began)

	list := heads.All(s.model.Config)
	eager := s.eager()
	names, err := sendSorted(eager, p, s.model.Config.PadTokenID)
	if err != nil {
		return err
	}
	var passes []float64
	var elsewhere time.Duration // what the peer and its checks took
	var failure error
	losses := map[int]float64{}
	pass := func() {
		from := time.Now()
		defer func() { elsewhere += time.Since(from) }()
		head := len(passes) * len(list) / s.sizes.passes
		answer, err := s.ask(eager, "pass", arguments{"batches": names, "layer": list[head].Layer, "head": list[head].Head})
		if err != nil {
			failure = err
			return
		}
		passes = append(passes, answer.Seconds)
		losses[head] = answer.Loss
	}
	if eager != nil {
		if _, err := s.ask(eager, "pass", arguments{"batches": names, "layer": -1, "head": 0}); err != nil { // warms up
			return err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	began = time.Now()
	ablation, err := heads.Ablate(ctx, session, p, func(done, total int) {
		if eager != nil && failure == nil && len(passes) < s.sizes.passes && done*s.sizes.passes >= (len(passes)+1)*total {
			if pass(); failure != nil {
				cancel()
			}
		}
	})
	sweep := (time.Since(began) - elsewhere).Seconds()
	if failure != nil {
		return failure
	}
	if err != nil {
		return err
	}
	for head, loss := range losses {
		if err := s.agree(eager, fmt.Sprintf("loss without head %d of layer %d", list[head].Head, list[head].Layer), ablation.Heads[head].Loss, loss); err != nil {
			return err
		}
	}
	_, tokens := p.Tokens()
	_, warmTokens := one.Tokens()
	r := &result{
		Model: s.name, Item: "ablation", Case: fmt.Sprintf("%d heads, %d examples", len(list), d.Len()), Pairs: len(passes), Gbert: sweep,
		Compile: max(warm.Seconds()-sweep*float64(warmTokens)/float64(tokens), 0),
		Note:    fmt.Sprintf("gbert's sweep is measured whole, with its statistics; torch's time is that of one pass times %d", len(list)+1),
	}
	if eager != nil {
		whole, ours := make([]float64, len(passes)), make([]float64, len(passes))
		for i, seconds := range passes {
			whole[i], ours[i] = seconds*float64(len(list)+1), sweep
		}
		r.against(eager.name, ours, whole)
		r.Aim, r.WithCompile = aimOf("ablation", s.name, r.Case, eager.name), (sweep+r.Compile)/r.PeerSeconds
	}
	s.report.add(r)
	return nil
}

// onePerShape is the part of a prepared data set that has its first batch of each shape.
func onePerShape(p *finetune.Prepared) (*finetune.Prepared, error) {
	one := &finetune.Prepared{}
	var chosen []int
	seen := map[[2]int]bool{}
	for _, b := range p.Batches {
		shape := [2]int{b.Rows, b.Length}
		if seen[shape] {
			continue
		}
		seen[shape] = true
		renumbered := *b
		renumbered.Index = make([]int, len(b.Index))
		for row, example := range b.Index {
			renumbered.Index[row] = len(chosen)
			chosen = append(chosen, example)
			one.Encodings = append(one.Encodings, p.Encodings[example])
		}
		one.Batches = append(one.Batches, &renumbered)
	}
	var err error
	one.Dataset, err = p.Dataset.Subset(chosen)
	return one, err
}

// sendSorted gives a peer the data set in batches sorted by length, each padded to its own longest example.
func sendSorted(peer *peer, p *finetune.Prepared, padID int) ([]string, error) {
	if peer == nil {
		return nil, nil
	}
	if err := peer.ask("forget", nil, nil); err != nil {
		return nil, err
	}
	var names []string
	for i, b := range p.Batches {
		own := gbert.PadBatch(p.Encodings, b.Index, len(b.Index), nil, padID)
		name := fmt.Sprint(i)
		if err := peer.sendBatch(name, own, p.Dataset); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}
