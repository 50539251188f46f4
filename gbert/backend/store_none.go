//go:build !(linux && (amd64 || arm64) && cgo && !noxla)

package backend

import "github.com/gomlx/compute"

func canLoad(compute.Backend) bool { return false }

func loadProgram(b compute.Builder, _ []byte) (e compute.Executable, loaded bool, err error) {
	e, err = b.Compile()
	return e, false, err
}

func saveProgram(compute.Executable) (saved []byte, ok bool) { return nil, false }
