//go:build !(linux && (amd64 || arm64) && cgo && !noxla)

package backend

import "github.com/gomlx/compute"

// AnalyseProgram asks XLA about a compiled program. Both are nil for another backend, and where the plugin does not say.
func AnalyseProgram(compute.Executable) (*ProgramMemory, *ProgramCost) { return nil, nil }

func memoryOfDevice(compute.Backend, int) *DeviceMemory { return nil }

func kindOfDevice(compute.Backend, int) string { return "" }
