package sanh2020

import (
	"context"
	"math"

	"gonum.org/v1/gonum/stat"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/techniques/distill"
	"bertlab/techniques/movement"
)

// fineTune trains the pretrained model with a method; nil: none. Embeddings are frozen, as in the paper. name is that of the step.
func (r *run) fineTune(ctx context.Context, v Variant, name string, method *finetune.Method) (*finetune.Result, Trained, error) {
	trained := Trained{Variant: v}
	model, err := r.classifier(v.Seed)
	if err != nil {
		return nil, trained, err
	}
	c := r.config
	result, done, err := r.env.Train(ctx, v.String(), model, r.train, r.test, finetune.Options{
		Epochs: c.Epochs, BatchSize: c.BatchSize, MaxLength: c.MaxLength, LearningRate: c.LearningRate, Seed: v.Seed,
		FreezeEmbeddings: true, Keep: finetune.KeepLast, Method: method, CheckpointDir: r.store.Checkpoint(name),
	})
	if err != nil {
		return nil, trained, err
	}
	trained.Seconds, trained.TrainLoss = done.Seconds, done.TrainLoss
	if err := r.judge(ctx, &trained, result.Model, result.Best().Dev); err != nil {
		return nil, trained, err
	}
	return result, trained, nil
}

func (r *run) classifier(seed uint64) (*gbert.Model, error) {
	return r.pretrained.WithClassifier(r.train.Task.Outputs(), r.train.Task.Labels, seed)
}

// judge fills in what the model does on the test set and what is left of it. A training that went on after its last epoch knows
// no single predictions: the model is then evaluated once more.
func (r *run) judge(ctx context.Context, trained *Trained, model *gbert.Model, evaluation *finetune.Evaluation) error {
	if evaluation == nil || evaluation.Predictions == nil {
		var err error
		if evaluation, err = r.evaluate(ctx, model); err != nil {
			return err
		}
	}
	trained.Score, trained.Loss = evaluation.Metrics[r.result.Metric], evaluation.Loss
	var err error
	if trained.Right, err = task.Right(r.test.Task, evaluation.Predictions, r.test.Examples); err != nil {
		return err
	}
	trained.Kept, trained.ByMatrix, err = kept(model)
	return err
}

func (r *run) evaluate(ctx context.Context, model *gbert.Model) (*finetune.Evaluation, error) {
	session, err := gbert.NewSession(r.env.Backend, model)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	prepared, err := finetune.Prepare(r.env.Backend, model, r.test, r.config.MaxLength, r.config.BatchSize, 1)
	if err != nil {
		return nil, err
	}
	return prepared.Evaluate(ctx, session, nil, nil)
}

// kept is the share of the encoder's weights that are not zero, and that of each matrix.
func kept(model *gbert.Model) (float64, [][]float64, error) {
	count, err := movement.Count(model)
	if err != nil {
		return 0, nil, err
	}
	byMatrix := make([][]float64, model.Config.NumHiddenLayers)
	for _, w := range count.ByWeight {
		byMatrix[w.Layer] = append(byMatrix[w.Layer], w.Share())
	}
	return count.Share(), byMatrix, nil
}

// matrixSizes are the numbers of weights that the shares of [kept] refer to.
func matrixSizes(model *gbert.Model) ([][]int, error) {
	count, err := movement.Count(model)
	if err != nil {
		return nil, err
	}
	sizes := make([][]int, model.Config.NumHiddenLayers)
	for _, w := range count.ByWeight {
		sizes[w.Layer] = append(sizes[w.Layer], w.Total)
	}
	return sizes, nil
}

// method is that of a variant, with the dense model as its teacher where the variant has one.
func (s *seedRun) method(ctx context.Context, v Variant) (*finetune.Method, error) {
	model, err := s.classifier(v.Seed)
	if err != nil {
		return nil, err
	}
	pruning, err := movement.New(model, s.config.options(v))
	if err != nil || !v.Distilled {
		return pruning, err
	}
	session, err := gbert.NewSession(s.env.Backend, s.dense)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	prepared, err := finetune.Prepare(s.env.Backend, s.dense, s.train, s.config.MaxLength, s.config.BatchSize, 1)
	if err != nil {
		return nil, err
	}
	logits, err := prepared.Logits(ctx, session, nil, s.env.Stage("teacher of "+v.String()))
	if err != nil {
		return nil, err
	}
	teaching, err := distill.SoftTargets(logits, distill.Options{})
	if err != nil {
		return nil, err
	}
	return finetune.Combine(pruning, teaching)
}

// samples is about the number of weights of a [Sample].
const samples = 20000

// sample looks at every n-th weight of the encoder: before its mask, whether it remains, and its score.
func (s *seedRun) sample(result *finetune.Result, v Variant) (*Sample, error) {
	scores := map[string][]float32{}
	if v.Kind != movement.Magnitude {
		var err error
		if scores, err = movement.Scores(result.Raw, s.config.options(v), result.Parameters); err != nil {
			return nil, err
		}
	}
	count, err := movement.Count(result.Model)
	if err != nil {
		return nil, err
	}
	stride := max(count.Total/samples, 1) | 1 // odd: it falls on all columns of matrices of even width
	sample := &Sample{}
	at := 0 // place of the next weight to take within the present matrix
	for _, w := range count.ByWeight {
		raw, _, err := result.Raw.Weight(w.Name)
		if err != nil {
			return nil, err
		}
		masked, _, err := result.Model.Weight(w.Name)
		if err != nil {
			return nil, err
		}
		for ; at < len(raw); at += stride {
			sample.Weights = append(sample.Weights, float64(raw[at]))
			sample.Kept = append(sample.Kept, masked[at] != 0)
			if of, ok := scores[w.Name]; ok {
				sample.Scores = append(sample.Scores, float64(of[at]))
			}
		}
		at -= len(raw)
	}
	sample.Deviation = stat.PopStdDev(sample.Weights, nil)
	remaining, small := 0, 0
	for i, isKept := range sample.Kept {
		if isKept {
			remaining++
			if math.Abs(sample.Weights[i]) < sample.Deviation {
				small++
			}
		}
	}
	if remaining > 0 {
		sample.SmallShare = float64(small) / float64(remaining)
	}
	return sample, nil
}
