//go:build ((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64)) && !noxla

package backend

import "github.com/gomlx/go-xla/compute/xla"

// hasXLA says whether XLA is compiled in; the constraint above is that of gomlx's default backends.
const hasXLA = true

func init() { xla.EnableAutoInstall(false) }
