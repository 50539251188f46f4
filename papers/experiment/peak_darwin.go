package experiment

import "syscall"

// peakResident is this process's largest resident set so far in bytes; 0: unknown.
func peakResident() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return usage.Maxrss
}
