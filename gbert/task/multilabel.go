package task

// Metrics of multi-label classification, those of scikit-learn's f1_score and accuracy_score on 0/1 vectors.
const (
	MicroF1        = "f1_micro"        // F1 over all pairs of an example and a label
	MacroF1        = "f1_macro"        // the mean over the labels of each one's F1, 0 for a label that neither is nor is predicted
	SubsetAccuracy = "subset_accuracy" // the share of examples all of whose labels are right
)

var multiLabelMetrics = []string{MicroF1, MacroF1, SubsetAccuracy}

// hits counts what is right of a label: TP, and TP+FP and TP+FN together.
type hits struct{ right, sides int }

func (h hits) f1() float64 { return share(2*h.right, h.sides) }

func (s *Scorer) sets(predictions []Prediction, gold []Example) error {
	right, err := Right(s.task, predictions, gold)
	if err != nil {
		return err
	}
	labels := len(s.task.Labels)
	s.score = func(rows []int) Scores {
		each, exact := make([]hits, labels), 0
		for _, row := range rows {
			countSets(each, predictions[row].Classes, gold[row].Detail.Classes)
			if right[row] {
				exact++
			}
		}
		var all hits
		macro := 0.0
		for _, h := range each {
			all.right, all.sides = all.right+h.right, all.sides+h.sides
			macro += h.f1() / float64(labels)
		}
		return s.task.scores(func(metric string) float64 {
			switch metric {
			case MacroF1:
				return macro
			case SubsetAccuracy:
				return share(exact, len(rows))
			}
			return all.f1()
		})
	}
	return s.task.checkNumbers(predictions, gold)
}

// countSets adds an example to the counts; both lists are ascending.
func countSets(each []hits, predicted, want []int) {
	for _, k := range predicted {
		each[k].sides++
	}
	for _, k := range want {
		each[k].sides++
	}
	for i, j := 0, 0; i < len(predicted) && j < len(want); {
		switch {
		case predicted[i] < want[j]:
			i++
		case predicted[i] > want[j]:
			j++
		default:
			each[want[j]].right++
			i, j = i+1, j+1
		}
	}
}
