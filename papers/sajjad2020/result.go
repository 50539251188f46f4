package sajjad2020

import (
	"slices"

	"bertlab/papers/experiment"
	"bertlab/stats"
	"bertlab/techniques/layerdrop"
)

// Result is everything that was measured, as plain data. Layers are numbered from 0.
type Result struct {
	experiment.Measured[Config]
	// Layers is the number of the pretrained model's layers, Parameters that of its values without a head.
	Layers     int `json:"layers"`
	Parameters int `json:"parameters"`
	// Similarity compares the pretrained model's layers by [CLS], MeanSimilarity by the mean of the tokens.
	Similarity     *layerdrop.Similarity `json:"similarity"`
	MeanSimilarity *layerdrop.Similarity `json:"mean_similarity"`
	// Tasks are the results of each task.
	Tasks []*TaskResult `json:"tasks"`
	// Speed is the time of inference.
	Speed *Speed `json:"speed"`
	// Training is the time of a step of fine-tuning on the first task.
	Training *TrainingSpeed `json:"training"`
	// Clock is the clock by which times are compared; times on the wall stand beside.
	Clock experiment.Clock `json:"clock"`
	// LeftOut are the optional tasks whose data were not found, and why.
	LeftOut []string `json:"left_out,omitempty"`
}

// TaskResult is what was measured on one task.
type TaskResult struct {
	Task  string `json:"task"`
	Title string `json:"title"`
	Pair  bool   `json:"pair"`
	experiment.TestSet
	// Runs are the models, seed by seed.
	Runs []Trial `json:"runs"`
	// Travel is how far each layer of the whole model moved in fine-tuning, ‖θ−θ₀‖/‖θ₀‖, [seeds][layers].
	Travel [][]float64 `json:"travel"`
}

// When says when layers were dropped.
type When string

// The times of dropping.
const (
	Before      When = "before"      // of the pretrained model, which was then fine-tuned: the paper's way
	After       When = "after"       // of the fine-tuned model, which was not trained again
	Progressive When = "progressive" // one by one while fine-tuning
)

// Choice is a choice of layers to drop.
type Choice struct {
	// Strategy is empty for the whole model.
	Strategy layerdrop.Strategy `json:"strategy,omitempty"`
	// Threshold is that of the contribution-based strategy.
	Threshold float64 `json:"threshold,omitempty"`
	When      When    `json:"when,omitempty"`
	Dropped   []int   `json:"dropped"`
}

// K is the number of dropped layers.
func (c Choice) K() int { return len(c.Dropped) }

// Trial is one model on the test set.
type Trial struct {
	Choice
	Seed uint64 `json:"seed"`
	experiment.Answers
	experiment.Change     // against the whole model
	Parameters        int `json:"parameters"`
	// TrainLoss, Seconds and StepSeconds are of fine-tuning: mean loss of the last epoch, time with compilation, and the median time
	// of a step that compiled nothing (0 if there was none). All are 0 for a model that was not trained.
	TrainLoss   float64 `json:"train_loss,omitempty"`
	Seconds     float64 `json:"seconds,omitempty"`
	StepSeconds float64 `json:"step_seconds,omitempty"`
	// Machine is the one that trained it, as far as that is known.
	Machine string `json:"machine,omitempty"`
}

// Speed is the time of inference with layers dropped. Every layer counts alike: sentence vectors, the mean of the tokens, need all
// positions of the last layer, too.
type Speed struct {
	Length  int          `json:"length"`
	Repeats int          `json:"repeats"`
	Batches []SpeedBatch `json:"batches"`
}

// TrainingSpeed is the time of a step of fine-tuning on a task, on its batch of median length, of so many rows and tokens a row.
type TrainingSpeed struct {
	Task    string         `json:"task"`
	Batch   int            `json:"batch"`
	Length  int            `json:"length"`
	Repeats int            `json:"repeats"`
	Models  []TrainingTime `json:"models"`
	// Processors is how many the process had, the fewest of the models' medians; 0 where the system does not tell.
	Processors float64 `json:"processors,omitempty"`
}

// TrainingTime is that of a model without its K top layers; all models are timed in turn. Seconds is the median on the wall.
type TrainingTime struct {
	K       int     `json:"k"`
	Seconds float64 `json:"seconds"`
	TimeShare
}

// TimeShare is a time divided by that of the whole model by the result's clock: the median of the pairs; Low and High are its quartiles.
type TimeShare struct {
	Share  float64   `json:"share"`
	Shares []float64 `json:"shares"` // of all pairs
	Low    float64   `json:"low"`
	High   float64   `json:"high"`
}

// timeShare is that of these pairs.
func timeShare(shares []float64) TimeShare {
	q := stats.Quartiles(shares)
	return TimeShare{Share: q.Value, Shares: shares, Low: q.Low, High: q.High}
}

// SpeedBatch is the speed at one batch size. Embeddings is the median time of the embeddings alone by the result's clock, in seconds
// a batch.
type SpeedBatch struct {
	Size       int          `json:"size"`
	Embeddings float64      `json:"embeddings"`
	Models     []SpeedModel `json:"models"`
	// Processors is how many the process had, the median over passes of the whole model; 0 where the system does not tell.
	Processors float64 `json:"processors,omitempty"`
}

// SpeedModel is a model with K layers dropped; all models are timed in turn. The share is of the encoder's time, that of the embeddings
// subtracted from both. Seconds and Classifier are medians on the wall: of sentence vectors, and of a classifier, whose last layer computes
// [CLS] alone. MACs are the classifier's operations an example.
type SpeedModel struct {
	K       int     `json:"k"`
	Seconds float64 `json:"seconds"`
	TimeShare
	Classifier float64 `json:"classifier"`
	MACs       int     `json:"macs"`
}

// difference is a mean difference of accuracy, in shares.
type difference struct {
	experiment.Evidence
	// learned says that at least one side is right more often than the largest class.
	learned bool
}

// between is the mean difference of accuracy between all pairs of runs of a task and a seed that match, with its interval over the examples
// of all tasks and over seeds. ok is false without pairs.
func (r *Result) between(match func(a, b Trial) bool) (d difference, ok bool) {
	var pairs experiment.Paired
	largest, examples := 0.0, 0.0
	for _, t := range r.Tasks {
		found := false
		for _, a := range t.Runs {
			for _, b := range t.Runs {
				if a.Seed == b.Seed && match(a, b) {
					pairs.Add(a.Seed, t.Task, a.Right.Numbers(), b.Right.Numbers())
					found = true
				}
			}
		}
		if found {
			largest, examples = largest+t.Majority*float64(t.Examples), examples+float64(t.Examples)
		}
	}
	list := pairs.Evidence("")
	if len(list) == 0 {
		return d, false
	}
	return difference{list[0], max(list[0].First, list[0].Second) > largest/examples+1e-9}, true
}

// sameK matches runs of two strategies that dropped equally many layers before fine-tuning, but not the same ones.
func sameK(first, second layerdrop.Strategy) func(a, b Trial) bool {
	return func(a, b Trial) bool {
		return a.Strategy == first && b.Strategy == second && a.When == Before && b.When == Before &&
			a.K() == b.K() && !slices.Equal(a.Dropped, b.Dropped)
	}
}

// againstWhole matches the runs of a choice with the whole model.
func againstWhole(strategy layerdrop.Strategy, when When, k int) func(a, b Trial) bool {
	return func(a, b Trial) bool {
		return b.Strategy == "" && a.Strategy == strategy && a.When == when && a.K() == k
	}
}

// accuracy is the mean accuracy of the whole model over seeds.
func (t *TaskResult) accuracy() float64 {
	whole := experiment.Where(t.Runs, func(run Trial) bool { return run.Strategy == "" })
	return experiment.Mean(whole, func(run Trial) float64 { return run.Right.Accuracy() })
}

// strategies are those that were run, in the order of their first run.
func (r *Result) strategies() []layerdrop.Strategy {
	var list []layerdrop.Strategy
	for _, t := range r.Tasks {
		for _, run := range t.Runs {
			if run.Strategy != "" && !slices.Contains(list, run.Strategy) {
				list = append(list, run.Strategy)
			}
		}
	}
	return list
}

// drops are the numbers of layers that a strategy dropped at a time, ascending.
func (t *TaskResult) drops(strategy layerdrop.Strategy, when When) []int {
	runs := experiment.Where(t.Runs, func(run Trial) bool { return run.Strategy == strategy && run.When == when })
	drops := experiment.Each(runs, Trial.K)
	slices.Sort(drops)
	return slices.Compact(drops)
}
