//go:build !(linux && cgo && !noxla)

package backend

// keepFreedMemory does nothing where the C library offers no such setting.
func keepFreedMemory() {}
