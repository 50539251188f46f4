//go:build unix

package backend

import (
	"os"
	"syscall"
)

// ownFolder reports whether a folder is this user's, and nobody else may write to it.
func ownFolder(dir string) bool {
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() || info.Mode().Perm()&0o022 != 0 {
		return false
	}
	system, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(system.Uid) == os.Getuid()
}
