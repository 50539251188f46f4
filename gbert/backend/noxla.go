//go:build !((linux && (amd64 || arm64)) || (darwin && arm64) || (windows && amd64)) || noxla

package backend

const hasXLA = false
