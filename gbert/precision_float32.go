package gbert

import "bertlab/gbert/safetensors"

// float32Numbers are the numbers that the model computes with.
type float32Numbers struct{}

func (float32Numbers) name() Precision                 { return Float32 }
func (float32Numbers) dtype() safetensors.DType        { return safetensors.F32 }
func (float32Numbers) converts(safetensors.DType) bool { return false }
func (float32Numbers) check(string, float32) error     { return nil }
