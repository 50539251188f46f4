#!/usr/bin/env bash
# Version: github.com/gomlx/compute v0.1.0 (Go 1.26).
# Behaviour: the option parallelism of GoMLX's pure Go backend, which the environment variable GOMLX_BACKEND can set, prints a line on
# standard output, not on standard error, each time a backend is made.
# Output of a program that prints one JSON document:
#   Go backend: parallelism set to 2
#   {"accuracy": 0.5}
# Why it matters: runs of compression experiments are limited to a few threads on shared machines, and their results are read from
# standard output by scripts. With the option in the environment the output of a program that knows nothing of it is no JSON any more.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export GOWORK=off GOFLAGS=-mod=mod
go mod init example >/dev/null 2>&1
go mod edit -require=github.com/gomlx/compute@v0.1.0
cat >main.go <<'EOF'
package main

import (
	"fmt"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"
)

func main() {
	backend, err := compute.New()
	if err != nil {
		panic(err)
	}
	backend.Finalize()
	fmt.Println(`{"accuracy": 0.5}`)
}
EOF
got=$(GOMLX_BACKEND=go:parallelism=2 go run .)
want='Go backend: parallelism set to 2
{"accuracy": 0.5}'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
