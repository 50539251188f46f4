#!/usr/bin/env bash
# Version: github.com/gomlx/gomlx v0.28.8 with github.com/gomlx/go-xla v0.4.5 (Go 1.26), XLA's CPU plugin of the Python package
# xla-cpu-pjrt 0.0.1, which has four devices.
# Behaviour: Exec.CallOnDevice ignores the device that it is given and computes on device 0. CallWithGraphOnDevice, which its documentation
# describes as the same with the graph, computes where it is told.
# Output (where the results lie):
#   CallOnDevice(1): device 0
#   CallWithGraphOnDevice(1): device 1
# Why it matters: seeds or shares of a sweep that are dealt over devices all run on the first one, one after another, with the right
# numbers: nothing but the time tells.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q --target plugin xla-cpu-pjrt==0.0.1
plugin=$PWD/plugin/xla_plugins/xla_cpu_pjrt/xla_cpu_pjrt.so
export GOWORK=off GOFLAGS=-mod=mod
go mod init example >/dev/null 2>&1
go mod edit -require=github.com/gomlx/gomlx@v0.28.8
go mod edit -require=github.com/gomlx/go-xla@v0.4.5
cat >main.go <<'EOF'
package main

import (
	"fmt"
	"os"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/go-xla/compute/xla"
)

func main() {
	xla.EnableAutoInstall(false)
	backend, err := xla.New(os.Args[1])
	if err != nil {
		panic(err)
	}
	exec, err := NewExec(backend, func(x *Node) *Node { return AddScalar(x, 1) })
	if err != nil {
		panic(err)
	}
	show := func(name string, outputs []*tensors.Tensor, err error) {
		if err != nil {
			panic(err)
		}
		device, err := outputs[0].Device()
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s: device %d\n", name, device)
	}
	outputs, err := exec.CallOnDevice(1, float32(1))
	show("CallOnDevice(1)", outputs, err)
	outputs, _, err = exec.CallWithGraphOnDevice(1, float32(1))
	show("CallWithGraphOnDevice(1)", outputs, err)
}
EOF
got=$(go run . "$plugin")
want='CallOnDevice(1): device 0
CallWithGraphOnDevice(1): device 1'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
