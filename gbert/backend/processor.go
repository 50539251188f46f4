package backend

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"bertlab/internal/files"
)

// cpuInfo tells the processor's features on Linux.
const cpuInfo = "/proc/cpuinfo"

// processor says for which processor code is compiled: its architecture, its model and features, and how many this process may use,
// by which XLA divides work. It is an error where the features are not known.
func processor() (string, error) {
	info, err := files.Read(cpuInfo, 8<<20)
	if err != nil {
		return "", err
	}
	features := map[string]bool{}
	for line := range strings.Lines(string(info)) {
		name, value, _ := strings.Cut(line, ":")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "flags", "features", "model name", "vendor_id", "cpu family", "model", "stepping", "cpu implementer", "cpu architecture", "cpu variant", "cpu part":
			features[strings.TrimSpace(name)+": "+strings.TrimSpace(value)] = true
		}
	}
	if len(features) == 0 {
		return "", fmt.Errorf("backend: %s tells nothing of the processor", cpuInfo)
	}
	lines := []string{fmt.Sprintf("%s %d processors", runtime.GOARCH, runtime.NumCPU())}
	for line := range features {
		lines = append(lines, line)
	}
	slices.Sort(lines[1:])
	return strings.Join(lines, "\n"), nil
}
