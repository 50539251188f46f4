package figures

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTheFrontIsWhatNothingBeats(t *testing.T) {
	points := []ParetoPoint{{X: 1, Y: 1}, {X: 2, Y: 3}, {X: 3, Y: 2}, {X: 3, Y: 3}, {X: 4, Y: 4}, {X: 4, Y: 4}}
	if got, want := ParetoFront(points), []bool{true, true, false, false, true, true}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		points := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) ParetoPoint {
			return ParetoPoint{X: float64(rapid.IntRange(0, 9).Draw(t, "x")), Y: float64(rapid.IntRange(0, 9).Draw(t, "y"))}
		}), 1, 20).Draw(t, "points")
		front := ParetoFront(points)
		for i, p := range points {
			beaten := false
			for j, q := range points { // every beaten point is beaten by one of the front
				beaten = beaten || front[j] && q.X <= p.X && q.Y >= p.Y && q != p
			}
			if beaten == front[i] {
				t.Fatalf("point %d of %v: beaten %v, front %v", i, points, beaten, front)
			}
		}
	})
}

func TestPointsThatCannotBeDrawnAreRefused(t *testing.T) {
	for mentions, o := range map[string]ParetoOptions{
		"no point":       {},
		"finite numbers": {Points: []ParetoPoint{{Name: "a", X: math.NaN()}}},
		"of group 2":     {Points: []ParetoPoint{{Name: "a", Group: 2}}, Groups: []string{"one", "two"}},
	} {
		if _, err := Pareto(o); err == nil || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%s: %v", mentions, err)
		}
	}
}

func TestEveryNameIsWrittenAndNoneCoversAnother(t *testing.T) {
	f, err := demos()["pareto"]()
	if err != nil {
		t.Fatal(err)
	}
	p := f.drawOn(blank{})
	if text := crossed(p); text != "" || len(p.whiskers) == 0 {
		t.Errorf("%q stands on one of %d whiskers", text, len(p.whiskers))
	}
	written := map[string]bool{}
	for _, w := range p.words {
		written[w.text] = true
	}
	for _, row := range f.Data().Rows {
		if !written[row[0].(string)] {
			t.Errorf("%s is not named", row[0])
		}
	}
}
