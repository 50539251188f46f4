package experiment

import (
	"context"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// paceTime is how long [Pace] measures, and a slow backend takes longer for the three runs that it is given at least.
const paceTime = 700 * time.Millisecond

// Pace measures about how many seconds a multiply-accumulate operation of a model takes on a backend: that of products of matrices like
// those of a small BERT, of which a whole pass reaches about three quarters.
func Pace(ctx context.Context, b compute.Backend) (float64, error) {
	const rows, width, products = 1024, 384, 2
	exec, err := graph.NewExec(b, func(x, w *graph.Node) *graph.Node {
		for range products {
			x = graph.Tanh(graph.Dot(x, w).Product())
		}
		return graph.ReduceAllSum(x)
	})
	if err != nil {
		return 0, err
	}
	defer exec.Finalize()
	x := tensors.FromShape(shapes.Make(dtypes.Float32, rows, width))
	w := tensors.FromShape(shapes.Make(dtypes.Float32, width, width))
	defer func() { x.MustFinalizeAll(); w.MustFinalizeAll() }()
	var best, spent time.Duration
	for i := 0; i <= 3 || spent < paceTime; i++ { // the first one compiles; the best of few varies where other work is going on
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		began := time.Now()
		out, err := exec.Call1(x, w)
		if err != nil {
			return 0, err
		}
		_ = out.Value() // which waits for it
		out.MustFinalizeAll()
		took := time.Since(began)
		if spent += took; i > 0 && (best == 0 || took < best) {
			best = took
		}
	}
	return best.Seconds() / (products * rows * width * width) / 0.75, nil
}
