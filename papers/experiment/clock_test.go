package experiment

import "testing"

func TestStepsBesideACompilationAreNotTimed(t *testing.T) {
	var clock StepClock
	if clock.Median() != 0 {
		t.Error("no step takes time")
	}
	clock.begin()
	for _, phase := range []string{"compiling", "training", "training", "compiling", "training", "training", "evaluating", "training"} {
		clock.tick(phase)
	}
	if len(clock.Steps) != 3 {
		t.Errorf("%d steps", len(clock.Steps))
	}
	clock.Steps = []Elapsed{{Wall: 3e9, Processor: 1e9}, {Wall: 30e9, Processor: 4e9}, {Wall: 6e9, Processor: 13e9}}
	if clock.Median() != 6 {
		t.Errorf("%g", clock.Median())
	}
}
