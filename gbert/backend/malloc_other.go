//go:build !(linux && cgo && !noxla)

package backend

import "runtime/debug"

// keepFreedMemory does nothing where the C library offers no such setting.
func keepFreedMemory() {}

func trim() {}

// ReleaseMemory gives memory that is free, but kept for the next call, back to the system, so that what a process takes can be
// measured. The next call is slower.
func ReleaseMemory() { debug.FreeOSMemory() }
