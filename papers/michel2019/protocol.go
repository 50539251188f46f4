package michel2019

// Config is the protocol. [Quick] and [Full] fill it in.
type Config struct {
	// Model is the pretrained model, by name or folder.
	Model string `json:"model"`
	// Task is the task by name; Data a file or folder with its train and dev split, empty: found by name.
	Task string `json:"task"`
	Data string `json:"data"`
	// Transfer is the out-of-domain task with the same labels, empty: none; TransferData as Data.
	Transfer     string `json:"transfer"`
	TransferData string `json:"transfer_data"`
	// Seeds are those of the fine-tuning runs; experiments beside the pruning curves use the model of the first.
	Seeds []uint64 `json:"seeds"`
	// Epochs, BatchSize, MaxLength and LearningRate are those of fine-tuning. The paper: 3, 32, 128, 2e-5.
	Epochs       int     `json:"epochs"`
	BatchSize    int     `json:"batch_size"`
	MaxLength    int     `json:"max_length"`
	LearningRate float64 `json:"learning_rate"`
	// FreezeEmbeddings keeps the embeddings as they were pretrained, which saves the time of their gradients and updates.
	FreezeEmbeddings bool `json:"freeze_embeddings"`
	// TrainExamples, TestExamples and TransferExamples limit the data sets; 0: all.
	TrainExamples    int `json:"train_examples"`
	TestExamples     int `json:"test_examples"`
	TransferExamples int `json:"transfer_examples"`
	// ImportanceExamples of the training set estimate the importance of heads; ChoiceExamples of it choose the one head that
	// stays in a layer (the paper: 5,000).
	ImportanceExamples int `json:"importance_examples"`
	ChoiceExamples     int `json:"choice_examples"`
	// Step is the share of all heads that is pruned at a time. The paper: 0.1.
	Step float64 `json:"step"`
	// Recompute adds the curve for which the importance is estimated anew before each step.
	Recompute bool `json:"recompute"`
	// RandomOrders is the number of random pruning orders a seed.
	RandomOrders int `json:"random_orders"`
	// SpeedBatches are the batch sizes, SpeedLength the tokens and SpeedRepeats the timed passes of the speed measurement. The
	// paper's batch sizes: 1, 4, 16, 64.
	SpeedBatches []int `json:"speed_batches"`
	SpeedLength  int   `json:"speed_length"`
	SpeedRepeats int   `json:"speed_repeats"`
}

// Quick is a protocol of minutes on two cores.
func Quick() Config {
	c := Full()
	c.Seeds = []uint64{1}
	c.FreezeEmbeddings = true                               // half of the model's parameters: their updates take a sixth of a step and more
	c.BatchSize, c.LearningRate, c.MaxLength = 16, 2e-4, 32 // fewer examples, so more and larger steps with them
	c.TrainExamples, c.TestExamples, c.TransferExamples = 1440, 160, 120
	c.ImportanceExamples, c.ChoiceExamples = 200, 80
	c.SpeedRepeats = 5
	return c
}

// Full is the protocol whose numbers are the ones to quote.
func Full() Config {
	return Config{
		Model: "all-MiniLM-L6-v2", Task: "movies", Transfer: "products",
		Seeds: []uint64{1, 2, 3}, Epochs: 1, BatchSize: 32, MaxLength: 128, LearningRate: 5e-5, TransferExamples: 600,
		ImportanceExamples: 1000, ChoiceExamples: 500, Step: 0.1, RandomOrders: 2,
		SpeedBatches: []int{1, 4, 16, 64}, SpeedLength: 64, SpeedRepeats: 15,
	}
}
