package stats

import (
	"fmt"
	"strings"
)

// Answers says of each example of a test set whether a model is right about it. As text, and so in JSON, it is a string with a 1 for
// each example that it is right about and a 0 for each other.
type Answers []bool

// Right is the number of examples that the model is right about.
func (a Answers) Right() int {
	n := 0
	for _, right := range a {
		if right {
			n++
		}
	}
	return n
}

// Accuracy is the share of the examples that the model is right about; NaN of none.
func (a Answers) Accuracy() float64 { return float64(a.Right()) / float64(len(a)) }

// Numbers are the answers as 1 and 0, by example.
func (a Answers) Numbers() []float64 {
	list := make([]float64, len(a))
	for i, right := range a {
		if right {
			list[i] = 1
		}
	}
	return list
}

// Not are the answers the other way round: true for each example that the model is wrong about.
func (a Answers) Not() Answers {
	list := make(Answers, len(a))
	for i, right := range a {
		list[i] = !right
	}
	return list
}

// Against tests whether a model is right as often as another one on the same examples: McNemar's test, and the difference of the
// accuracies, this model's minus the other's, with its interval as [Usual] resamples.
func (a Answers) Against(other Answers) (McNemarResult, Difference, error) {
	test, err := McNemar(a, other)
	if err != nil {
		return test, Difference{}, err
	}
	difference, err := PairedBootstrap(a.Numbers(), other.Numbers(), Usual)
	return test, difference, err
}

// Pool gives for each example the share of models that are right about it, all judged on the same examples; nil without models. It
// panics where models were judged on different numbers of examples.
func Pool(models []Answers) []float64 {
	if len(models) == 0 {
		return nil
	}
	share := make([]float64, len(models[0]))
	for _, answers := range models {
		if len(answers) != len(share) {
			panic(fmt.Sprintf("stats: models judged on %d and on %d examples cannot be pooled", len(share), len(answers)))
		}
		for i, right := range answers {
			if right {
				share[i]++
			}
		}
	}
	for i := range share {
		share[i] /= float64(len(models))
	}
	return share
}

// String has a 1 for each example that the model is right about, and a 0 for each other.
func (a Answers) String() string {
	var b strings.Builder
	for _, right := range a {
		if right {
			b.WriteByte('1')
		} else {
			b.WriteByte('0')
		}
	}
	return b.String()
}

// MarshalText gives [Answers.String].
func (a Answers) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what [Answers.MarshalText] gives.
func (a *Answers) UnmarshalText(text []byte) error {
	read := make(Answers, len(text))
	for i, mark := range text {
		if mark != '0' && mark != '1' {
			return fmt.Errorf("stats: answer %d of %d is %q: 1 for right or 0 for wrong was expected", i, len(text), mark)
		}
		read[i] = mark == '1'
	}
	*a = read
	return nil
}
