//go:build !linux

package profile

// hostMemory is the process's resident memory in bytes, now and at its fullest since [resetHostPeak]; 0 where it is not told.
func hostMemory() (now, peak int64) { return 0, 0 }

// resetHostPeak makes the peak begin anew. It reports whether the system let it.
func resetHostPeak() bool { return false }
