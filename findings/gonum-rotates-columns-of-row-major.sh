#!/usr/bin/env bash
# Version: gonum.org/v1/gonum v0.16.0 (Go 1.26).
# Behaviour: the QR iteration of the singular value decomposition (Dbdsqr) turns the left vectors as columns, one rotation after the other
# down all rows. Matrices lie in rows there, so that each rotation goes through the whole matrix in memory. The same rotations of the
# transpose, which the routine takes as its third matrix, go over rows; the result is the same to the last bit in a third to half of the time.
# mat.SVD and mat.EigenSym spend most of their time in the slow way.
# Output (768 × 768; times vary): the same numbers: true
#   columns: 1.73 s, rows: 0.68 s, ratio 2.5
# Why it matters: low-rank factors of every matrix of a BERT wait for these rotations more than for anything else, and more processors
# do not help: the iteration runs on one.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export GOWORK=off GOFLAGS=-mod=mod
go mod init example >/dev/null 2>&1
go mod edit -require=gonum.org/v1/gonum@v0.16.0
cat >main.go <<'EOF'
package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/lapack/gonum"
)

func main() {
	const n = 768
	var lapack gonum.Implementation
	source := rand.New(rand.NewPCG(1, 1))
	diagonal, above, u := make([]float64, n), make([]float64, n-1), make([]float64, n*n)
	for _, list := range [][]float64{diagonal, above, u} {
		for i := range list {
			list[i] = source.NormFloat64()
		}
	}
	transposed := make([]float64, n*n)
	for i := range n {
		for j := range n {
			transposed[j*n+i] = u[i*n+j]
		}
	}
	// time is the least of three calls, and what the last one left in the matrix.
	timed := func(matrix []float64, call func(d, e, matrix, work []float64) bool) (float64, []float64) {
		least, result := 0.0, []float64(nil)
		for i := range 3 {
			d, e := slices.Clone(diagonal), slices.Clone(above)
			result = slices.Clone(matrix)
			began := time.Now()
			if !call(d, e, result, make([]float64, 4*n)) {
				panic("it does not converge")
			}
			if seconds := time.Since(began).Seconds(); i == 0 || seconds < least {
				least = seconds
			}
		}
		return least, result
	}
	columns, one := timed(u, func(d, e, u, work []float64) bool {
		return lapack.Dbdsqr(blas.Upper, n, 0, n, 0, d, e, nil, 1, u, n, nil, 1, work)
	})
	rows, other := timed(transposed, func(d, e, u, work []float64) bool {
		return lapack.Dbdsqr(blas.Upper, n, 0, 0, n, d, e, nil, 1, nil, 1, u, n, work)
	})
	same := true
	for i := range n {
		for j := range n {
			same = same && one[i*n+j] == other[j*n+i]
		}
	}
	fmt.Println("the same numbers:", same)
	fmt.Printf("columns: %.2f s, rows: %.2f s, ratio %.1f\n", columns, rows, columns/rows)
	if !same || columns < 1.3*rows {
		os.Exit(1)
	}
}
EOF
go run .
