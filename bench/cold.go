package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"bertlab/gbert/backend"
)

// coldExamples are the sentences that a cold start evaluates.
const coldExamples = 100

// cold times processes from their start to the accuracy of some sentences: bertlab's first run, which compiles, its later ones, which
// find the programs in the store, and a script with transformers.
func (s *suite) cold(ctx context.Context) error {
	path, n, err := s.writeExamples(s.dev, coldExamples)
	if err != nil {
		return err
	}
	store, err := os.MkdirTemp(s.scratch, "programs-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(store)
	run := func(folder string) (*alone, float64, error) {
		command := s.bertlabAlone(ctx, path, "eval")
		command.Env = append(os.Environ(), backend.StoreVariable+"="+folder)
		answer, seconds, _, err := runAlone(command)
		return answer, seconds, err
	}
	var first, later, theirs []float64
	for i := range s.sizes.cold + 1 { // the first round brings the files into memory
		if err := s.rest(); err != nil {
			return err
		}
		ours, seconds, err := run("off")
		if err != nil {
			return err
		}
		if i == 0 {
			if _, _, err = run(store); err != nil { // fills the store
				return err
			}
		}
		_, again, err := run(store)
		if err != nil {
			return err
		}
		var other float64
		if p := s.eager(); p != nil {
			if other, err = s.pythonCold(p, s.pythonAlone(ctx, "evaluate", path, 0), ours); err != nil {
				return err
			}
		}
		if i > 0 {
			first, later, theirs = append(first, seconds), append(later, again), append(theirs, other)
		}
	}
	s.addCold("a first run", n, first, theirs)
	s.addCold("a later run", n, later, theirs)
	return nil
}

// pythonCold times the peer's script, whose results must be those of bertlab.
func (s *suite) pythonCold(p *peer, command *exec.Cmd, ours *alone) (float64, error) {
	if err := s.rest(); err != nil {
		return 0, err
	}
	theirs, seconds, _, err := runAlone(command)
	if err != nil {
		return 0, err
	}
	if err := s.agree(p, "accuracy", ours.Metrics.Accuracy, theirs.Accuracy); err != nil {
		return 0, err
	}
	return seconds, s.agree(p, "loss", ours.Loss, theirs.Loss)
}

func (s *suite) addCold(of string, examples int, ours, theirs []float64) {
	taken := &samples{ours: ours, theirs: map[*peer][]float64{}}
	var peers []*peer
	if p := s.eager(); p != nil {
		peers, taken.theirs[p] = []*peer{p}, theirs
	}
	s.add("cold", fmt.Sprintf("%s, %d sentences", of, examples), peers, taken, 0, nil)
}
