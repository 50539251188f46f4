package lan2020

import (
	"math"

	"gonum.org/v1/gonum/stat"

	"bertlab/papers/experiment"
	"bertlab/techniques/sharing"
)

// smooth is about figure 1.
func (r edition) smooth() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("With shared weights the layers move their input more evenly."),
		Paper:    r.T("figure 1, BERT-large and ALBERT-large: L2 distance and angle of input and output are much smoother from layer to layer for ALBERT"),
		Estimand: r.T("coefficient of variation over layers of the mean L2 distance and of the mean angle, of the model that shares all minus that of the whole one"),
		Rule:     experiment.Inferior(evener, experiment.Plain).Each(), Training: true,
		Missing: r.T("The protocol does not share all."),
	}
	var distances, angles []float64
	var above [2][]*sharing.Transitions // of the layers above the lowest, of the whole model and of the one that shares all
	for _, whole := range r.of(Scheme{}) {
		for _, shared := range r.of(shareAll) {
			if whole.Seed != shared.Seed || whole.Transitions == nil || shared.Transitions == nil {
				continue
			}
			l2, angle := whole.Transitions.Unevenness()
			sharedL2, sharedAngle := shared.Transitions.Unevenness()
			distances, angles = append(distances, sharedL2-l2), append(angles, sharedAngle-angle)
			above[0], above[1] = append(above[0], aboveLowest(whole.Transitions)), append(above[1], aboveLowest(shared.Transitions))
		}
	}
	s.Evidence = append(experiment.OverSeeds(r.T("distance"), distances), experiment.OverSeeds(r.T("angle"), angles)...)
	wholeL2, wholeAngle := unevenness(above[0])
	if sharedL2, sharedAngle := unevenness(above[1]); !math.IsNaN(wholeL2 + wholeAngle + sharedL2 + sharedAngle) {
		s.Note = r.F("Layer 0 counts with the rest, and it alone reads embeddings. From layer 1 on, which was looked at afterwards, the variation of the distance is %.2f with shared weights and %.2f without, that of the angle %.2f and %.2f.", sharedL2, wholeL2, sharedAngle, wholeAngle)
	}
	return s
}

// aboveLowest are the transitions of the layers that read other layers, not embeddings.
func aboveLowest(t *sharing.Transitions) *sharing.Transitions {
	return &sharing.Transitions{L2: t.L2[min(1, len(t.L2)):], Angle: t.Angle[min(1, len(t.Angle)):]}
}

// unevenness is the mean of [sharing.Transitions.Unevenness] over seeds; NaN where nothing can vary.
func unevenness(seeds []*sharing.Transitions) (l2, angle float64) {
	var byDistance, byAngle []float64
	for _, t := range seeds {
		far, turned := t.Unevenness()
		byDistance, byAngle = append(byDistance, far), append(byAngle, turned)
	}
	return stat.Mean(byDistance, nil), stat.Mean(byAngle, nil)
}

// timed is the speed of a variant; nil if it was not timed.
func (r *Result) timed(v Scheme) *SpeedModel {
	if r.Speed != nil {
		for i := range r.Speed.Models {
			if r.Speed.Models[i].Variant == v {
				return &r.Speed.Models[i]
			}
		}
	}
	return nil
}

func (r edition) inference() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("Sharing saves storage, not time: a model that shares all answers as fast as the whole one."),
		Paper:    r.T("the operations are the same; table 2's speeds are of training"),
		Estimand: r.T("time of the whole model against that of the one that shares all, median of pairs, at each batch size"),
		Rule:     experiment.Equivalent(sameTime, experiment.Ratio).Each(), Own: true,
		Missing: r.T("The protocol does not time the model that shares all."),
	}
	if model := r.timed(shareAll); model != nil {
		for _, b := range model.Batches {
			s.Evidence = append(s.Evidence, b.Evidence(r.Printer, r.F("batch %d", b.Size), r.Provenance))
		}
	}
	return s
}

func (r edition) training() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("A model that shares all trains faster."),
		Paper:    r.T("table 2, speed of pretraining on many accelerators, relative to BERT-large: BERT-base 4.7, ALBERT-base 5.6; ALBERT-large 1.7"),
		Estimand: r.T("time of a fine-tuning step of the whole model against that of the one that shares all, on the batch of median length, median of pairs"),
		Rule:     experiment.Superior(fasterStep, experiment.Ratio),
		Missing:  r.T("The protocol does not share all."),
		Note:     r.T("On one machine, where no gradients are sent around."),
	}
	if r.Speed != nil && r.Speed.Training != nil {
		t := r.Speed.Training
		s.Evidence = []experiment.Evidence{t.Time.Evidence(r.Printer, r.F("batch %d × %d tokens", t.Time.Size, t.Length), r.Provenance)}
	}
	return s
}
