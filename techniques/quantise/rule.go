package quantise

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"bertlab/gbert"
)

// A Range is that of the inputs of a matrix.
type Range struct{ Low, High float32 }

// Ranges are ranges by the name of the matrix that reads the inputs.
type Ranges map[string]Range

// A Rule chooses a range from what was observed.
type Rule struct {
	kind string
	part float64 // of a percentile, in percent
}

// The rules: all that was seen; or the range that loses least in the mean of the squared errors, of rounding within it and of cutting
// beyond.
var (
	MinMax           = Rule{kind: "minmax"}
	MeanSquaredError = Rule{kind: "mse"}
)

// Percentile is the range that holds a part of all inputs, in percent; of the others half are below and half above.
func Percentile(part float64) Rule { return Rule{kind: "percentile", part: part} }

// ParseRule reads a rule: "minmax", "mse", "percentile" (of 99.99 %), or as "percentile:99.9".
func ParseRule(text string) (Rule, error) {
	kind, number, given := strings.Cut(text, ":")
	rule := Rule{kind: kind}
	if kind == "percentile" {
		rule.part = 99.99
		if given {
			part, err := strconv.ParseFloat(number, 64)
			if err != nil {
				return rule, fmt.Errorf("%q is no percentile: write it as percentile:99.9", text)
			}
			rule.part = part
		}
		return rule, rule.check()
	}
	if given {
		return rule, fmt.Errorf("%q: only percentile has a number behind it", text)
	}
	return rule, rule.check()
}

func (r Rule) check() error {
	switch {
	case r == MinMax || r == MeanSquaredError:
		return nil
	case r.kind != "percentile":
		return fmt.Errorf("there is no rule %q; the rules are minmax, percentile and mse", r.kind)
	case !(r.part > 50 && r.part <= 100):
		return fmt.Errorf("a percentile of %g is none; it must be above 50 and at most 100", r.part)
	}
	return nil
}

// String is what [ParseRule] reads.
func (r Rule) String() string {
	if r.kind == "percentile" {
		return "percentile:" + strconv.FormatFloat(r.part, 'g', -1, 64)
	}
	return r.kind
}

func (r Rule) of(h *histogram) Range {
	switch r.kind {
	case "percentile":
		return h.percentile(r.part)
	case "mse":
		return h.leastError()
	}
	return Range{h.low, h.high}
}

// The numbers of a histogram are told apart by their sign, their exponent and eight bits of their fraction: 0.4 % wide at most, whatever
// their size, so that one pass does and no range is needed beforehand.
const bucketShift = 15

// histogram counts float32 numbers.
type histogram struct {
	counts    []uint32 // by the bits of the number, shifted
	total     int
	low, high float32
}

func newHistogram() *histogram { return &histogram{counts: make([]uint32, 1<<(32-bucketShift))} }

func (h *histogram) add(values []float32) error {
	for _, v := range values {
		if v-v != 0 {
			return fmt.Errorf("%g is not finite: whole numbers would hide it", v)
		}
		h.low, h.high = min(h.low, v), max(h.high, v)
		h.counts[math.Float32bits(v)>>bucketShift]++
	}
	h.total += len(values)
	return nil
}

// each calls visit with the middle of each bucket that is not empty, ascending.
func (h *histogram) each(visit func(value float32, count int)) {
	half := len(h.counts) / 2
	middle := func(bucket int) float32 {
		return math.Float32frombits(uint32(bucket)<<bucketShift | 1<<(bucketShift-1))
	}
	for i := len(h.counts) - 1; i >= half; i-- { // negative numbers, the largest first
		if h.counts[i] > 0 {
			visit(middle(i), int(h.counts[i]))
		}
	}
	for i := range half {
		if h.counts[i] > 0 {
			visit(middle(i), int(h.counts[i]))
		}
	}
}

func (h *histogram) percentile(part float64) Range {
	beyond := float64(h.total) * (1 - part/100) / 2
	seen, r := 0.0, Range{h.low, h.high}
	first, last := false, false
	h.each(func(value float32, count int) {
		seen += float64(count)
		if !first && seen > beyond {
			r.Low, first = max(value, h.low), true
		}
		if !last && seen >= float64(h.total)-beyond {
			r.High, last = min(value, h.high), true
		}
	})
	return r
}

// leastError tries the whole range and parts of it, in steps of one in a hundred.
func (h *histogram) leastError() Range {
	var values, counts []float64
	h.each(func(value float32, count int) {
		values, counts = append(values, float64(value)), append(counts, float64(count))
	})
	best, least := Range{h.low, h.high}, math.Inf(1)
	for percent := 100; percent >= 10; percent-- {
		part := float32(percent) / 100
		r := Range{h.low * part, h.high * part}
		scale, zero := gbert.UnsignedScale(r.Low, r.High)
		sum, s, z := 0.0, float64(scale), float64(zero)
		for i, v := range values {
			d := v - s*max(-z, min(255-z, math.RoundToEven(v/s)))
			sum += counts[i] * d * d
		}
		if sum < least {
			best, least = r, sum
		}
	}
	return best
}
