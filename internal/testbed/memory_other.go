//go:build !linux

package testbed

func inMemory() (done func()) { return func() {} }
