package profile

import (
	"bytes"
	"os"
	"strconv"
)

// hostMemory is the process's resident memory in bytes, now and at its fullest since [resetHostPeak]; 0 where it is not told.
func hostMemory() (now, peak int64) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, 0
	}
	for line := range bytes.Lines(text) {
		fields := bytes.Fields(line)
		if len(fields) < 2 {
			continue
		}
		kilobytes, _ := strconv.ParseInt(string(fields[1]), 10, 64)
		switch string(fields[0]) {
		case "VmRSS:":
			now = kilobytes << 10
		case "VmHWM:":
			peak = kilobytes << 10
		}
	}
	return now, peak
}

// resetHostPeak makes the peak begin anew. It reports whether the system let it.
func resetHostPeak() bool {
	return os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) == nil
}
