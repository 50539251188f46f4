package testbed

import "testing"

// Main runs a package's tests for its TestMain, with temporary folders in memory where the system has room there. A save waits
// until it is on the disk, which takes most of the time of tests that save some hundred tiny models. Whoever names a folder by TMPDIR
// keeps it.
func Main(m *testing.M) (status int) {
	defer inMemory()()
	return m.Run()
}
