package lan2020

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"bertlab/gbert"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/sharing"
)

// Config lists the ways to share, and the sizes of the word table; [Quick] and [Full] fill it in.
type Config struct {
	experiment.Setup
	// Variants are the converted models; the whole model is always run.
	Variants []Scheme `json:"variants"`
	// EmbeddingSizes are the sizes E at which the word table of the fine-tuned whole model is cut, without further training.
	EmbeddingSizes []int `json:"embedding_sizes"`
	// TransitionExamples of the test set show how far layers move.
	TransitionExamples int `json:"transition_examples"`
	// SpeedVariants are the models that are timed. What is shared changes no operation, a factorised word table adds some.
	SpeedVariants []Scheme `json:"speed_variants"`
	experiment.Inference
}

// Scheme is a way to convert the pretrained model, and to train it. The zero value is the whole model.
type Scheme struct {
	// What is shared, in Groups groups (0: 1), beginning as Init says; empty: nothing.
	What   sharing.What `json:"what,omitempty"`
	Groups int          `json:"groups,omitempty"`
	Init   sharing.Init `json:"init,omitempty"`
	// Embedding is the size E of a factorised word table; 0: as it is.
	Embedding int `json:"embedding,omitempty"`
	// Distilled adds the soft targets of the fine-tuned whole model.
	Distilled bool `json:"distilled,omitempty"`
}

// String names a variant, such as "attention", "all, 2 groups, mean" or "all, E = 128, distilled". A single group and the beginning
// with the first layer go without saying.
func (v Scheme) String() string { return v.In(words.English) }

// In names it in a language.
func (v Scheme) In(say *words.Printer) string {
	var parts []string
	switch v.What {
	case "":
		if v.Embedding == 0 {
			parts = append(parts, say.T("none"))
		}
	case sharing.FFN:
		parts = append(parts, "FFN")
	default:
		parts = append(parts, say.Name(string(v.What)))
	}
	if v.Groups > 1 {
		parts = append(parts, say.F("%d groups", v.Groups))
	}
	if v.Init != "" && v.Init != sharing.First {
		parts = append(parts, say.Name(string(v.Init)))
	}
	if v.Embedding > 0 {
		parts = append(parts, fmt.Sprintf("E = %d", v.Embedding))
	}
	if v.Distilled {
		parts = append(parts, say.T("distilled"))
	}
	return strings.Join(parts, ", ")
}

// convert makes the variant of a model.
func (v Scheme) convert(m *gbert.Model) (*gbert.Model, error) {
	var err error
	if v.What != "" {
		if m, _, err = sharing.Tie(m, sharing.Options{What: v.What, Groups: v.Groups, Init: v.Init}); err != nil {
			return nil, err
		}
	}
	if v.Embedding > 0 {
		m, _, err = sharing.FactorEmbedding(m, v.Embedding)
	}
	return m, err
}

// The plain variants: all layers share from the first one's weights.
var (
	shareAttention = Scheme{What: sharing.Attention}
	shareFFN       = Scheme{What: sharing.FFN}
	shareAll       = Scheme{What: sharing.All}
)

func distilled(v Scheme) Scheme { v.Distilled = true; return v }

// Quick is a protocol of minutes on two cores: one seed, few examples, the plain variants.
func Quick() Config {
	c := Full()
	c.Variants = []Scheme{shareAttention, shareFFN, shareAll, distilled(shareAll), {Embedding: 128}}
	c.EmbeddingSizes = []int{32, 64, 128, 256}
	c.Task, c.Seeds, c.BatchSize, c.LearningRate, c.MaxLength = "movies", []uint64{1}, 16, 2e-4, 32 // fewer examples, so more and larger steps with them
	c.TrainExamples, c.TestExamples, c.TransitionExamples = 960, 300, 64
	c.SpeedVariants, c.SpeedBatches, c.SpeedRepeats = c.SpeedVariants[2:], []int{1, 16}, 7
	return c
}

// Full has eight variants and three seeds: its numbers are the ones to quote.
func Full() Config {
	return Config{
		Setup: experiment.Setup{
			OnTask: experiment.OnTask{Model: "all-MiniLM-L6-v2", Task: "sst2"}, Seeds: []uint64{1, 2, 3}, Tuning: experiment.FullTuning(),
			TrainExamples: experiment.FullTrainExamples,
		},
		Variants: []Scheme{
			shareAttention, shareFFN, shareAll, {What: sharing.All, Init: sharing.Mean}, {What: sharing.All, Groups: 2}, distilled(shareAll),
			{Embedding: 128}, {What: sharing.All, Embedding: 128},
		},
		EmbeddingSizes: []int{16, 32, 64, 128, 192, 256, 320, 384}, TransitionExamples: 256,
		SpeedVariants: []Scheme{shareAttention, shareFFN, shareAll, {What: sharing.All, Embedding: 128}},
		Inference:     experiment.Inference{SpeedBatches: []int{1, 16, 64}, SpeedLength: 64, SpeedRepeats: 15},
	}
}

// check says what is wrong with the protocol.
func (c *Config) check() error {
	for i, v := range slices.Concat(c.Variants, c.SpeedVariants) {
		switch {
		case v == Scheme{} || v == Scheme{Distilled: true}:
			return errors.New("the protocol lists the whole model among the variants; it is always run")
		case i < len(c.Variants) && slices.Index(c.Variants, v) < i:
			return fmt.Errorf("the protocol has the variant %q twice", v)
		case v.What != "" && !slices.Contains(sharing.Whats, v.What), v.Init != "" && !slices.Contains(sharing.Inits, v.Init):
			return fmt.Errorf("the variant %q shares what is not one of %v, or begins with what is not one of %v", v, sharing.Whats, sharing.Inits)
		case v.What == "" && (v.Groups != 0 || v.Init != ""):
			return fmt.Errorf("a variant has groups or an initialisation but shares nothing")
		}
	}
	switch {
	case len(c.Variants) == 0:
		return errors.New("the protocol needs at least one variant (variants)")
	case c.TransitionExamples < 1:
		return errors.New("the protocol has no example to see transitions on (transition_examples)")
	}
	return errors.Join(c.Setup.Check(), c.Inference.Check())
}

// fits says what of the protocol cannot be done to a model.
func (c *Config) fits(model *gbert.Model) error {
	layers := model.Config.NumHiddenLayers
	sizes := slices.Clone(c.EmbeddingSizes)
	for _, v := range slices.Concat(c.Variants, c.SpeedVariants) {
		if v.What != "" && (v.Groups < 0 || v.Groups > layers) {
			return fmt.Errorf("the variant %q: with %d layers the number of groups is 1…%d", v, layers, layers)
		}
		if v.Embedding != 0 {
			sizes = append(sizes, v.Embedding)
		}
	}
	for _, size := range sizes {
		if err := sharing.CheckEmbedding(model.Config, size); err != nil {
			return err
		}
	}
	return nil
}
