package landscape

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func toy(t testing.TB) *Explorer {
	s := Space{From: end(t, 1), To: end(t, 2), Other: end(t, 3)}
	return explore(t, goBackend(t), s, prepare(t, s.To, sentences(5, 1)), prepare(t, s.To, sentences(4, 2)))
}

func TestASurfaceHoldsThePointsOfItsGrid(t *testing.T) {
	e := toy(t)
	grid := Grid{Alpha: []float64{-0.5, 0, 1}, Beta: []float64{0, 0.25}}
	surface, err := e.Sweep(context.Background(), grid, Whole(e.space.To.Config), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, set := range surface.Sets {
		if len(set.Loss) != 2 || len(set.Loss[0]) != 3 || len(set.Points) != 6 {
			t.Fatalf("%d × %d", len(set.Loss), len(set.Loss[0]))
		}
		if set.Start.Loss != set.Loss[0][1] || set.End.Loss != set.Loss[0][2] {
			t.Errorf("the ends have the losses %g and %g, the grid has %v there", set.Start.Loss, set.End.Loss, set.Loss[0])
		}
		at, err := e.At(context.Background(), Point{Alpha: -0.5, Beta: 0.25})
		if err != nil || at[k].Loss != set.Loss[1][0] || at[k].Error != set.Error[1][0] {
			t.Errorf("%+v (%v) is not what the surface has: %g", at[k], err, set.Loss[1][0])
		}
	}
}

func TestAKilledSweepGoesOnAfterTheLastPoint(t *testing.T) {
	e := toy(t)
	grid, part := Plane(-1, 2, 4), Thirds(e.space.To.Config)[1]
	want, err := e.Sweep(context.Background(), grid, part, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "sweep", "points")
	ctx, stop := context.WithCancel(context.Background())
	if _, err := e.Sweep(ctx, grid, part, path, func(done, total int) {
		if done == 7 {
			stop()
		}
	}); !errors.Is(err, context.Canceled) {
		t.Fatalf("stopped with %v", err)
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString(`{"point": 9, "sets": [{"lo`); err != nil { // the point in work
		t.Fatal(err)
	}
	file.Close()
	var seen []int
	got, err := e.Sweep(context.Background(), grid, part, path, func(done, total int) {
		if total != 18 {
			t.Fatalf("%d points", total)
		}
		seen = append(seen, done)
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen[0] != 7 || len(seen) != 12 {
		t.Errorf("went on at %v", seen)
	}
	if !reflect.DeepEqual(got, want) {
		t.Error("the surface differs from one that was not interrupted")
	}
	computed := 0
	again, err := e.Sweep(context.Background(), grid, part, path, func(done, total int) { computed++ })
	if err != nil || computed != 1 || !reflect.DeepEqual(again, want) {
		t.Errorf("a finished sweep reported progress %d times (%v)", computed, err)
	}
}

func TestForeignAndBrokenJournalsAreRefused(t *testing.T) {
	e := toy(t)
	grid, part := Line(0, 1, 2), Whole(e.space.To.Config)
	path := filepath.Join(t.TempDir(), "points")
	if _, err := e.Sweep(context.Background(), grid, part, path, nil); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Sweep(context.Background(), Line(0, 1, 3), part, path, nil); err == nil || !strings.Contains(err.Error(), "begin anew") {
		t.Errorf("another grid's journal: %v", err)
	}
	for name, change := range map[string]func(string) string{
		"a point beyond the grid": func(s string) string { return strings.Replace(s, `"point":3`, `"point":44`, 1) },
		"an impossible loss":      func(s string) string { return strings.Replace(s, `"loss":`, `"loss":-`, 1) },
		"a missing set":           func(s string) string { return s[:strings.Index(s, `"sets"`)] + `"sets":[]}` + "\n" },
		"no JSON":                 func(s string) string { return s + "points\n" },
		"no journal":              func(string) string { return "alpha,beta\n" },
	} {
		if err := os.WriteFile(path, []byte(change(string(whole))), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Sweep(context.Background(), grid, part, path, nil); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOnlyTheChosenSetsAreEvaluated(t *testing.T) {
	e := toy(t)
	both, err := e.At(context.Background(), Point{Alpha: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Use(1); err != nil {
		t.Fatal(err)
	}
	surface, err := e.Sweep(context.Background(), Grid{Alpha: []float64{0.5}}, Whole(e.space.To.Config), "", nil)
	if err != nil || len(surface.Sets) != 1 || surface.Sets[0].Loss[0][0] != both[1].Loss {
		t.Errorf("%+v, %v; want the loss %g", surface, err, both[1].Loss)
	}
	if err := e.Use(2); err == nil {
		t.Error("a third set was used")
	}
}

func TestGridsThatCannotBeSweptAreRefused(t *testing.T) {
	e := toy(t)
	for _, grid := range []Grid{{}, {Alpha: []float64{1, 0}}, {Alpha: []float64{0, 2 * Farthest}}, {Alpha: []float64{0}, Beta: make([]float64, LargestGrid+1)}} {
		if _, err := e.Sweep(context.Background(), grid, Whole(e.space.To.Config), "", nil); err == nil {
			t.Errorf("%v was swept", grid)
		}
	}
	if axis := Axis(-1, 2, 13); axis[4] != 0 || axis[8] != 1 || axis[12] != 2 {
		t.Errorf("%v", axis)
	}
}
