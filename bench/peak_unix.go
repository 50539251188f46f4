//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
)

// peakMemory is an ended process's largest resident set in bytes, pages of mapped files included; 0: unknown.
func peakMemory(p *os.ProcessState) int64 {
	usage, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return int64(usage.Maxrss)
	}
	return int64(usage.Maxrss) * 1024
}
