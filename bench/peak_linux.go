package main

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"bertlab/internal/files"
)

// peakEvery is how often a running process is asked for its peak. What it takes only in its last moment is missed.
const peakEvery = 5 * time.Millisecond

// runForPeak runs a command and returns its largest resident set in bytes, pages of mapped files included; 0: unknown. It asks for
// VmHWM while the command runs: the peak that getrusage tells of an ended process begins with that of its parent.
func runForPeak(command *exec.Cmd) (peak int64, err error) {
	if err := command.Start(); err != nil {
		return 0, err
	}
	status := fmt.Sprintf("/proc/%d/status", command.Process.Pid)
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	ticker := time.NewTicker(peakEvery)
	defer ticker.Stop()
	for {
		select {
		case err := <-ended:
			return peak, err
		case <-ticker.C:
			peak = max(peak, residentPeak(status))
		}
	}
}

// residentPeak reads VmHWM, in bytes, of a file in /proc; 0: it does not say.
func residentPeak(status string) int64 {
	text, err := files.Read(status, 1<<16)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			return kilobytes << 10
		}
	}
	return 0
}
