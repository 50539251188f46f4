package task

import (
	"encoding/json"
	"fmt"
	"math"
)

// Scores holds metrics by name. In JSON a value that is not a number is null.
type Scores map[string]float64

// MarshalJSON writes NaN and infinities, which JSON does not have, as null.
func (s Scores) MarshalJSON() ([]byte, error) {
	out := make(map[string]*float64, len(s))
	for name, v := range s {
		out[name] = nil
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			out[name] = &v
		}
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON writes: null is not a number.
func (s *Scores) UnmarshalJSON(data []byte) error {
	var values map[string]*float64
	if err := json.Unmarshal(data, &values); err != nil {
		return err
	}
	*s = Scores{}
	for name, v := range values {
		if (*s)[name] = math.NaN(); v != nil {
			(*s)[name] = *v
		}
	}
	return nil
}

// Confusion counts examples by their class (row) and the class that was predicted (column).
type Confusion [][]int

// NewConfusion counts gold[i] against predicted[i], class numbers from 0 below classes.
func NewConfusion(classes int, gold, predicted []int) (Confusion, error) {
	if len(gold) != len(predicted) {
		return nil, fmt.Errorf("task: %d labels and %d predictions", len(gold), len(predicted))
	}
	if classes < 1 || classes > 1<<12 {
		return nil, fmt.Errorf("task: a confusion matrix of %d classes: from 1 to %d were expected", classes, 1<<12)
	}
	c := make(Confusion, classes)
	for i := range c {
		c[i] = make([]int, classes)
	}
	for i := range gold {
		if g, p := gold[i], predicted[i]; g < 0 || g >= classes || p < 0 || p >= classes {
			return nil, fmt.Errorf("task: example %d has the label %d and the prediction %d: from 0 to %d were expected", i, g, p, classes-1)
		}
		c[gold[i]][predicted[i]]++
	}
	return c, nil
}

// Accuracy is the share of examples whose class was predicted; NaN without examples.
func (c Confusion) Accuracy() float64 {
	right, all := 0, 0
	for i, row := range c {
		right += row[i]
		for _, n := range row {
			all += n
		}
	}
	return float64(right) / float64(all)
}

// F1 is 2·TP / (2·TP + FP + FN): of class 1 where there are two classes, else its mean over the classes that occur (macro). It
// is 0 where the denominator is, as in scikit-learn.
func (c Confusion) F1() float64 { return c.f1(1) }

// f1 is F1 with the class that counts where there are two.
func (c Confusion) f1(positive int) float64 {
	if len(c) == 2 {
		return c.classF1(positive)
	}
	sum, classes := 0.0, 0
	for k := range c {
		if c.occurs(k) {
			sum += c.classF1(k)
			classes++
		}
	}
	if classes == 0 {
		return 0
	}
	return sum / float64(classes)
}

// occurs says whether class k was there or was predicted.
func (c Confusion) occurs(k int) bool {
	for i := range c {
		if c[k][i] > 0 || c[i][k] > 0 {
			return true
		}
	}
	return false
}

func (c Confusion) classF1(k int) float64 {
	sides := 0 // TP+FN and TP+FP together
	for i := range c {
		sides += c[k][i] + c[i][k]
	}
	if sides == 0 {
		return 0
	}
	return 2 * float64(c[k][k]) / float64(sides)
}

// Matthews is the correlation between classes and predictions, R_K of Gorodkin 2004 (for two classes the φ coefficient):
//
//	(s·n − Σ p_k·t_k) / √((n² − Σ p_k²)(n² − Σ t_k²))
//
// with s right ones of n, and class k occurring t_k times and being predicted p_k times. It is 0 where the denominator is.
func (c Confusion) Matthews() float64 {
	var n, s, pt, pp, tt float64
	for k := range c {
		var p, t float64
		for i := range c {
			t += float64(c[k][i])
			p += float64(c[i][k])
		}
		n += t
		s += float64(c[k][k])
		pt, pp, tt = pt+p*t, pp+p*p, tt+t*t
	}
	d := math.Sqrt(n*n-pp) * math.Sqrt(n*n-tt)
	if d == 0 {
		return 0
	}
	return (s*n - pt) / d
}
