package task

import "testing"

func TestMajorityIsTheShareOfTheLargestClass(t *testing.T) {
	d := &Dataset{Task: &Task{Kind: Classification, Labels: []string{"a", "b", "c"}}}
	if d.Majority() != 0 {
		t.Errorf("of nothing: %g", d.Majority())
	}
	for _, label := range []int{2, 0, 2, 1, 2} {
		d.Examples = append(d.Examples, Example{Label: label})
	}
	if d.Majority() != 0.6 {
		t.Errorf("%g, want 0.6", d.Majority())
	}
	d.Task = &Task{Kind: Regression}
	if d.Majority() != 0 {
		t.Errorf("of a regression: %g", d.Majority())
	}
}
