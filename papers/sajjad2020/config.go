package sajjad2020

import "bertlab/techniques/layerdrop"

// Config is the protocol. [Quick] and [Full] fill it in.
type Config struct {
	// Model is the pretrained model, by name or folder.
	Model string `json:"model"`
	// Tasks are the tasks to fine-tune on.
	Tasks []Task `json:"tasks"`
	// Drops are the numbers of layers to drop, each at least 1; the whole model is always run. A strategy is left out where it
	// cannot drop that many. The paper: 2, 4, 6 of 12.
	Drops []int `json:"drops"`
	// Strategies are those by position.
	Strategies []layerdrop.Strategy `json:"strategies"`
	// Thresholds are those of the contribution-based strategy; none leaves it out. The paper: 0.9, 0.925, 0.95.
	Thresholds []float64 `json:"thresholds"`
	// Lists are sets of layers named one by one, numbered from 0: what another paper kept, say.
	Lists [][]int `json:"lists,omitempty"`
	// SimilarityExamples of the first task's training set are the sample on which layers are compared.
	SimilarityExamples int `json:"similarity_examples"`
	// Progressive adds training that drops the top layers one by one.
	Progressive bool `json:"progressive"`
	// Seeds are those of the fine-tuning runs.
	Seeds []uint64 `json:"seeds"`
	// Epochs, BatchSize, MaxLength and LearningRate are those of fine-tuning.
	Epochs       int     `json:"epochs"`
	BatchSize    int     `json:"batch_size"`
	MaxLength    int     `json:"max_length"`
	LearningRate float64 `json:"learning_rate"`
	// FreezeEmbeddings keeps the embeddings as they were pretrained, which saves the time of their gradients and updates.
	FreezeEmbeddings bool `json:"freeze_embeddings,omitempty"`
	// TrainExamples and TestExamples limit the data sets; 0: all.
	TrainExamples int `json:"train_examples"`
	TestExamples  int `json:"test_examples"`
	// SpeedBatches are the batch sizes, SpeedLength the tokens and SpeedRepeats the timed passes of the inference time.
	SpeedBatches []int `json:"speed_batches"`
	SpeedLength  int   `json:"speed_length"`
	SpeedRepeats int   `json:"speed_repeats"`
}

// Task is a task by name, and the file or folder with its train and dev split; empty: found by name.
type Task struct {
	Name string `json:"name"`
	Data string `json:"data,omitempty"`
	// Optional leaves the task out, and says so, where its data cannot be found.
	Optional bool `json:"optional,omitempty"`
}

// Quick is a protocol of minutes on two cores: one task, one seed, few examples, up to half of the layers, no alternate or
// progressive dropping.
func Quick() Config {
	c := Full()
	c.Tasks, c.Seeds, c.Drops = c.Tasks[:1], []uint64{1}, []int{2, 3}
	c.Strategies = []layerdrop.Strategy{layerdrop.Top, layerdrop.Bottom, layerdrop.Symmetric}
	c.Thresholds, c.Progressive = nil, false
	c.FreezeEmbeddings = true                               // half of the model's parameters: their updates take a sixth of a step and more
	c.BatchSize, c.LearningRate, c.MaxLength = 16, 2e-4, 32 // fewer examples, so more and larger steps with them
	c.TrainExamples, c.TestExamples, c.SimilarityExamples = 1440, 200, 100
	c.SpeedBatches, c.SpeedRepeats = []int{16}, 7
	return c
}

// Full is the protocol whose numbers are the ones to quote: hours on two cores. The pair task is left out where it cannot be found.
func Full() Config {
	return Config{
		Model: "all-MiniLM-L6-v2", Tasks: []Task{{Name: "movies"}, {Name: "products"}, {Name: "mrpc", Optional: true}}, Drops: []int{2, 3, 4}, Strategies: layerdrop.ByPosition,
		Thresholds: []float64{0.98, 0.99}, SimilarityExamples: 500, Progressive: true, Seeds: []uint64{1, 2, 3},
		Epochs: 1, BatchSize: 32, MaxLength: 128, LearningRate: 5e-5, SpeedBatches: []int{1, 16, 64}, SpeedLength: 64, SpeedRepeats: 15,
	}
}
