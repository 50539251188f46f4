package ganesh2021

import (
	"slices"

	"bertlab/gbert"
	"bertlab/papers/experiment"
	"bertlab/techniques/profile"
)

// Result is everything that was counted and measured, as plain data.
type Result struct {
	experiment.Measured[Config]
	// Device is what computed: "cpu" or "gpu".
	Device  Device           `json:"device_kind"`
	Profile *profile.Profile `json:"profile"`
	// Other is the same model on the CPU where Profile is on a GPU; nil elsewhere.
	Other *profile.Profile `json:"cpu_profile,omitempty"`
	// Base is BERT-base with random weights; nil where the protocol leaves it out.
	Base *profile.Profile `json:"bert_base_profile,omitempty"`
	// Counted is BERT-base from its shape.
	Counted Counted `json:"bert_base_counted"`
}

// Device is a kind of device.
type Device string

// The kinds.
const (
	CPU Device = "cpu"
	GPU Device = "gpu"
)

// Counted are the numbers of a model from its shape alone.
type Counted struct {
	Parameters profile.Parameters `json:"parameters"`
	// Lengths are the operations of one example by length.
	Lengths []CountedLength `json:"lengths"`
}

// CountedLength are the multiply-accumulates of one example.
type CountedLength struct {
	Length     int                       `json:"length"`
	Total      int                       `json:"total"`   // with the pooler
	Encoder    int                       `json:"encoder"` // without it: what papers quote
	Components map[profile.Component]int `json:"components"`
}

// baseLengths are the lengths at which BERT-base is counted.
var baseLengths = []int{128, 256, 512}

// BERTBase is the shape of BERT-base.
func BERTBase() (*gbert.Config, error) {
	return gbert.ParseConfig([]byte(`{"model_type": "bert", "vocab_size": 30522, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
		"intermediate_size": 3072, "hidden_act": "gelu", "max_position_embeddings": 512, "type_vocab_size": 2}`))
}

// countBase counts BERT-base.
func countBase() (Counted, error) {
	config, err := BERTBase()
	if err != nil {
		return Counted{}, err
	}
	counted := Counted{Parameters: profile.ShapeParameters(config)}
	for _, length := range baseLengths {
		l := CountedLength{Length: length, Components: profile.ShapeMACs(config, 1, length)}
		for component, macs := range l.Components {
			l.Total += macs
			if component != profile.Pooler {
				l.Encoder += macs
			}
		}
		counted.Lengths = append(counted.Lengths, l)
	}
	return counted, nil
}

// largest is the largest batch size.
func (r *Result) largest() int { return slices.Max(r.Config.Batches) }

// lengths are the lengths, ascending.
func (r *Result) lengths() []int { return slices.Sorted(slices.Values(r.Config.Lengths)) }

// batches are the batch sizes, ascending.
func (r *Result) batches() []int { return slices.Sorted(slices.Values(r.Config.Batches)) }

// middle is the length for which one number must stand: 128 if it was measured, else the middle one.
func (r *Result) middle() int {
	lengths := r.lengths()
	if slices.Contains(lengths, 128) {
		return 128
	}
	return lengths[len(lengths)/2]
}
