package finetune

import (
	"context"
	"fmt"
	"math"

	"bertlab/gbert"
	"bertlab/gbert/task"
)

// An Encoder computes the hidden states of a model's batches: a [gbert.Session], or one of another runtime.
type Encoder interface {
	// BatchStates are the hidden states of the last layer, [rows, length, D] row-major, see [gbert.Session.BatchStates].
	BatchStates(batch *gbert.Batch) ([]float32, error)
}

// Embed runs a model over the texts of a data set and returns a vector of each encoding: the state of [CLS], or the mean of the states of
// all its tokens, special ones included (Reimers and Gurevych 2019, "Sentence-BERT", arXiv:1908.10084, section 3).
func (p *Prepared) Embed(ctx context.Context, s Encoder, config *gbert.Config, pooling gbert.Pooling, progress func(done, total int)) ([][]float64, error) {
	if pooling != gbert.CLSPooling && pooling != gbert.MeanPooling {
		return nil, fmt.Errorf("finetune: pooling %q is not one of %q, %q", pooling, gbert.CLSPooling, gbert.MeanPooling)
	}
	vectors, width := make([][]float64, len(p.Encodings)), config.HiddenSize
	count := p.counter(progress)
	err := Deal(ctx, onDevices(s), len(p.Batches), func(on Encoder, i int) error {
		batch := p.Batches[i]
		states, err := on.BatchStates(batch)
		if err != nil {
			return err
		}
		for row, example := range batch.Index {
			tokens := len(p.Encodings[example].IDs)
			if pooling == gbert.CLSPooling {
				tokens = 1
			}
			of := states[row*batch.Length*width:]
			if vectors[example], err = mean(of[:tokens*width], width); err != nil {
				return fmt.Errorf("finetune: text %d: %w", example, err)
			}
		}
		count.done(i, nil)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return vectors, nil
}

// mean is the mean of the states of tokens, each of a width.
func mean(states []float32, width int) ([]float64, error) {
	sum := make([]float64, width)
	for i, v := range states {
		sum[i%width] += float64(v)
	}
	for i := range sum {
		if sum[i] /= float64(len(states) / width); math.IsNaN(sum[i]) || math.IsInf(sum[i], 0) {
			return nil, fmt.Errorf("its hidden states are not finite numbers: the model's weights are broken")
		}
	}
	return sum, nil
}

// Cosine is that of two vectors; 0 where one of them is 0.
func Cosine(a, b []float64) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab, aa, bb = ab+a[i]*b[i], aa+a[i]*a[i], bb+b[i]*b[i]
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}

// SingleTexts is a data set of pairs as one of twice as many single texts: the first of each pair, then the second ones.
func SingleTexts(d *task.Dataset) (*task.Dataset, error) {
	if !d.Task.Pair || d.Task.Kind != task.Regression {
		return nil, fmt.Errorf("finetune: sentence embeddings are judged on pairs of texts with a number for how alike they are, such as stsb: %s is a %s", d.Task.Name, d.Task.Kind)
	}
	single, texts := *d.Task, *d
	single.Pair = false
	texts.Task, texts.Examples = &single, make([]task.Example, 2*d.Len())
	for i, e := range d.Examples {
		texts.Examples[i] = task.Example{ID: e.ID, TextA: e.TextA, Label: e.Label, Value: e.Value}
		texts.Examples[d.Len()+i] = task.Example{ID: e.ID, TextA: e.TextB, Label: e.Label, Value: e.Value}
	}
	return &texts, nil
}
