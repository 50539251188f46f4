package quantise

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
)

// Observed is what entered the maps of a model on a sample, by the names of their matrices. Padding is left out.
type Observed struct {
	// Examples is the size of the sample.
	Examples int
	inputs   map[string]*histogram
}

// passes numbers the programs that observe: each knows which of its outputs is whose.
var passes atomic.Uint64

// recorder collects the inputs of maps while a graph is built. Maps that read the same, such as query, key and value, share an output.
type recorder struct {
	nodes []*Node
	names [][]string // of the matrices that read each node
}

func (r *recorder) record(weight string, x *Node) *Node {
	at := slices.Index(r.nodes, x)
	if at < 0 {
		at = len(r.nodes)
		r.nodes, r.names = append(r.nodes, x), append(r.names, nil)
	}
	r.names[at] = append(r.names[at], weight)
	return x
}

// Observe runs a sample through the model, in float32, and keeps how often which inputs occur. Labels are not needed. An empty sample
// and inputs that are not finite are errors.
func Observe(ctx context.Context, s *gbert.Session, p *finetune.Prepared, progress func(done, total int)) (*Observed, error) {
	config := s.Model().Config
	if len(p.Encodings) == 0 {
		return nil, fmt.Errorf("quantise: there are no examples to calibrate on")
	}
	var last recorder
	name := fmt.Sprintf("inputs of maps %d", passes.Add(1))
	program, err := gbert.NewProgram[gbert.BatchOf[*tensors.Tensor]](s, name, func(begin func(gbert.Taps) *gbert.Forward, in gbert.Input) []*Node {
		last = recorder{}
		out := begin(gbert.Taps{MapInput: last.record}).Encode(in, config.Head.ReadsCLS())
		return append(slices.Clone(last.nodes), out.Hidden) // a program needs an output, and a model without layers has no maps
	})
	if err != nil {
		return nil, err
	}
	o := &Observed{Examples: len(p.Encodings), inputs: map[string]*histogram{}}
	done := 0
	for _, batch := range p.Batches {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := batch.Check(config); err != nil {
			return nil, err
		}
		results, err := program.Consume(finetune.BatchAlone(batch))
		if err != nil {
			return nil, err
		}
		err = o.add(batch, results, last.names)
		results.Close()
		if err != nil {
			return nil, err
		}
		if done += len(batch.Index); progress != nil {
			progress(done, len(p.Encodings))
		}
	}
	return o, nil
}

// add counts the inputs of a batch. Every graph of the program puts out the same inputs in the same order.
func (o *Observed) add(batch *gbert.Batch, results *gbert.Results, names [][]string) error {
	for i, of := range names {
		values, err := results.Values(i)
		if err != nil {
			return err
		}
		length := results.At(i).Shape().Dimensions[1] // 1 where only [CLS] is computed
		width := len(values) / (batch.Rows * length)
		for _, name := range of {
			if o.inputs[name] == nil {
				o.inputs[name] = newHistogram()
			}
		}
		for row := range batch.Index {
			for at := range length {
				if batch.Mask[row*batch.Length+at] == 0 {
					continue
				}
				token := values[(row*length+at)*width:][:width]
				for _, name := range of {
					if err := o.inputs[name].add(token); err != nil {
						return fmt.Errorf("quantise: what enters %s: %w", name, err)
					}
				}
			}
		}
	}
	return nil
}

// Ranges are those that a rule chooses for each matrix.
func (o *Observed) Ranges(rule Rule) (Ranges, error) {
	if err := rule.check(); err != nil {
		return nil, err
	}
	ranges := Ranges{}
	for _, name := range slices.Sorted(maps.Keys(o.inputs)) {
		ranges[name] = rule.of(o.inputs[name])
	}
	return ranges, nil
}
