#!/usr/bin/env bash
# Version: github.com/gomlx/gomlx v0.28.1 on the Go backend of github.com/gomlx/compute v0.1.0 (Go 1.26).
# Behaviour: the gradient of activation.Relu and of Max(x, 0) at exactly 0 is 1, and that of Abs is 1 as well. PyTorch's relu and abs
# have 0 there.
# Output (gradients at -1, 0 and 1):
#   Relu [0 1 1]
#   Max(x, 0) [0 1 1]
#   Abs [-1 1 1]
# Why it matters: a neuron whose weights and bias are pruned to 0 has exactly 0 before its activation. Under PyTorch no gradient passes
# it and it stays dead; here its bias gets a gradient and the neuron comes back unless the mask is applied again. An L1 penalty,
# sum of Abs, pushes a weight away from 0 in the same way, and runs of the two frameworks part at such points.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export GOWORK=off GOFLAGS=-mod=mod
go mod init example >/dev/null 2>&1
go mod edit -require=github.com/gomlx/gomlx@v0.28.1
go mod edit -require=github.com/gomlx/compute@v0.1.0
cat >main.go <<'EOF'
package main

import (
	"fmt"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
)

func main() {
	backend, err := compute.NewWithConfig("go")
	if err != nil {
		panic(err)
	}
	show := func(name string, f func(x *Node) *Node) {
		gradient := MustExecOnce(backend, func(x *Node) *Node { return Gradient(ReduceAllSum(f(x)), x)[0] }, []float32{-1, 0, 1})
		fmt.Println(name, gradient.Value())
	}
	show("Relu", activation.Relu)
	show("Max(x, 0)", func(x *Node) *Node { return Max(x, ZerosLike(x)) })
	show("Abs", Abs)
}
EOF
got=$(go run .)
want='Relu [0 1 1]
Max(x, 0) [0 1 1]
Abs [-1 1 1]'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
