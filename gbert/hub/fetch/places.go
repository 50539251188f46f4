package fetch

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// CacheDir is bertlab's own cache folder: BERTLAB_CACHE, else "bertlab" in the user's cache folder
// ([os.UserCacheDir]). It need not exist.
func CacheDir() (string, error) {
	if dir := os.Getenv("BERTLAB_CACHE"); dir != "" {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return "", fmt.Errorf("fetch: BERTLAB_CACHE=%s: %w", dir, err)
		}
		return abs, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("fetch: no cache folder (%w): set BERTLAB_CACHE to one", err)
	}
	return filepath.Join(dir, "bertlab"), nil
}

// Offline reports whether the environment variable BERTLAB_OFFLINE forbids the network.
func Offline() bool { return Truthy(os.Getenv("BERTLAB_OFFLINE")) }

// Truthy reads a switch as Python's huggingface_hub does: 1, ON, YES and TRUE in any case are on, all else is off.
func Truthy(value string) bool {
	switch strings.ToUpper(strings.TrimSpace(value)) {
	case "1", "ON", "YES", "TRUE":
		return true
	}
	return false
}
