package wang2022

import (
	"context"
	"fmt"
	"math"
	"time"

	"bertlab/gbert"
	"bertlab/techniques/tucker"
)

// decompose makes the model of a form with a part of the matrices' parameters, and measures it.
func (s *seedRun) decompose(ctx context.Context, form Form, ratio float64) (*gbert.Model, Variant, error) {
	began := time.Now()
	v := Variant{Form: form, Ratio: ratio, Seed: s.seed, ByRole: map[string]float64{}}
	var small *gbert.Model
	var report *tucker.Factorisation
	var err error
	if form == II {
		small, report, err = tucker.Factorise(ctx, s.whole, tucker.FactoriseOptions{Ratio: ratio, Progress: s.env.Stage("decomposing")})
	} else {
		o := tucker.BankOptions{Core: gbert.MixedCore, Ratio: ratio, Sweeps: s.config.Sweeps}
		if form == III {
			o.Core = gbert.FullCore
		}
		if o.Sweeps == 0 {
			o.Sweeps = -1
		}
		small, report, err = tucker.Bank(ctx, s.whole, o)
	}
	if err != nil {
		return nil, v, err
	}
	v.Seconds, v.Matrices, v.Parameters = time.Since(began).Seconds(), report.ParametersAfter, small.NumParameters()
	v.Name = ranks(report)
	if report.Bank != nil {
		v.Name, v.Sweeps = report.Bank.Name, report.Bank.Errors
	}
	c := small.Config
	v.MACs, v.BatchMACs = c.MACs(s.config.SpeedLength, true).Total(), c.BatchMACs(s.config.SpeedBatch, s.config.SpeedLength, true).Total()
	if v.Error, err = stackError(s.whole, report.Maps, v.ByRole); err != nil {
		return nil, v, err
	}
	return small, v, nil
}

// ranks names form II by its smallest and largest rank.
func ranks(report *tucker.Factorisation) string {
	low, high := math.MaxInt, 0
	for _, m := range report.Maps {
		low, high = min(low, m.Rank), max(high, m.Rank)
	}
	if low == high {
		return fmt.Sprintf("II-%d", low)
	}
	return fmt.Sprintf("II-%d to %d", low, high)
}

// stackError is the relative error of all matrices together; it also gives those of each role.
func stackError(model *gbert.Model, maps []tucker.FactorisedMap, byRole map[string]float64) (float64, error) {
	lost, whole := map[string]float64{}, map[string]float64{}
	for _, m := range maps {
		weight, _, err := model.DenseMap(m.Layer, m.Role)
		if err != nil {
			return 0, err
		}
		square := 0.0
		for _, w := range weight {
			square += float64(w) * float64(w)
		}
		for _, key := range []string{"", string(m.Role)} {
			whole[key] += square
			lost[key] += square * m.RelativeError * m.RelativeError
		}
	}
	for _, role := range gbert.LayerRoles {
		byRole[string(role)] = math.Sqrt(lost[string(role)] / whole[string(role)])
	}
	return math.Sqrt(lost[""] / whole[""]), nil
}

// matrixParameters counts the encoder's matrices, without biases.
func matrixParameters(m *gbert.Model) int {
	count, d := 0, m.Config.HiddenSize
	for _, layer := range m.Config.Layers {
		count += 4*d*d + 2*d*layer.IntermediateSize
	}
	return count
}
