package layerdrop

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/surgery"
)

func progressive(ctx context.Context, t *testing.T, dir string, progress func(finetune.Progress)) (*gbert.Model, []Part, error) {
	return Progressive(ctx, backend(t), classifier(t, 4, 6), sentences(31, 7), nil, []int{3, 1}, finetune.Options{
		Epochs: 2, BatchSize: 4, MaxLength: 16, LearningRate: 1e-2, Seed: 3, CheckpointDir: dir, Progress: progress,
	})
}

func TestProgressiveTrainingDropsOneLayerAfterEachPart(t *testing.T) {
	reports := 0
	model, parts, err := progressive(context.Background(), t, "", func(finetune.Progress) { reports++ })
	if err != nil {
		t.Fatal(err)
	}
	if origins := surgery.Origins(model.Config, All(model.Config)); !slices.Equal(origins, []int{0, 2}) {
		t.Errorf("layers %v are left", origins)
	}
	examples, layers := 0, []int{}
	for _, p := range parts {
		examples, layers = examples+p.Examples, append(layers, p.Layers)
	}
	if examples != 31 || !slices.Equal(layers, []int{4, 3, 2}) || !slices.Equal(parts[1].Dropped, []int{3}) || !slices.Equal(parts[2].Dropped, []int{1}) {
		t.Errorf("%d examples, %v layers, dropped %v and %v", examples, layers, parts[1].Dropped, parts[2].Dropped)
	}
	t.Run("and goes on after a kill", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "checkpoint")
		for kills := 0; ; kills++ {
			ctx, cancel := context.WithCancel(context.Background())
			left := reports/3 + 1
			resumed, _, err := progressive(ctx, t, dir, func(finetune.Progress) {
				if left--; left == 0 {
					cancel()
				}
			})
			cancel()
			if errors.Is(err, context.Canceled) && kills < 20 {
				continue
			}
			if err != nil || kills < 2 {
				t.Fatalf("after %d kills: %v", kills, err)
			}
			a, err := model.Fingerprint()
			if err != nil {
				t.Fatal(err)
			}
			if b, err := resumed.Fingerprint(); err != nil || a != b {
				t.Errorf("after %d kills it is another model, %v", kills, err)
			}
			if left, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(left) != 1 {
				t.Errorf("it leaves %v, %v", left, err)
			}
			return
		}
	})
}

func TestProgressiveTrainingRefusesWhatCannotBe(t *testing.T) {
	for mentions, order := range map[string][]int{"0…2": {3}, "at least one layer stays": {0, 1, 2}, "for 3 parts": {0, 1}} {
		_, _, err := Progressive(context.Background(), backend(t), classifier(t, 3, 6), sentences(2, 7), nil, order, finetune.Options{})
		if err == nil || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%v: %v", order, err)
		}
	}
}

func TestTravelIsTheRelativeDistance(t *testing.T) {
	before := classifier(t, 2, 1)
	after := before.Clone()
	for _, spec := range before.Weights() {
		if layer, _, ok := gbert.CutLayer(spec.Name); ok {
			values, shape, err := before.Weight(spec.Name)
			if err != nil {
				t.Fatal(err)
			}
			grown := make([]float32, len(values))
			for i, v := range values {
				grown[i] = v * (1 + 0.25*float32(layer+1))
			}
			set(t, after, spec.Name, shape, grown)
		}
	}
	got, err := Travel(before, after)
	if err != nil || math.Abs(got[0]-0.25) > 1e-6 || math.Abs(got[1]-0.5) > 1e-6 {
		t.Errorf("%v, %v", got, err)
	}
	if same, err := Travel(before, before); err != nil || !reflect.DeepEqual(same, []float64{0, 0}) {
		t.Errorf("a model that did not move: %v, %v", same, err)
	}
	if _, err := Travel(before, drop(t, before, 1)); err == nil || !strings.Contains(err.Error(), "2 layers before training and 1 after") {
		t.Errorf("other layers: %v", err)
	}
}
