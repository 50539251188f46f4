package main

import (
	"context"
	"fmt"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/surgery"
	"bertlab/gbert/tokenizer"
	"bertlab/techniques/heads"
	"bertlab/techniques/quantise"
	"bertlab/techniques/sharing"
	"bertlab/techniques/tucker"
	"bertlab/techniques/vocabulary"
)

// form is what is done to the model, and how it is then stored.
type form struct {
	name      string
	make      func(ctx context.Context, b *bench) (*gbert.Model, error)
	precision gbert.Precision // empty: float32
	// near says that it computes about what the whole model does, so that their logits can be compared.
	near bool
	// weightsOnly says that what enters a map stays float32, unless a runtime rounds it by itself.
	weightsOnly bool
	// rewrite, if not empty, is a script in Python that changes the graph.
	rewrite string
}

// forms are all storage forms, each by itself.
var forms = []form{
	{name: "whole", make: whole},
	{name: "uneven heads and neurons", make: uneven},
	{name: "a layer without heads, one without a network", make: bare},
	{name: "two layers dropped", make: func(_ context.Context, b *bench) (*gbert.Model, error) {
		return surgery.DropLayers(b.model, []int{2, 4})
	}},
	{name: "factors", make: func(ctx context.Context, b *bench) (*gbert.Model, error) {
		return second(tucker.Factorise(ctx, b.model, tucker.FactoriseOptions{Ratio: 0.8}))
	}},
	{name: "matrix bank", make: func(ctx context.Context, b *bench) (*gbert.Model, error) {
		return second(tucker.Bank(ctx, b.model, tucker.BankOptions{Ratio: 0.5, Sweeps: -1}))
	}},
	{name: "ties", make: func(_ context.Context, b *bench) (*gbert.Model, error) {
		return second(sharing.Tie(b.model, sharing.Options{What: sharing.Attention, Groups: 3}))
	}},
	{name: "word table in two factors", make: func(_ context.Context, b *bench) (*gbert.Model, error) {
		return second(sharing.FactorEmbedding(b.model, b.model.Config.HiddenSize/2))
	}},
	{name: "ALBERT, random", make: albert},
	{name: "fewer words", make: fewerWords},
	{name: "float16", make: whole, precision: gbert.Float16, near: true},
	{name: "int8, weights alone", make: quantised(gbert.FloatInputs), near: true, weightsOnly: true},
	{name: "the same, as others write it", make: quantised(gbert.FloatInputs), near: true, weightsOnly: true, rewrite: dequantiseScript},
	{name: "int8, dynamic inputs", make: quantised(gbert.DynamicInputs), near: true},
	{name: "int8, inputs by row", make: quantised(gbert.RowInputs), near: true},
	{name: "int8, static inputs", make: quantised(gbert.StaticInputs), near: true},
}

func whole(_ context.Context, b *bench) (*gbert.Model, error) { return b.model, nil }

// second leaves a report out.
func second[R any](m *gbert.Model, _ R, err error) (*gbert.Model, error) { return m, err }

// uneven takes out half of the heads and, of each layer, another part of the neurons.
func uneven(_ context.Context, b *bench) (*gbert.Model, error) {
	c := b.model.Config
	ranking := heads.RankAtRandom(c, 1)
	small, err := surgery.RemoveHeads(b.model, heads.First(c, ranking, len(ranking)/2))
	if err != nil {
		return nil, err
	}
	neurons := map[int][]int{}
	for layer, shape := range c.Layers {
		for i := range shape.IntermediateSize / (2 + layer) {
			neurons[layer] = append(neurons[layer], i)
		}
	}
	return surgery.RemoveNeurons(small, neurons)
}

// bare takes all heads of one layer and all neurons of another.
func bare(_ context.Context, b *bench) (*gbert.Model, error) {
	c := b.model.Config
	small, err := surgery.RemoveHeads(b.model, map[int][]int{1: upTo(c.NumAttentionHeads)})
	if err != nil {
		return nil, err
	}
	return surgery.RemoveNeurons(small, map[int][]int{3: upTo(c.IntermediateSize)})
}

func upTo(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// albert is an ALBERT of the model's shape with random weights, for a trained one of this size is not published.
func albert(_ context.Context, b *bench) (*gbert.Model, error) {
	c := b.model.Config
	config, err := gbert.ParseConfig(fmt.Appendf(nil, `{"model_type": "albert", "vocab_size": %d, "embedding_size": 128, "hidden_size": %d, "num_hidden_layers": %d,
		"num_attention_heads": %d, "intermediate_size": %d, "max_position_embeddings": %d, "type_vocab_size": 2, "initializer_range": 0.05}`,
		c.VocabSize, c.HiddenSize, c.NumHiddenLayers, c.NumAttentionHeads, c.IntermediateSize, c.MaxPositionEmbeddings))
	if err != nil {
		return nil, err
	}
	model, err := gbert.New(config, 1)
	if err != nil {
		return nil, err
	}
	model.Tokenizer = b.model.Tokenizer
	return model.WithClassifier(2, finetune.LabelsOf(b.model), 1)
}

// fewerWords keeps the words of some training examples.
func fewerWords(ctx context.Context, b *bench) (*gbert.Model, error) {
	train, err := sst2(ctx, "train", b.data, 2000)
	if err != nil {
		return nil, err
	}
	texts := make([]tokenizer.Pair, train.Len())
	for i, example := range train.Examples {
		texts[i].A = example.TextA
	}
	var counts vocabulary.Counts
	counts.Add(b.model.Tokenizer, texts)
	choice, err := vocabulary.Choose(b.model, counts, 1)
	if err != nil {
		return nil, err
	}
	return vocabulary.Cut(b.model, choice)
}

// quantised stores maps and word table in eight bits. Stored ranges are those of some training examples.
func quantised(inputs gbert.InputNumbers) func(context.Context, *bench) (*gbert.Model, error) {
	return func(ctx context.Context, b *bench) (*gbert.Model, error) {
		o := quantise.Options{Inputs: inputs}
		if inputs == gbert.StaticInputs {
			var err error
			if o.Ranges, err = b.ranges(ctx); err != nil {
				return nil, err
			}
		}
		return second(quantise.Quantise(b.model, o))
	}
}

// ranges are the least and the largest input of each map on training examples.
func (b *bench) ranges(ctx context.Context) (quantise.Ranges, error) {
	train, err := sst2(ctx, "train", b.data, 128)
	if err != nil {
		return nil, err
	}
	prepared, err := finetune.Prepare(b.compute, b.model, train, maxLength, 32, 1)
	if err != nil {
		return nil, err
	}
	session, err := gbert.NewSession(b.compute, b.model)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	observed, err := quantise.Observe(ctx, session, prepared, nil)
	if err != nil {
		return nil, err
	}
	rule, err := quantise.ParseRule("minmax")
	if err != nil {
		return nil, err
	}
	return observed.Ranges(rule)
}
