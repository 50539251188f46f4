package zafrir2019

import (
	"bertlab/papers/experiment"
	"bertlab/stats"
)

// What counts, fixed before the numbers were seen.
const (
	little  = 0.01  // of accuracy, which the paper calls minimal
	more    = 0.005 // of accuracy, by which quantising after training loses more
	smaller = 3.5   // times: four, less what stays in float32 and the scales
	faster  = 0.05  // of the speed
)

// Claims are the paper's statements with the numbers measured here.
func (r edition) Claims() ([]experiment.Claim, error) {
	return experiment.Judge(r.Printer, r.within(), r.after(), r.size(), r.speed()), nil
}

func (r edition) within() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("With quantisation-aware training the accuracy stays within 1 % of float32."),
		Paper:    r.T("SST-2 92.24 (found); of float32 92.36 (recalled); at most 1 % on all tasks (section 3, recalled)"),
		Estimand: r.T("accuracy after quantisation-aware training minus after fine-tuning in float32, same seeds, for each task"),
		Rule:     experiment.NoLess(-little, experiment.Points).Each(), Training: true, Missing: r.T("The protocol has no task."),
	}
	for _, t := range r.Tasks {
		s.Evidence = append(s.Evidence, r.against(t.Name, Aware, Whole).Evidence(r.Name(t.Title))...)
	}
	return s
}

func (r edition) after() experiment.Statement {
	return experiment.Statement{
		Text:     r.T("Dynamic quantisation after training loses more than quantisation-aware training."),
		Paper:    r.T("on every task of table 1, such as SST-2 91.04 against 92.24, SQuAD 80.02 against 87.74 (80.02 and 91.04 recalled)"),
		Estimand: r.T("accuracy after quantisation-aware training minus after dynamic quantisation, same seeds, over all tasks"),
		Rule:     experiment.Superior(more, experiment.Points), Training: true,
		Evidence: r.against("", Aware, Dynamic).Evidence(""), Missing: r.T("The protocol has no task."),
	}
}

func (r edition) size() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("The model is four times smaller."),
		Paper:    r.T("4× (abstract)"),
		Estimand: r.T("bytes of the file in float32 over those of the quantised file"),
		Rule:     experiment.NoLess(smaller, experiment.Ratio),
		Also:     r.T("LayerNorms, biases, positions, pooler and classifier stay in float32, and each row has a scale"),
		Missing:  r.T("The protocol has no task."),
	}
	if whole, small := r.bytes(Whole), r.bytes(Dynamic); small > 0 {
		s.Evidence = experiment.One(stats.Counted(float64(whole) / float64(small)))
	}
	return s
}

func (r edition) speed() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("Integers are faster where software and processor are made for them."),
		Paper:    r.T("said without a measurement (abstract)"),
		Estimand: r.F("time of float32 in ONNX Runtime over that of integers at the largest batch, median of %d pairs", r.Speed.Repeats),
		Rule:     experiment.Superior(faster, experiment.Ratio),
		Missing:  r.T("ONNX Runtime is not there."),
	}
	if s.Evidence = experiment.AtLargest(r.Printer, "", r.Speed.OverPortable, r.Provenance); s.Evidence != nil {
		s.Also = r.F("against float32 in XLA %.2f×", r.Speed.OverXLA[len(r.Speed.OverXLA)-1].Ratio)
	}
	return s
}
