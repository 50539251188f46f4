package sajjad2020

import (
	"context"
	"slices"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/surgery"
	"bertlab/gbert/tokenizer"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
	"bertlab/techniques/layerdrop"
)

// similarityInputs are what layers are compared on, and by which vector.
type similarityInputs struct {
	experiment.Judging
	Pooling layerdrop.Pooling
}

// measureSimilarity compares the layers of a model.
var measureSimilarity = &experiment.Definition[similarityInputs, *layerdrop.Similarity]{
	Name: "similarity of layers", Version: 1,
	Title: func(say *words.Printer, in similarityInputs) string {
		vector := "[CLS]"
		if in.Pooling == layerdrop.MeanToken {
			vector = say.T("the mean of the tokens")
		}
		return say.F("similarity of layers by %s, on %d examples of %s", vector, in.Sample.Len(), say.Name(in.Sample.Task.Title))
	},
	Guess: func(in similarityInputs) *layerdrop.Similarity { // as in pretrained models, later layers change less
		guess := &layerdrop.Similarity{Pooling: in.Pooling, Layers: make([]float64, in.Model.(*experiment.Pretrained).Model.Config.NumHiddenLayers)}
		for l := range guess.Layers {
			guess.Layers[l] = 0.8 + 0.2*float64(l)/float64(len(guess.Layers))
		}
		return guess
	},
	Run: experiment.Opened(func(ctx context.Context, w *experiment.Worker, in similarityInputs, session *gbert.Session, examples *finetune.Prepared) (*layerdrop.Similarity, error) {
		return layerdrop.Measure(ctx, session, examples, in.Pooling, w.Progress())
	}),
}

// judged is a model without some layers on the test set.
type judged struct {
	experiment.Evaluated
	Parameters int `json:"parameters"`
	// Training is that of the model without the layers; zero where it was not trained.
	Training experiment.Training `json:"training,omitzero"`
}

// tuneInputs are layers of the pretrained model that are dropped before it is fine-tuned or, one by one, while it is. The step is the
// same for all strategies that choose the same layers, or layers that leave the same model ([layerdrop.Canonical]).
type tuneInputs struct {
	experiment.FineTuneInputs
	Dropped []int // ascending
	When    When  // Before or Progressive
	// Test judges the result; its model is nil. Nobody else reads the result, so that of so many models none is kept.
	Test experiment.Judging
}

// tuneDropped fine-tunes a model without some of its layers and judges it.
var tuneDropped = &experiment.Definition[tuneInputs, judged]{
	Name: "fine-tuning without layers", Version: 1,
	Title: func(say *words.Printer, in tuneInputs) string {
		layers, title, seed := surgery.FormatLayers(in.Dropped), say.Name(in.Train.Task.Title), in.Options.Seed
		if in.When == Progressive {
			return say.F("layers %s dropped one by one while fine-tuning on %s, seed %d", layers, title, seed)
		}
		return say.F("layers %s dropped before fine-tuning on %s, seed %d", layers, title, seed)
	},
	Cost: func(in tuneInputs, c *gbert.Config) experiment.Cost {
		return experiment.Cost{Slowness: 1 - float64(len(in.Dropped))/float64(c.NumHiddenLayers)}
	},
	Run: func(ctx context.Context, w *experiment.Worker, in tuneInputs) (judged, error) {
		model, training, err := in.train(ctx, w)
		if err != nil {
			return judged{}, err
		}
		evaluated, err := in.Test.EvaluateModel(ctx, w, model)
		if err != nil {
			return judged{}, err
		}
		return judged{evaluated, model.NumParameters(), training}, nil
	},
}

// train drops the layers and fine-tunes the rest.
func (in *tuneInputs) train(ctx context.Context, w *experiment.Worker) (*gbert.Model, experiment.Training, error) {
	if in.When == Progressive {
		return in.trainProgressively(ctx, w)
	}
	result, done, err := in.Tune(ctx, w, func(start *gbert.Model) (*gbert.Model, *finetune.Method, error) {
		smaller, err := surgery.DropLayers(start, in.Dropped)
		return smaller, nil, err
	})
	if err != nil {
		return nil, done, err
	}
	return result.Model, done, nil
}

// trainProgressively drops the layers from the top one down while training. The loss is that of the last part.
func (in *tuneInputs) trainProgressively(ctx context.Context, w *experiment.Worker) (*gbert.Model, experiment.Training, error) {
	var done experiment.Training
	model, err := finetune.FreshHead(w.Model(in.From), in.Train.Task, in.Options.Seed)
	if err != nil {
		return nil, done, err
	}
	options := in.Options
	options.Progress = w.Training(&done.Clock)
	order := slices.Clone(in.Dropped)
	slices.Reverse(order)
	var smaller *gbert.Model
	var parts []layerdrop.Part
	err = w.Checkpointed(func(dir string) (err error) {
		options.CheckpointDir = dir
		smaller, parts, err = layerdrop.Progressive(ctx, w.Backend(), model, in.Train.Dataset, nil, order, options)
		return err
	})
	if err != nil {
		return nil, done, err
	}
	for _, part := range parts {
		done.Steps += part.Training.Steps
		done.TrainLoss = part.Training.Best().TrainLoss
		for _, epoch := range part.Training.Epochs {
			done.Seconds += epoch.Seconds
		}
	}
	return smaller, done, nil
}

// dropInputs are layers that are dropped of a fine-tuned model.
type dropInputs struct {
	experiment.Judging
	Dropped []int  // ascending
	Seed    uint64 `json:"-"` // of the model, for the title
}

// dropTuned drops layers of a fine-tuned model and judges what is left, without further training.
var dropTuned = &experiment.Definition[dropInputs, judged]{
	Name: "layers dropped after fine-tuning", Version: 1,
	Title: func(say *words.Printer, in dropInputs) string {
		layers, title := surgery.FormatLayers(in.Dropped), say.Name(in.Sample.Task.Title)
		return say.F("layers %s dropped after fine-tuning on %s, seed %d", layers, title, in.Seed)
	},
	Run: func(ctx context.Context, w *experiment.Worker, in dropInputs) (judged, error) {
		model := w.Model(in.Model)
		smaller, err := surgery.DropLayers(model, in.Dropped)
		if err != nil {
			return judged{}, err
		}
		evaluated, err := in.EvaluateModel(ctx, w, smaller)
		return judged{Evaluated: evaluated, Parameters: smaller.NumParameters()}, err
	},
}

// travelInputs are a model before and after fine-tuning.
type travelInputs struct {
	Before, After experiment.ModelSource
	Task          string `json:"-"` // title of the task and
	Seed          uint64 `json:"-"` // seed of the fine-tuning, for the step's title
}

// measureTravel says how far fine-tuning moved each layer, [layers].
var measureTravel = &experiment.Definition[travelInputs, []float64]{
	Name: "distance that layers travel", Version: 1,
	Title: func(say *words.Printer, in travelInputs) string {
		return say.F("how far fine-tuning on %s moved each layer, seed %d", say.Name(in.Task), in.Seed)
	},
	Run: func(ctx context.Context, w *experiment.Worker, in travelInputs) ([]float64, error) {
		return layerdrop.Travel(w.Model(in.Before), w.Model(in.After))
	},
}

// speedInputs are what the time of inference is measured with.
type speedInputs struct {
	Model experiment.ModelSource // the pretrained one
	Drops []int
	experiment.Timing
}

// measureSpeed times the whole model, and models without their top layers, in turn.
var measureSpeed = &experiment.Definition[speedInputs, *Speed]{
	Name: "speed with layers dropped", Version: 2, Timed: true,
	Title: experiment.Titled[speedInputs](words.Key("speed with layers dropped")),
	Run: func(ctx context.Context, w *experiment.Worker, in speedInputs) (*Speed, error) {
		pretrained := w.Model(in.Model)
		start, err := pretrained.WithClassifier(2, nil, 1)
		if err != nil {
			return nil, err
		}
		drops, models, err := withoutTop(start, in.Drops)
		if err != nil {
			return nil, err
		}
		var sessions []*gbert.Session
		for _, model := range models {
			session, err := gbert.NewSession(w.Backend(), model)
			if err != nil {
				return nil, err
			}
			defer session.Close()
			sessions = append(sessions, session)
		}
		speed := &Speed{Length: in.Tokens(pretrained.Config), Repeats: in.Repeats}
		for i, size := range in.Batches {
			batch, err := speed.batch(ctx, w.Clock(), sessions, drops, size)
			if err != nil {
				return nil, err
			}
			speed.Batches = append(speed.Batches, batch)
			w.Progress()(i+1, len(in.Batches))
		}
		return speed, nil
	},
}

// withoutTop are a model and what is left of it without its top layers, and the numbers of dropped layers, from 0.
func withoutTop(whole *gbert.Model, dropped []int) (drops []int, models []*gbert.Model, err error) {
	drops = append([]int{0}, dropped...)
	for _, k := range drops {
		top, err := layerdrop.Select(layerdrop.Top, whole.Config.NumHiddenLayers, k)
		if err != nil {
			return nil, nil, err
		}
		model, err := surgery.DropLayers(whole, top)
		if err != nil {
			return nil, nil, err
		}
		models = append(models, model)
	}
	return drops, models, nil
}

// trainingInputs are the models of which steps of fine-tuning are timed.
type trainingInputs struct {
	Model   experiment.ModelSource // the pretrained one
	Drops   []int
	Train   experiment.Sample
	Options finetune.Options
	Repeats int
}

// measureTraining times a step of fine-tuning of the whole model, and of models without their top layers, in turn.
var measureTraining = &experiment.Definition[trainingInputs, *TrainingSpeed]{
	Name: "time of fine-tuning with layers dropped", Version: 1, Timed: true,
	Title: experiment.Titled[trainingInputs](words.Key("time of fine-tuning with layers dropped")),
	Run: func(ctx context.Context, w *experiment.Worker, in trainingInputs) (*TrainingSpeed, error) {
		kind := in.Train.Task
		whole, err := w.Model(in.Model).WithClassifier(kind.Outputs(), kind.Labels, 1)
		if err != nil {
			return nil, err
		}
		drops, models, err := withoutTop(whole, in.Drops)
		if err != nil {
			return nil, err
		}
		times, err := experiment.TimeTraining(ctx, w, models, in.Train.Dataset, in.Options, in.Repeats)
		if err != nil {
			return nil, err
		}
		speed := &TrainingSpeed{Task: kind.Name, Batch: times.Rows, Length: times.Length, Repeats: in.Repeats}
		for i, k := range drops {
			var wall, shares []float64
			for j, took := range times.Steps[i] {
				wall = append(wall, took.Wall.Seconds())
				shares = append(shares, w.Clock().Seconds(took)/w.Clock().Seconds(times.Steps[0][j]))
			}
			speed.Models = append(speed.Models, TrainingTime{K: k, Seconds: stats.Median(wall), TimeShare: timeShare(shares)})
			if had := experiment.Processors(times.Steps[i]); i == 0 || had < speed.Processors {
				speed.Processors = had
			}
		}
		return speed, nil
	},
}

// batch times all models at one batch size: embeddings alone, sentence vectors, a classifier.
func (s *Speed) batch(ctx context.Context, clock experiment.Clock, sessions []*gbert.Session, drops []int, size int) (SpeedBatch, error) {
	rows, index := make([]tokenizer.Encoding, size), make([]int, size)
	for i := range rows { // what the tokens are does not matter for the time
		rows[i], index[i] = tokenizer.Encoding{IDs: make([]int32, s.Length), Types: make([]int32, s.Length)}, i
	}
	batch := gbert.PadBatch(rows, index, size, []int{s.Length}, 0)
	passes := []func() error{func() error { return layerdrop.SentenceVectors(sessions[0], batch, 0) }}
	for _, session := range sessions {
		layers := session.Model().Config.NumHiddenLayers
		passes = append(passes, func() error { return layerdrop.SentenceVectors(session, batch, layers) }, func() error {
			_, err := session.BatchLogits(batch, nil)
			return err
		})
	}
	times, err := experiment.InTurn(ctx, s.Repeats, passes...)
	if err != nil {
		return SpeedBatch{}, err
	}
	seconds := func(pass int, clock experiment.Clock) []float64 {
		list := make([]float64, s.Repeats)
		for i := range list {
			list[i] = clock.Seconds(times[pass][i])
		}
		return list
	}
	result := SpeedBatch{Size: size, Embeddings: stats.Median(seconds(0, clock)), Processors: experiment.Processors(times[1])}
	whole := seconds(1, clock)
	for i, k := range drops {
		shares := seconds(1+2*i, clock)
		for j := range shares {
			shares[j] = (shares[j] - result.Embeddings) / (whole[j] - result.Embeddings)
		}
		result.Models = append(result.Models, SpeedModel{
			K: k, Seconds: stats.Median(seconds(1+2*i, experiment.Wall)), Classifier: stats.Median(seconds(2+2*i, experiment.Wall)),
			TimeShare: timeShare(shares),
			MACs:      sessions[i].Model().Config.MACs(s.Length, true).Total(),
		})
	}
	return result, nil
}
