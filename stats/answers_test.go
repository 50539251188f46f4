package stats

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAnswersAreOnesAndZerosInJSON(t *testing.T) {
	type record struct {
		Right Answers `json:"right"`
		Maybe Answers `json:"maybe,omitempty"`
	}
	for want, r := range map[string]record{
		`{"right":"0110"}`:             {Right: Answers{false, true, true, false}},
		`{"right":""}`:                 {},
		`{"right":"1","maybe":"0"}`:    {Right: Answers{true}, Maybe: Answers{false}},
		`{"right":"00","maybe":"111"}`: {Right: make(Answers, 2), Maybe: Answers{true, true, true}},
	} {
		out, err := json.Marshal(r)
		if err != nil || string(out) != want {
			t.Errorf("%s (%v), want %s", out, err, want)
		}
		var back record
		if err := json.Unmarshal(out, &back); err != nil || !slices.Equal(back.Right, r.Right) || !slices.Equal(back.Maybe, r.Maybe) {
			t.Errorf("%s is read as %v (%v)", out, back, err)
		}
	}
	for _, text := range []string{`{"right":"012"}`, `{"right":" 1"}`, `{"right":"true"}`, `{"right":[true]}`} {
		if err := json.Unmarshal([]byte(text), new(record)); err == nil {
			t.Errorf("%s is no error", text)
		}
	}
	if err := new(Answers).UnmarshalText([]byte("10x")); err == nil || !strings.Contains(err.Error(), "answer 2 of 3") {
		t.Errorf("a letter: %v", err)
	}
}

func TestAnswersCountTheRightOnes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Answers(rapid.SliceOfN(rapid.Bool(), 1, 40).Draw(t, "a"))
		ones := strings.Count(a.String(), "1")
		sum := 0.0
		for _, v := range a.Numbers() {
			sum += v
		}
		if a.Right() != ones || sum != float64(ones) || a.Accuracy() != float64(ones)/float64(len(a)) {
			t.Fatalf("%v has %d right, its numbers the sum %g, an accuracy of %g", a, a.Right(), sum, a.Accuracy())
		}
		if a.Not().Right() != len(a)-ones || !slices.Equal(a.Not().Not(), a) {
			t.Fatalf("%v the other way round is %v", a, a.Not())
		}
		if !slices.Equal(Pool([]Answers{a}), a.Numbers()) {
			t.Fatalf("one model pooled is %v", Pool([]Answers{a}))
		}
	})
	if got := Pool([]Answers{{true, false, true}, {true, false, false}}); !slices.Equal(got, []float64{1, 0, 0.5}) {
		t.Errorf("pooled: %v", got)
	}
	if got := Pool(nil); got != nil {
		t.Errorf("no models pooled: %v", got)
	}
}

func TestAgainstIsTheTestAndTheDifferenceOfTheAnswers(t *testing.T) {
	a, b := make(Answers, 100), make(Answers, 100)
	for i := range a {
		a[i], b[i] = i%4 != 0, i%3 != 0
	}
	test, difference, err := a.Against(b)
	if err != nil {
		t.Fatal(err)
	}
	want, err := PairedBootstrap(a.Numbers(), b.Numbers(), Resampling{Resamples: 2000, Seed: 1})
	if err != nil || difference != want || difference.First != 0.75 || difference.Second != 0.66 || !same(difference.Value, 0.09) {
		t.Errorf("%+v, want %+v (%v)", difference, want, err)
	}
	if alone, err := McNemar(a, b); err != nil || test != alone || test.OnlyA-test.OnlyB != 9 {
		t.Errorf("%+v and %+v (%v)", test, alone, err)
	}
}

func TestEstimatesAreWrittenUnderTheirOldNames(t *testing.T) {
	e := Estimate{Interval: Interval{0.5, 0.25, 0.75}, P: 0.125, Level: 0.95, Resamples: 10, Seed: 3}
	const want = `{"estimate":0.5,"low":0.25,"high":0.75,"p":0.125,"level":0.95,"resamples":10,"seed":3}`
	for name, v := range map[string]any{"estimate": e, "difference": Difference{Estimate: e, First: 1, Second: 0.5}} {
		if out, err := json.Marshal(v); err != nil || string(out) != want {
			t.Errorf("%s: %s (%v), want %s", name, out, err, want)
		}
	}
	var back Estimate
	if err := json.Unmarshal([]byte(want), &back); err != nil || back != e {
		t.Errorf("read as %+v (%v)", back, err)
	}
	e.Undefined = 2
	if out, err := json.Marshal(e); err != nil || !strings.Contains(string(out), `"resamples":10,"undefined":2,"seed":3`) {
		t.Errorf("%s (%v)", out, err)
	}
	if err := json.Unmarshal([]byte(`{"estimate":"a"}`), &back); err == nil {
		t.Error("a word is no estimate")
	}
}

func TestIntervalsAreWrittenWithTheirUnit(t *testing.T) {
	i := Interval{-0.012, -0.0251, 0.001}
	if got := i.Points(); got != "-1.20 [-2.51, +0.10]" {
		t.Errorf("points: %s", got)
	}
	if got := i.Times(1000).Text("%.0f"); got != "-12 [-25, 1]" {
		t.Errorf("thousandths: %s", got)
	}
}
