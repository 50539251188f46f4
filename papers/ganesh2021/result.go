package ganesh2021

import (
	"slices"

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
	Counted profile.Shape `json:"bert_base_counted"`
}

// Device is a kind of device.
type Device string

// The kinds.
const (
	CPU Device = "cpu"
	GPU Device = "gpu"
)

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
