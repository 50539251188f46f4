package experiment

import (
	"os"
	"strconv"
	"strings"
)

// peakResident is this process's largest resident set so far in bytes; 0: unknown. getrusage would not do: its peak is that of
// the parent where the parent's was larger when it started this process.
func peakResident() int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			if err != nil {
				return 0
			}
			return kilobytes << 10
		}
	}
	return 0
}
