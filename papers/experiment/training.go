package experiment

import (
	"fmt"

	"bertlab/gbert/finetune"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
)

// Training is what is known of a training run.
type Training struct {
	Steps int `json:"steps"`
	// TrainLoss is that of the epoch whose weights were kept.
	TrainLoss float64 `json:"train_loss"`
	// Seconds is the time of all epochs on the wall, with compilation.
	Seconds float64 `json:"seconds"`
	// Clock has the times of single steps.
	Clock StepClock `json:"clock"`
}

// describe fills in what the result of a training says of it.
func (t *Training) describe(result *finetune.Result) {
	t.Steps, t.TrainLoss = result.Steps, result.Best().TrainLoss
	for _, epoch := range result.Epochs {
		t.Seconds += epoch.Seconds
	}
}

// trainingDetail says how far a training is.
func trainingDetail(p finetune.Progress) string {
	if p.Phase != "training" {
		return p.Phase
	}
	return fmt.Sprintf("loss %.3f", p.Loss)
}

// Embeddings says in the table of a protocol what training does to the embeddings.
func Embeddings(say *words.Printer, frozen bool) string {
	if frozen {
		return say.T("as pretrained")
	}
	return say.T("trained")
}

// StepClock has the times of those training steps beside which nothing was compiled.
type StepClock struct {
	Steps []Elapsed `json:"steps"`

	watch     Stopwatch // since the last report
	compiling bool
}

func (c *StepClock) begin() { c.watch = Start() }

func (c *StepClock) tick(phase string) {
	if took := c.watch.Elapsed(); phase == "training" && !c.compiling {
		c.Steps = append(c.Steps, took)
	}
	c.watch, c.compiling = Start(), phase == "compiling"
}

// Median is the median of the steps in seconds on the wall; 0 if there is none.
func (c *StepClock) Median() float64 {
	if len(c.Steps) == 0 {
		return 0
	}
	seconds := make([]float64, len(c.Steps))
	for i, took := range c.Steps {
		seconds[i] = took.Wall.Seconds()
	}
	return stats.Median(seconds)
}
