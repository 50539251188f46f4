package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gomlx/compute"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/stats"
)

// tolerance is how far results of the two sides may be apart before anything is timed.
func (d device) tolerance() float64 {
	if d.tf32 { // ten bits of mantissa
		return 2e-2
	}
	return 1e-3
}

// The batch of all items.
const batchSize, maxLength = 32, 128

// suite measures one model.
type suite struct {
	backend   compute.Backend
	tolerance float64 // between the sides' results
	peers     []*peer // none: gbert alone
	report    *report
	model     *gbert.Model // with a classifier of two classes
	name      string
	dir       string // the model's files, as all sides load them
	python    string // the peers'
	threads   int
	patience  time.Duration // for a peer to come to rest
	scratch   string        // a folder for files of the moment
	task      *task.Task
	train     *task.Dataset
	dev       *task.Dataset
	sizes     sizes
	bertlab   string // the command's binary; empty: not built
	progress  func(format string, a ...any)
}

// sizes are the numbers of samples.
type sizes struct {
	forward, step, epoch, passes, cold int
	ablation                           int // examples; 0: all
	memory                             int // examples; 0: all
}

var (
	fullSizes  = sizes{forward: 15, step: 12, epoch: 40, passes: 8, cold: 5}
	quickSizes = sizes{forward: 5, step: 4, epoch: 12, passes: 3, cold: 2, ablation: 64, memory: 100}
)

// fixed is a batch of rows examples of exactly length tokens.
func (s *suite) fixed(rows, length int) (*finetune.Prepared, error) {
	words := strings.Fields("the a film story good bad and with of not is was more than time life")
	rng := rand.New(rand.NewPCG(uint64(length), 0))
	d := &task.Dataset{Task: s.task, Source: "random words"}
	for i := range rows {
		text := make([]string, length-2)
		for j := range text {
			text[j] = words[rng.IntN(len(words))]
		}
		d.Examples = append(d.Examples, task.Example{TextA: strings.Join(text, " "), Label: i % 2})
	}
	p, err := finetune.Prepare(s.backend, s.model, d, maxLength, rows, 1)
	if err != nil {
		return nil, err
	}
	if b := p.Batches[0]; len(p.Batches) != 1 || b.Rows != rows || b.Length != length {
		return nil, fmt.Errorf("bench: the tokenizer of %s makes %d instead of %d tokens of common words", s.name, b.Length, length)
	}
	return p, nil
}

// save writes the model where the peers and the command line load it.
func (s *suite) save(parent string) error {
	s.dir = filepath.Join(parent, filepath.Base(s.name))
	if err := s.model.Save(s.dir, gbert.Float32); err != nil {
		return err
	}
	for _, p := range s.peers {
		if err := p.ask("model", arguments{"dir": s.dir}, nil); err != nil {
			return err
		}
	}
	return nil
}

// trainers are the peers that can train.
func (s *suite) trainers() []*peer {
	return slices.DeleteFunc(slices.Clone(s.peers), func(p *peer) bool { return !p.trains() })
}

// eager is PyTorch as it is, which masks heads and whose memory is measured; nil without it.
func (s *suite) eager() *peer {
	for _, p := range s.peers {
		if p.name == "torch" {
			return p
		}
	}
	return nil
}

// ask times a command of a peer, once all sides are at rest.
func (s *suite) ask(p *peer, command string, a arguments) (timed, error) {
	var answer timed
	if err := s.rest(); err != nil {
		return answer, err
	}
	err := p.ask(command, a, &answer)
	return answer, err
}

func (s *suite) agree(p *peer, what string, gbert, other float64) error {
	if math.Abs(gbert-other) <= s.tolerance {
		return nil
	}
	return fmt.Errorf("bench: %s: gbert has %g, %s %g: they do not compute the same, so their times are not compared", what, gbert, p.name, other)
}

// samples are times that were taken in turn: gbert's, and those of each peer.
type samples struct {
	ours   []float64
	theirs map[*peer][]float64
	busy   time.Duration // what the peers computed while gbert was timed
}

// alternate takes n samples of gbert and of each peer in turn, after one of each that warms up.
func (s *suite) alternate(ctx context.Context, n int, peers []*peer, ours func() (float64, error), theirs func(*peer) (timed, error)) (*samples, error) {
	taken := &samples{theirs: map[*peer][]float64{}}
	for i := range n + 1 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := s.rest(); err != nil {
			return nil, err
		}
		before := s.peersTime()
		seconds, err := ours()
		if err != nil {
			return nil, err
		}
		if i > 0 {
			taken.busy += s.peersTime() - before
			taken.ours = append(taken.ours, seconds)
		}
		for _, p := range peers {
			answer, err := theirs(p)
			if err != nil {
				return nil, err
			}
			if i > 0 {
				taken.theirs[p] = append(taken.theirs[p], answer.Seconds)
			}
		}
	}
	return taken, nil
}

// add reports samples, against each peer. first are the times of the peers' first calls, in which some compile.
func (s *suite) add(item, of string, peers []*peer, taken *samples, compile float64, first map[*peer]float64) {
	if len(peers) == 0 {
		peers = []*peer{nil}
	}
	for _, p := range peers {
		r := &result{Model: s.name, Item: item, Case: of, Pairs: len(taken.ours), Gbert: stats.Median(taken.ours), Compile: max(compile-stats.Median(taken.ours), 0)}
		if p != nil {
			r.against(p.name, taken.ours, taken.theirs[p])
			r.Aim = aimOf(item, s.name, of, p.name)
			r.PeerCompile = max(first[p]-r.PeerSeconds, 0)
			r.PeersBusy = taken.busy.Seconds() / float64(len(taken.ours)) / r.Gbert
		}
		s.report.add(r)
	}
}

// forward times the classifier's logits of a batch: from token ids on the host to logits on the host. Passes that take a few
// milliseconds are repeated within a sample.
func (s *suite) forward(ctx context.Context, rows, length int) error {
	p, err := s.fixed(rows, length)
	if err != nil {
		return err
	}
	session, err := gbert.NewSession(s.backend, s.model)
	if err != nil {
		return err
	}
	defer session.Close()
	batch := p.Batches[0]
	began := time.Now()
	logits, err := session.BatchLogits(batch, nil)
	if err != nil {
		return err
	}
	compile, first := time.Since(began).Seconds(), map[*peer]float64{}
	for _, peer := range s.peers {
		if first[peer], err = s.checkLogits(peer, p, logits); err != nil {
			return err
		}
	}
	times := max(1, 512/(rows*length))
	ours := func() (float64, error) {
		began := time.Now()
		for range times {
			if _, err := session.BatchLogits(batch, nil); err != nil {
				return 0, err
			}
		}
		return time.Since(began).Seconds() / float64(times), nil
	}
	taken, err := s.alternate(ctx, s.sizes.forward, s.peers, ours, func(p *peer) (timed, error) {
		return s.ask(p, "forward", arguments{"batch": "b", "times": times})
	})
	if err != nil {
		return err
	}
	s.add("forward", fmt.Sprintf("%d × %d", rows, length), s.peers, taken, compile, first)
	return nil
}

// checkLogits compares a batch's logits with a peer's, whose time it returns. The peer then has the batch as "b".
func (s *suite) checkLogits(peer *peer, p *finetune.Prepared, logits [][]float32) (float64, error) {
	if err := peer.ask("forget", nil, nil); err != nil {
		return 0, err
	}
	batch := p.Batches[0]
	if err := peer.sendBatch("b", batch, p.Dataset); err != nil {
		return 0, err
	}
	answer, err := s.ask(peer, "forward", arguments{"batch": "b", "times": 1})
	if err != nil {
		return 0, err
	}
	for row := range logits {
		for label, value := range logits[row] {
			if err := s.agree(peer, fmt.Sprintf("logit %d of row %d", label, row), float64(value), answer.Logits[row][label]); err != nil {
				return 0, err
			}
		}
	}
	return answer.Seconds, nil
}

// step times optimizer steps on a batch: forward, backward, clipping, AdamW, dropout.
func (s *suite) step(ctx context.Context, length int) error {
	p, err := s.fixed(batchSize, length)
	if err != nil {
		return err
	}
	trainers, first := s.trainers(), map[*peer]float64{}
	for _, peer := range trainers {
		if err := s.checkSteps(ctx, peer, p); err != nil {
			return err
		}
		answer, err := s.ask(peer, "step", arguments{"batch": "b", "rate": 2e-5})
		if err != nil {
			return err
		}
		first[peer] = answer.Seconds
	}
	t := startTrainer(ctx, s.backend, s.model, p.Dataset, finetune.Options{Epochs: s.sizes.step + 3, BatchSize: batchSize, MaxLength: maxLength})
	defer t.stop()
	begun, err := t.next(true)
	if err != nil {
		return err
	}
	ours := func() (float64, error) {
		step, err := t.next(false)
		return step.seconds, err
	}
	taken, err := s.alternate(ctx, s.sizes.step, trainers, ours, func(p *peer) (timed, error) {
		return s.ask(p, "step", arguments{"batch": "b", "rate": 2e-5})
	})
	if err != nil {
		return err
	}
	s.add("step", fmt.Sprintf("%d × %d", batchSize, length), trainers, taken, begun.seconds, first)
	return nil
}

// checkSteps compares the losses of three steps without dropout, and leaves the peer in a training with dropout, the batch
// being "b".
func (s *suite) checkSteps(ctx context.Context, peer *peer, p *finetune.Prepared) error {
	const rate, steps = 2e-5, 3
	if err := peer.ask("forget", nil, nil); err != nil {
		return err
	}
	if err := peer.sendBatch("b", p.Batches[0], p.Dataset); err != nil {
		return err
	}
	if err := peer.ask("train", arguments{"dropout": false, "decay": 0.01}, nil); err != nil {
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
		theirs, err := s.ask(peer, "step", arguments{"batch": "b", "rate": rate * float64(steps+1-i) / (steps + 1)})
		if err != nil {
			return err
		}
		if err := s.agree(peer, fmt.Sprintf("loss of step %d", i+1), ours.loss, theirs.Loss); err != nil {
			return err
		}
	}
	return peer.ask("train", arguments{"dropout": true, "decay": 0.01}, nil)
}

// weightBytes is the size of the model's weights in its file.
func (s *suite) weightBytes() (int64, error) {
	info, err := os.Stat(filepath.Join(s.dir, "model.safetensors"))
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
