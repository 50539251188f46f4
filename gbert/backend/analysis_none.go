//go:build !(linux && (amd64 || arm64) && cgo && !noxla)

package backend

import "github.com/gomlx/compute"

// AnalyseProgram asks XLA about a compiled program. Both are nil for another backend, and where the plugin does not say.
func AnalyseProgram(compute.Executable) (*ProgramMemory, *ProgramCost) { return nil, nil }

// MemoryOfDevice asks the backend's first device for its memory; nil where it does not say, as XLA's CPU does not.
func MemoryOfDevice(compute.Backend) *DeviceMemory { return nil }
