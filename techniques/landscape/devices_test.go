package landscape

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"testing"

	"bertlab/gbert"
	"bertlab/internal/testbed"
)

// Devices share a sweep's points, and one that was stopped on two goes on with four.
func TestDevicesSweepAsOneDoes(t *testing.T) {
	s := Space{From: end(t, 1), To: end(t, 2), Other: end(t, 3)}
	set := prepare(t, s.To, sentences(19, 1))
	open := func(devices int) *Explorer {
		e, err := OpenAcross(gbert.Devices{Backend: testbed.XLA(t), Count: devices}, s, set)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(e.Close)
		return e
	}
	grid := Grid{Alpha: []float64{-0.5, 0, 1}, Beta: []float64{0, 0.25, 0.5}}
	for _, part := range []Part{Whole(s.To.Config), Thirds(s.To.Config)[2]} {
		want, err := open(1).Sweep(t.Context(), grid, part, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		journal := filepath.Join(t.TempDir(), "points")
		ctx, stop := context.WithCancel(t.Context())
		if _, err := open(2).Sweep(ctx, grid, part, journal, func(done, _ int) {
			if done == 4 {
				stop()
			}
		}); !errors.Is(err, context.Canceled) {
			t.Fatalf("the sweep ended with %v", err)
		}
		begun := -1
		got, err := open(4).Sweep(t.Context(), grid, part, journal, func(done, _ int) {
			if begun < 0 {
				begun = done
			}
		})
		if err != nil || begun < 4 || begun > 5 {
			t.Fatalf("it went on after %d points: %v", begun, err)
		}
		for i, row := range want.Sets[0].Loss {
			for k, loss := range row {
				if math.Abs(got.Sets[0].Loss[i][k]-loss) > 1e-6 || got.Sets[0].Error[i][k] != want.Sets[0].Error[i][k] {
					t.Errorf("%s, point %d:%d: the loss is %.8f, on one device %.8f", part.Name, i, k, got.Sets[0].Loss[i][k], loss)
				}
			}
		}
	}
}
