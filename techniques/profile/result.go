package profile

import "bertlab/gbert/backend"

// Pass is what is counted and timed.
const Pass = "embeddings, every layer at every position, and the pooler where the model has one; no head, no padding, no dropout"

// Profile is what a model takes, component by component.
type Profile struct {
	// Pass says what is counted and timed; see the constant.
	Pass string `json:"pass"`
	// Layers are the model's encoder layers.
	Layers     int        `json:"layers"`
	Parameters Parameters `json:"parameters"`
	// Threads is the number of processors that the process may use: XLA on a CPU and the pure Go backend use them all.
	Threads int `json:"threads"`
	// CallSeconds is what calling an executable costs by itself. It is taken off each call of a component's executables.
	CallSeconds float64 `json:"call_seconds"`
	// Cells are the grid, by batch size and, within, by length.
	Cells []Cell `json:"cells"`
}

// Parameters are the numbers of values that a model holds. A weight that several layers use counts once.
type Parameters struct {
	Total int `json:"total"`
	// WithoutHead is what a paper means by the parameters of a BERT: all but the head.
	WithoutHead int               `json:"without_head"`
	Components  []ComponentValues `json:"components"`
	// File is what the model's file holds; nil where no file was looked at.
	File *File `json:"file,omitempty"`
}

// ComponentValues are the values of one component.
type ComponentValues struct {
	Component  Component `json:"component"`
	Parameters int       `json:"parameters"`
	Bytes      int       `json:"bytes"` // as float32
}

// Of is a component's number of values.
func (p Parameters) Of(c Component) int {
	for _, v := range p.Components {
		if v.Component == c {
			return v.Parameters
		}
	}
	return 0
}

// Cell is the profile at one batch size and length. Numbers are those of the whole batch.
type Cell struct {
	Batch  int `json:"batch"`
	Length int `json:"length"`
	// MACs are the multiply-accumulates of linear maps, Q·Kᵀ and probabilities · V, by formula. GraphMACs are the same, counted in
	// the graph that is compiled; but for diagonals, which are no matrix products there, they are equal.
	MACs      int `json:"macs"`
	GraphMACs int `json:"graph_macs"`
	// Cost is XLA's own analysis of the compiled pass; nil where the backend has none. Half of its operations are MACs, but for
	// those of softmax, LayerNorm, activation and sums.
	Cost *backend.ProgramCost `json:"xla_cost,omitempty"`
	// ActivationBytes are those of all results of matrix products, softmax, activation, LayerNorm and pooler: what training keeps
	// for the gradient at least.
	ActivationBytes int `json:"activation_bytes"`
	// Repeats are the timed rounds; each times the whole pass and all components in turn.
	Repeats int `json:"repeats"`
	// Seconds is the time of the whole pass by an executable of its own.
	Seconds Spread `json:"seconds"`
	// SumSeconds is the sum of the components' times, and Remainder what of Seconds is left: fusion across components, the
	// backend's scheduling, and noise. RemainderShare is the same by rounds, as a share of the round's whole pass.
	SumSeconds     float64 `json:"sum_seconds"`
	Remainder      float64 `json:"remainder_seconds"`
	RemainderShare Spread  `json:"remainder_share"`
	// ProcessorSeconds is the time of all processors together that the process took in the whole pass, ProcessorSum that in its
	// components. On a busy machine it is steadier than Seconds; it says nothing of a GPU. 0 where the system does not say.
	ProcessorSeconds Spread  `json:"processor_seconds"`
	ProcessorSum     float64 `json:"processor_sum_seconds"`
	// CompileSeconds is the compilation of the whole pass, ComponentCompileSeconds that of the components' executables.
	CompileSeconds          float64 `json:"compile_seconds"`
	ComponentCompileSeconds float64 `json:"component_compile_seconds"`
	Memory                  Memory  `json:"memory"`
	Components              []Part  `json:"components"`
}

// Part is a component at one batch size and length.
type Part struct {
	Component       Component            `json:"component"`
	MACs            int                  `json:"macs"`
	GraphMACs       int                  `json:"graph_macs"`
	Cost            *backend.ProgramCost `json:"xla_cost,omitempty"`
	ActivationBytes int                  `json:"activation_bytes"`
	// WorkingBytes is the most that one of the component's executables needs beside weights and inputs: its results and scratch
	// memory. 0 where the backend does not say.
	WorkingBytes int64 `json:"working_bytes,omitempty"`
	// Executables is how often one of the component's executables runs in a pass.
	Executables int    `json:"executables"`
	Seconds     Spread `json:"seconds"`
	// ProcessorSeconds is the time of all processors together.
	ProcessorSeconds Spread `json:"processor_seconds"`
	// MACShare and TimeShare are shares of the components' sums.
	MACShare  float64 `json:"mac_share"`
	TimeShare float64 `json:"time_share"`
	// TimeShares is the share of time by rounds, whose spread says how sure it is.
	TimeShares Spread `json:"time_share_rounds"`
}

// Spread is a number over the repeats: the median and the quartiles.
type Spread struct {
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

// Memory is the memory of one pass.
type Memory struct {
	// WeightBytes are those of the weights that the pass reads, as float32.
	WeightBytes int `json:"weight_bytes"`
	// Program is XLA's account of the compiled pass; nil where the backend has none.
	Program *backend.ProgramMemory `json:"program,omitempty"`
	// Device is the device's allocator after the pass; nil where it does not say (XLA on a CPU).
	Device *backend.DeviceMemory `json:"device,omitempty"`
	// HostBefore and HostPeak are the process's resident memory before the pass, weights loaded, and at its fullest in it; 0 where
	// the system does not say. They include the program itself and, on a CPU, weights and activations.
	HostBefore int64 `json:"host_before,omitempty"`
	HostPeak   int64 `json:"host_peak,omitempty"`
}

// Part is the part of a component; nil where the pass has none.
func (c *Cell) Part(component Component) *Part {
	for i := range c.Components {
		if c.Components[i].Component == component {
			return &c.Components[i]
		}
	}
	return nil
}

// Cell is the cell of a batch size and length; nil where the grid has none.
func (p *Profile) Cell(batch, length int) *Cell {
	for i := range p.Cells {
		if p.Cells[i].Batch == batch && p.Cells[i].Length == length {
			return &p.Cells[i]
		}
	}
	return nil
}
