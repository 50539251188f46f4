package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// memoryAllowance is what eval may take beside the weights.
const memoryAllowance = 600e6

// memory reads the peak resident memory of processes of their own: an evaluation, an ablation of heads, and the first steps of a
// training, gbert's and that of a script with PyTorch.
func (s *suite) memory(ctx context.Context) error {
	if err := s.evalMemory(ctx); err != nil {
		return err
	}
	if err := s.ablationMemory(ctx); err != nil {
		return err
	}
	return s.trainingMemory(ctx)
}

func (s *suite) evalMemory(ctx context.Context) error {
	path, n, err := s.writeExamples(s.dev, s.sizes.memory)
	if err != nil {
		return err
	}
	ours, _, peak, err := runAlone(s.bertlabAlone(ctx, path, "eval"))
	if err != nil {
		return err
	}
	r, err := s.memoryResult(fmt.Sprintf("eval, %d examples", n), peak)
	if err != nil {
		return err
	}
	r.Note = fmt.Sprintf("%.0f MB beside the weights, of which %.0f are allowed", float64(peak-r.WeightBytes)/1e6, memoryAllowance/1e6)
	return s.againstAlone(ctx, r, "evaluate", path, func(p *peer, theirs *alone) error {
		return s.agree(p, "loss of an evaluation", ours.Loss, theirs.Loss)
	})
}

func (s *suite) ablationMemory(ctx context.Context) error {
	path, n, err := s.writeExamples(s.dev, s.sizes.memory)
	if err != nil {
		return err
	}
	ours, _, peak, err := runAlone(s.bertlabAlone(ctx, path, "heads", "ablate"))
	if err != nil {
		return err
	}
	r, err := s.memoryResult(fmt.Sprintf("ablation, %d examples", n), peak)
	if err != nil {
		return err
	}
	return s.againstAlone(ctx, r, "ablate", path, func(p *peer, theirs *alone) error {
		for _, h := range ours.Heads {
			if h.Head != 0 || h.Layer >= len(theirs.Losses) {
				continue
			}
			if err := s.agree(p, fmt.Sprintf("loss without head 0 of layer %d", h.Layer), h.Loss, theirs.Losses[h.Layer]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *suite) trainingMemory(ctx context.Context) error {
	if p := s.eager(); p != nil {
		check, err := s.fixed(batchSize, 32)
		if err != nil {
			return err
		}
		if err := s.checkSteps(ctx, p, check); err != nil {
			return err
		}
	}
	path, _, err := s.writeExamples(s.train, 0)
	if err != nil {
		return err
	}
	checkpoints, err := os.MkdirTemp(s.scratch, "checkpoints-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(checkpoints)
	executable, err := os.Executable()
	if err != nil {
		return err
	}
	_, _, peak, err := runAlone(exec.CommandContext(ctx, executable, trainWord, s.dir, path, checkpoints))
	if err != nil {
		return err
	}
	r, err := s.memoryResult(fmt.Sprintf("fine-tuning, %d steps", aloneSteps), peak)
	if err != nil {
		return err
	}
	r.Note = "gbert has compiled for all lengths of three epochs, and writes checkpoints; torch trains on random batches"
	return s.againstAlone(ctx, r, "train", path, func(p *peer, theirs *alone) error {
		if theirs.Steps != aloneSteps {
			return fmt.Errorf("bench: %s did %d steps of %d", p.name, theirs.Steps, aloneSteps)
		}
		return nil
	})
}

// memoryResult begins the result of a process's peak.
func (s *suite) memoryResult(of string, peak int64) (*result, error) {
	if peak == 0 {
		return nil, fmt.Errorf("bench: this system does not tell a process's peak memory")
	}
	weights, err := s.weightBytes()
	return &result{Model: s.name, Item: "memory", Case: of, Pairs: 1, GbertBytes: peak, WeightBytes: weights}, err
}

// againstAlone measures the same in the peer's script, once its results are found equal.
func (s *suite) againstAlone(ctx context.Context, r *result, task, path string, check func(*peer, *alone) error) error {
	p := s.eager()
	if p == nil {
		s.report.add(r)
		return nil
	}
	theirs, _, peak, err := runAlone(s.pythonAlone(ctx, task, path, 0))
	if err != nil {
		return err
	}
	if err := check(p, theirs); err != nil {
		return err
	}
	ratio := float64(r.GbertBytes) / float64(peak)
	r.Peer, r.PeerBytes, r.Ratio, r.Aim = p.name, peak, &spread{ratio, ratio, ratio}, aimOf("memory", s.name, r.Case, p.name)
	s.report.add(r)
	return nil
}
