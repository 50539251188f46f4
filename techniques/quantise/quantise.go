package quantise

import (
	"fmt"
	"math"
	"slices"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
)

// Options say how a model is quantised. The zero value stores the weights alone as codes.
type Options struct {
	// Inputs are the numbers that what enters a map is multiplied as.
	Inputs gbert.InputNumbers
	// Ranges are those of the inputs, for gbert.StaticInputs: see [Observed.Ranges].
	Ranges Ranges
	// Keep are the maps that stay as they are.
	Keep []Map
}

// MapReport says what became of a map.
type MapReport struct {
	Map
	Parameters int `json:"parameters"`
	// Int8 says that it is in whole numbers; else it stays in float32.
	Int8 bool `json:"int8"`
	// RelativeError is ‖W − Ŵ‖ / ‖W‖ in the Frobenius norm, of a product that of its worse factor; 0 where it stays.
	RelativeError float64 `json:"relative_error"`
	// Low and High are the stored range of its inputs, of a product that of the outer factor's.
	Low  float64 `json:"low,omitempty"`
	High float64 `json:"high,omitempty"`
}

// Report says what became of all maps.
type Report struct {
	Inputs gbert.InputNumbers `json:"inputs"`
	Maps   []MapReport        `json:"maps"`
	// Left are the maps of layers that cannot be quantised, such as those in a bank.
	Left []Map `json:"left,omitempty"`
}

// Quantise stores the maps of a model and its word table as eight-bit integers. A model that is quantised already, one with
// values that are not finite, and one of which nothing can be quantised are errors, as are stored ranges that are missing.
func Quantise(m *gbert.Model, o Options) (*gbert.Model, *Report, error) {
	if err := o.check(m); err != nil {
		return nil, nil, err
	}
	report := &Report{Inputs: o.Inputs, Left: left(m.Config)}
	var stored []surgery.Map
	words := MapReport{}
	var table [][]float32
	for _, each := range Maps(m.Config) {
		entry, values, err := o.quantise(m, each)
		if err != nil {
			return nil, nil, fmt.Errorf("quantise: %s: %w", each, err)
		}
		report.Maps = append(report.Maps, entry)
		switch {
		case !entry.Int8:
		case each.Role == Words:
			words, table = entry, values
		default:
			rank, _ := m.Config.Layers[each.Layer].Form(each.Role).Size()
			stored = append(stored, surgery.Map{Layer: each.Layer, Role: each.Role, Form: gbert.Int8(o.Inputs, rank), Values: values})
		}
	}
	if len(stored) == 0 && !words.Int8 {
		return nil, nil, fmt.Errorf("quantise: no map is left to quantise: all of them stay in float32")
	}
	done := gbert.Operation{Name: "quantise", Arguments: o.arguments()}
	if !words.Int8 {
		small, err := surgery.Store(m, stored, done)
		return small, report, err
	}
	inner := m.Clone()
	if err := inner.StoreWords(gbert.Int8Words(m.Config.Embedding), table...); err != nil {
		return nil, nil, fmt.Errorf("quantise: %w", err)
	}
	small, err := surgery.Store(inner, stored, done)
	return small, report, err
}

func (o Options) check(m *gbert.Model) error {
	if err := Check(m); err != nil {
		return err
	}
	known := Maps(m.Config)
	for _, kept := range o.Keep {
		if !slices.Contains(known, kept) {
			return fmt.Errorf("quantise: the model has no map %s of its own that could stay in float32", kept)
		}
	}
	return o.checkRanges(m.Config)
}

// checkRanges reports ranges that are missing, or not asked for.
func (o Options) checkRanges(c *gbert.Config) error {
	if o.Inputs != gbert.StaticInputs {
		if len(o.Ranges) > 0 {
			return fmt.Errorf("quantise: ranges are given, but inputs of the kind %q have none that are stored", o.Inputs)
		}
		return nil
	}
	for _, each := range Maps(c) {
		if each.Role == Words || slices.Contains(o.Keep, each) {
			continue
		}
		for _, name := range matrices(c, each) {
			if _, ok := o.Ranges[name]; !ok {
				return fmt.Errorf("quantise: there is no range of the inputs of %s: calibrate on the model that is quantised", each)
			}
		}
	}
	return nil
}

// arguments are what the history says.
func (o Options) arguments() map[string]any {
	arguments := map[string]any{"inputs": string(o.Inputs)}
	if o.Inputs == gbert.FloatInputs {
		arguments["inputs"] = "float32"
	}
	if len(o.Keep) > 0 {
		arguments["keep_float"] = FormatMaps(o.Keep)
	}
	return arguments
}

// left are the maps that layers store, but not as matrices that can be quantised.
func left(c *gbert.Config) []Map {
	var rest []Map
	for layer := range c.Layers {
		for _, role := range gbert.LayerRoles {
			each := Map{layer, role}
			out, in := c.MapShape(layer, role)
			if c.Holder(layer, role) == layer && out > 0 && in > 0 && matrices(c, each) == nil {
				rest = append(rest, each)
			}
		}
	}
	return rest
}

// quantise is a map in whole numbers: what is said of it, and the values of its form.
func (o Options) quantise(m *gbert.Model, each Map) (MapReport, [][]float32, error) {
	entry := MapReport{Map: each, Int8: !slices.Contains(o.Keep, each)}
	var stored [][]float32
	for i, name := range matrices(m.Config, each) {
		values, shape, err := m.Weight(name)
		if err != nil {
			return entry, nil, err
		}
		entry.Parameters += len(values)
		if !entry.Int8 {
			continue
		}
		codes, scales := gbert.QuantizeRows(values, shape[0], shape[1])
		entry.RelativeError = max(entry.RelativeError, relativeError(values, codes, scales))
		stored = append(stored, gbert.Codes(codes), scales)
		if o.Inputs == gbert.StaticInputs && each.Role != Words {
			r := o.Ranges[name]
			if i == 0 {
				entry.Low, entry.High = float64(r.Low), float64(r.High)
			}
			scale, zero := gbert.UnsignedScale(r.Low, r.High)
			stored = append(stored, []float32{scale}, []float32{float32(zero)})
		}
	}
	if each.Role != Words {
		return entry, stored, nil
	}
	for _, spec := range m.Config.WordWeights()[1:] { // stays in float32
		values, _, err := m.Weight(spec.Name)
		if err != nil {
			return entry, nil, err
		}
		stored = append(stored, values)
	}
	return entry, stored, nil
}

// relativeError is the distance of codes from the values, in the Frobenius norm.
func relativeError(values []float32, codes []int8, scales []float32) float64 {
	columns := len(values) / max(len(scales), 1)
	distance, norm := 0.0, 0.0
	for i, v := range values {
		d := float64(v) - float64(codes[i])*float64(scales[i/columns])
		distance, norm = distance+d*d, norm+float64(v)*float64(v)
	}
	if norm == 0 {
		return 0
	}
	return math.Sqrt(distance / norm)
}
