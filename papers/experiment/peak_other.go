//go:build !linux && !darwin

package experiment

// peakResident is 0: this system is not known to tell a process's peak memory.
func peakResident() int64 { return 0 }
