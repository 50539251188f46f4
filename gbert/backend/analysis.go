package backend

// ProgramMemory is the memory of a compiled program by XLA's buffer assignment, in bytes. What its device needs to run it, weights
// included, is Arguments + Outputs + Temporary + Code.
type ProgramMemory struct {
	// Arguments are the inputs, weights among them; Outputs are the results.
	Arguments int64 `json:"arguments"`
	Outputs   int64 `json:"outputs"`
	// Temporary is the scratch memory for everything between inputs and outputs, at its fullest.
	Temporary int64 `json:"temporary"`
	// Code is the size of the generated code, where the device keeps it.
	Code int64 `json:"code"`
}

// Total is what the device needs to run the program.
func (m ProgramMemory) Total() int64 { return m.Arguments + m.Outputs + m.Temporary + m.Code }

// ProgramCost is XLA's own cost analysis of a compiled program.
type ProgramCost struct {
	// Flops are floating-point operations: two for a multiply-accumulate, and those of sums, divisions, softmax and the like.
	Flops float64 `json:"flops"`
	// Transcendentals are exponentials, error functions, square roots and the like.
	Transcendentals float64 `json:"transcendentals"`
	// BytesAccessed are the bytes that the program's operations read and write.
	BytesAccessed float64 `json:"bytes_accessed"`
}

// DeviceMemory is a device's memory by its allocator, in bytes, over all that the process keeps there.
type DeviceMemory struct {
	InUse int64 `json:"in_use"`
	Peak  int64 `json:"peak"`  // the most so far
	Limit int64 `json:"limit"` // what there is
}
