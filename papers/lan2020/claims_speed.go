package lan2020

import (
	"bertlab/papers/experiment"
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
	for _, whole := range r.of(Scheme{}) {
		for _, shared := range r.of(shareAll) {
			if whole.Seed != shared.Seed || whole.Transitions == nil || shared.Transitions == nil {
				continue
			}
			l2, angle := whole.Transitions.Unevenness()
			sharedL2, sharedAngle := shared.Transitions.Unevenness()
			distances, angles = append(distances, sharedL2-l2), append(angles, sharedAngle-angle)
		}
	}
	s.Evidence = append(experiment.OverSeeds(r.T("distance"), distances), experiment.OverSeeds(r.T("angle"), angles)...)
	return s
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
