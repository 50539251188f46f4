package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gomlx/compute"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
)

// tolerance is how far results of the two sides may be apart before anything is timed.
func (d device) tolerance() float64 {
	if d.tf32 { // ten bits of mantissa
		return 2e-2
	}
	return 1e-3
}

// settle is the pause before each sample, in which the other side's threads stop spinning.
const settle = 50 * time.Millisecond

// The batch of all items.
const batchSize, maxLength = 32, 128

// suite measures one model.
type suite struct {
	backend   compute.Backend
	tolerance float64 // between the two sides' results
	peer      *peer   // nil: gbert alone
	report    *report
	model     *gbert.Model // with a classifier of two classes
	name      string
	dir       string // the model's files, as both sides load them
	task      *task.Task
	train     *task.Dataset
	dev       *task.Dataset
	devPath   string
	sizes     sizes
	bertlab   string // the command's binary; empty: not built
	progress  func(format string, a ...any)
}

// sizes are the numbers of samples.
type sizes struct {
	forward, step, epoch, passes int
	ablation                     int // examples; 0: all
	memory                       int // examples; 0: all
}

var (
	fullSizes  = sizes{forward: 15, step: 12, epoch: 40, passes: 8}
	quickSizes = sizes{forward: 5, step: 4, epoch: 12, passes: 3, ablation: 64, memory: 100}
)

// fixed is 32 examples of exactly length tokens.
func (s *suite) fixed(length int) (*finetune.Prepared, error) {
	words := strings.Fields("the a film story good bad and with of not is was more than time life")
	rng := rand.New(rand.NewPCG(uint64(length), 0))
	d := &task.Dataset{Task: s.task, Source: "random words"}
	for i := range batchSize {
		text := make([]string, length-2)
		for j := range text {
			text[j] = words[rng.IntN(len(words))]
		}
		d.Examples = append(d.Examples, task.Example{TextA: strings.Join(text, " "), Label: i % 2})
	}
	p, err := finetune.Prepare(s.backend, s.model, d, maxLength, batchSize, 1)
	if err != nil {
		return nil, err
	}
	if b := p.Batches[0]; len(p.Batches) != 1 || b.Rows != batchSize || b.Length != length {
		return nil, fmt.Errorf("bench: the tokenizer of %s makes %d instead of %d tokens of common words", s.name, b.Length, length)
	}
	return p, nil
}

// save writes the model where the peer and the command line load it.
func (s *suite) save(parent string) error {
	s.dir = filepath.Join(parent, filepath.Base(s.name))
	if err := s.model.Save(s.dir, gbert.Float32); err != nil {
		return err
	}
	if s.peer == nil {
		return nil
	}
	return s.peer.ask("model", arguments{"dir": s.dir}, nil)
}

// ask times a command of the peer, after the pause.
func (s *suite) ask(command string, a arguments) (timed, error) {
	var answer timed
	time.Sleep(settle)
	err := s.peer.ask(command, a, &answer)
	return answer, err
}

func (s *suite) agree(what string, gbert, torch float64) error {
	if math.Abs(gbert-torch) <= s.tolerance {
		return nil
	}
	return fmt.Errorf("bench: %s: gbert has %g, torch %g: they do not compute the same, so their times are not compared", what, gbert, torch)
}

// forward times the classifier's logits of a batch: from token ids on the host to logits on the host.
func (s *suite) forward(ctx context.Context, length int) error {
	p, err := s.fixed(length)
	if err != nil {
		return err
	}
	session, err := gbert.NewSession(s.backend, s.model)
	if err != nil {
		return err
	}
	defer session.Close()
	batch := p.Batches[0]
	run := func() (float64, [][]float32, error) {
		time.Sleep(settle)
		began := time.Now()
		logits, err := session.BatchLogits(batch, nil)
		return time.Since(began).Seconds(), logits, err
	}
	first, logits, err := run()
	if err != nil {
		return err
	}
	result := &result{Model: s.name, Item: "forward", Case: fmt.Sprintf("%d × %d", batchSize, length), Aim: 0.95}
	if s.peer != nil {
		if err := s.peer.ask("forget", nil, nil); err != nil {
			return err
		}
		if err := s.peer.sendBatch("b", batch, p.Dataset); err != nil {
			return err
		}
		answer, err := s.ask("forward", arguments{"batch": "b"})
		if err != nil {
			return err
		}
		for row := range logits {
			for label, value := range logits[row] {
				if err := s.agree(fmt.Sprintf("logit %d of row %d", label, row), float64(value), answer.Logits[batch.Index[row]][label]); err != nil {
					return err
				}
			}
		}
	}
	var ours, theirs []float64
	for i := range s.sizes.forward + 1 {
		if err := ctx.Err(); err != nil {
			return err
		}
		seconds, _, err := run()
		if err != nil {
			return err
		}
		var answer timed
		if s.peer != nil {
			if answer, err = s.ask("forward", arguments{"batch": "b"}); err != nil {
				return err
			}
		}
		if i == 0 { // the first pair warms both up
			continue
		}
		ours = append(ours, seconds)
		if s.peer != nil {
			theirs = append(theirs, answer.Seconds)
		}
	}
	result.pairs(ours, theirs)
	result.Compile = max(first-result.Gbert.Median, 0)
	s.report.add(result)
	return nil
}

// step times optimizer steps on a batch: forward, backward, clipping, AdamW, dropout.
func (s *suite) step(ctx context.Context, length int) error {
	p, err := s.fixed(length)
	if err != nil {
		return err
	}
	if s.peer != nil {
		if err := s.checkSteps(ctx, p); err != nil {
			return err
		}
	}
	t := startTrainer(ctx, s.backend, s.model, p.Dataset, finetune.Options{Epochs: s.sizes.step + 3, BatchSize: batchSize, MaxLength: maxLength})
	defer t.stop()
	first, err := t.next(true)
	if err != nil {
		return err
	}
	var ours, theirs []float64
	for i := range s.sizes.step + 1 {
		time.Sleep(settle)
		step, err := t.next(false)
		if err != nil {
			return err
		}
		var answer timed
		if s.peer != nil {
			if answer, err = s.ask("step", arguments{"batch": "b", "rate": 2e-5}); err != nil {
				return err
			}
		}
		if i == 0 { // the first pair warms both up
			continue
		}
		ours = append(ours, step.seconds)
		if s.peer != nil {
			theirs = append(theirs, answer.Seconds)
		}
	}
	result := &result{Model: s.name, Item: "step", Case: fmt.Sprintf("%d × %d", batchSize, length), Aim: 1}
	result.pairs(ours, theirs)
	result.Compile = max(first.seconds-result.Gbert.Median, 0)
	s.report.add(result)
	return nil
}

// checkSteps compares the losses of three steps without dropout, and leaves the peer in a training with dropout, the batch
// being "b".
func (s *suite) checkSteps(ctx context.Context, p *finetune.Prepared) error {
	const rate, steps = 2e-5, 3
	if err := s.peer.ask("forget", nil, nil); err != nil {
		return err
	}
	if err := s.peer.sendBatch("b", p.Batches[0], p.Dataset); err != nil {
		return err
	}
	if err := s.peer.ask("train", arguments{"dropout": false, "decay": 0.01}, nil); err != nil {
		return err
	}
	plain := s.model.Clone()
	plain.Config.HiddenDropoutProb, plain.Config.AttentionProbsDropoutProb, plain.Config.ClassifierDropout = 0, 0, 0
	t := startTrainer(ctx, s.backend, plain, p.Dataset, finetune.Options{Epochs: steps + 1, BatchSize: batchSize, MaxLength: maxLength, LearningRate: rate, Warmup: -1})
	defer t.stop()
	for i := range steps {
		ours, err := t.next(i == 0)
		if err != nil {
			return err
		}
		theirs, err := s.ask("step", arguments{"batch": "b", "rate": rate * float64(steps+1-i) / (steps + 1)})
		if err != nil {
			return err
		}
		if err := s.agree(fmt.Sprintf("loss of step %d", i+1), ours.loss, theirs.Loss); err != nil {
			return err
		}
	}
	return s.peer.ask("train", arguments{"dropout": true, "decay": 0.01}, nil)
}

// weightBytes is the size of the model's weights in its file.
func (s *suite) weightBytes() (int64, error) {
	info, err := os.Stat(filepath.Join(s.dir, "model.safetensors"))
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
