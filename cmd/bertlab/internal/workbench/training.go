package workbench

import (
	"cmp"
	"context"
	"path/filepath"
	"time"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/output"
	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
)

// TrainingRecord is the file in a trained model's folder that says how it was trained.
const TrainingRecord = "training.json"

// Training is a training run. Its fields are those of the flags.
type Training struct {
	Reading
	Model      string // folder or name of the pretrained one
	Train, Dev string // files; empty: those of Data, or the task's own
	KeepHead   bool   // go on with the model's head
	Options    finetune.Options

	Out       string // the model's folder
	Keep      bool   // it holds a model, which none but its equal replaces; see [output.Target]
	Precision gbert.Precision
	Compact   bool // without zeros, for bertlab alone

	// What a compression method adds, if any: itself, for the model that is to be trained, and what becomes of the trained one.
	Method func(model *gbert.Model) (*finetune.Method, error)
	Advice func(steps int) string // a line to warn with; nil: none
	Finish func(trained *gbert.Model) (*gbert.Model, error)
}

// Trained is the result of a training run. It is kept beside the model.
type Trained struct {
	Out string `json:"out"`
	*finetune.Result
	Dev     *finetune.Evaluation `json:"dev,omitempty"` // of the weights that were kept
	DevData *task.Dataset        `json:"dev_data,omitempty"`
	// DevTruncated counts the dev examples that are longer than MaxLength, and were cut.
	DevTruncated int `json:"dev_truncated,omitempty"`
	Provenance

	Task *task.Task `json:"-"` // with the classes of the data
}

// Check completes the options of a run with those of the flags, and reports what is wrong with flags. In the library a zero means the
// default, so "none" becomes negative.
func (r *Training) Check(seed uint64) error {
	if err := r.Reading.Check(); err != nil {
		return err
	}
	o := &r.Options
	o.BatchSize, o.MaxLength, o.Seed, o.CheckpointDir = r.Batch, r.MaxLength, seed, filepath.Join(r.Out, output.CheckpointFolder)
	switch {
	case o.Epochs < 1:
		return call.Wrongf("--epochs %d: at least 1 is needed", o.Epochs)
	case !(o.LearningRate > 0 && o.LearningRate < 10):
		return call.Wrongf("--lr %g: it must be above 0 and below 10", o.LearningRate)
	case !(o.Warmup >= 0 && o.Warmup < 1):
		return call.Wrongf("--warmup %g: it must be at least 0 and below 1", o.Warmup)
	case !(o.WeightDecay >= 0):
		return call.Wrongf("--weight-decay %g: it must not be negative", o.WeightDecay)
	case !(o.MaxGradNorm >= 0):
		return call.Wrongf("--max-grad-norm %g: it must not be negative", o.MaxGradNorm)
	case o.CheckpointEvery <= 0:
		return call.Wrongf("--checkpoint-every %v: it must be above 0", o.CheckpointEvery)
	}
	for _, value := range []*float64{&o.Warmup, &o.WeightDecay, &o.MaxGradNorm} {
		if *value == 0 {
			*value = -1
		}
	}
	return cmp.Or(call.Choose("keep", o.Keep, finetune.KeepBest, finetune.KeepLast),
		call.Choose("precision", cmp.Or(o.Precision, finetune.Float32), finetune.Float32, finetune.BFloat16))
}

func (r *Training) destination() Destination { return Destination{r.Out, r.Precision} }

// Train trains a model and saves it. The options have been checked.
func (t *Tools) Train(ctx context.Context, r *Training) (*Trained, error) {
	began := time.Now()
	if r.Task != "" { // a wrong name is no matter of the model
		if _, err := LookupTask(r.Task, nil, true); err != nil {
			return nil, err
		}
	}
	pretrained, info, err := t.OpenModel(ctx, r.Model)
	if err != nil {
		return nil, err
	}
	defer pretrained.Close()
	of, err := LookupTask(r.Task, pretrained, r.Data != "" || r.Train != "")
	if err != nil {
		return nil, err
	}
	if of, err = r.trainingTask(of, pretrained); err != nil {
		return nil, err
	}
	options := r.Options
	options.Progress = t.Meter.Train
	options.MaxLength = t.length(&r.Reading, of.Kind, pretrained)
	train, dev, err := t.trainingData(ctx, of, r)
	if err != nil {
		return nil, err
	}
	t.notePairs(pretrained, train)
	model, train, dev, err := t.withHead(pretrained, info, train, dev, r)
	if err != nil {
		return nil, err
	}
	if r.Method != nil {
		if options.Method, err = r.Method(model); err != nil {
			return nil, call.Wrap(err)
		}
	}
	if r.Advice != nil {
		if text := r.Advice(options.Steps(train.Len())); text != "" {
			t.Meter.Warn("%s", text)
		}
	}
	b, choice, err := t.OpenBackend(ctx)
	if err != nil {
		return nil, err
	}
	defer b.Finalize()
	together, err := r.together(b, choice)
	if err != nil {
		return nil, err
	}
	options.Devices = together.Count
	result, err := finetune.Train(ctx, b, model, train, dev, options)
	if err != nil {
		return nil, err
	}
	t.sayCut("training ", result.Cut, train, model, options.MaxLength)
	if dev != nil {
		t.sayCut("dev ", result.DevCut, dev, model, options.MaxLength)
	}
	if err := r.save(result.Model); err != nil {
		return nil, err
	}
	trained := &Trained{
		Out: r.Out, Result: result, Dev: result.Best().Dev, DevData: dev, DevTruncated: result.DevCut, Task: train.Task,
		Provenance: Provenance{
			Model: info, Task: of.Name, Data: train, MaxLength: options.MaxLength, Truncated: result.Cut, BatchSize: r.Batch, Seed: t.Seed,
			Backend: choice, Versions: backend.Versions(), Seconds: time.Since(began).Seconds(),
		},
	}
	if err := output.WriteJSON(filepath.Join(r.Out, TrainingRecord), trained); err != nil {
		return nil, err
	}
	return trained, finetune.RemoveCheckpoint(options.CheckpointDir)
}

func (r *Training) save(model *gbert.Model) (err error) {
	if r.Finish != nil {
		if model, err = r.Finish(model); err != nil {
			return err
		}
	}
	save := model.Save
	if r.Compact {
		save = model.SaveCompact
	}
	return output.Save(r.Out, r.Keep, func(dir string) error { return save(dir, r.Precision) })
}

// trainingTask is the task with its kind, which may be that of the head that is kept, as may the names of the classes, or that of the
// head on which the task was trained before, where no other is named.
func (r *Training) trainingTask(of *task.Task, pretrained *gbert.Model) (*task.Task, error) {
	if !r.KeepHead && r.Task != "" {
		return r.taskFor(of, nil, true)
	}
	of, err := r.taskFor(of, pretrained, r.Task != "")
	if err == nil && !r.named(of) {
		r.Columns.Labels = finetune.LabelsOf(pretrained)
	}
	return of, err
}

// withHead is the model to be trained: with a fresh head, or with its own, whose classes the data then have.
func (t *Tools) withHead(pretrained *gbert.Model, info *ModelInfo, train, dev *task.Dataset, r *Training) (*gbert.Model, *task.Dataset, *task.Dataset, error) {
	var err error
	if r.KeepHead {
		if train, err = t.match(pretrained, train, r.Columns.LabelsByNumber); err == nil && dev != nil && r.Columns.LabelsByNumber {
			dev, err = dev.ByNumber(pretrained.Config.Labels)
		}
		return pretrained, train, dev, err
	}
	if line := pretrained.Replaced(); line != "" {
		t.Meter.Warn("%s: %s", info.Dir, line)
	}
	if head := finetune.HeadFor(train.Task.Kind); head.PerToken() && pretrained.HasPooler() {
		t.Meter.Warn("%s: the pooler goes: a model for %s has none", info.Dir, head)
	}
	model, err := finetune.FreshHead(pretrained, train.Task, t.Seed)
	return model, train, dev, err
}

// trainingData reads the training and the dev data; there need be no dev data where --train names a file.
func (t *Tools) trainingData(ctx context.Context, of *task.Task, r *Training) (train, dev *task.Dataset, err error) {
	if r.Train == "" && r.Data != "" && output.IsFile(r.Data) {
		return nil, nil, call.Wrongf("--data %s is a file: give training data with --train and dev data with --dev, or a folder with both", r.Data)
	}
	if r.Columns.Labels, err = t.trainingLabels(ctx, of, r); err != nil {
		return nil, nil, err
	}
	if train, err = t.load(ctx, &r.Reading, of, "train", r.source(r.Train), r.Examples); err != nil || !r.hasDev() {
		return train, nil, err
	}
	dev, err = t.load(ctx, &r.Reading, of, "dev", r.source(r.Dev), 0)
	return train, dev, err
}

func (r *Training) source(file string) string {
	if file != "" {
		return file
	}
	return r.Data
}

// hasDev says whether there are dev data: there need be none where --train names a file.
func (r *Training) hasDev() bool { return r.Dev != "" || r.Train == "" || r.Data != "" }

// trainingLabels are the class names that the training and the dev data give together, where nothing else does.
func (t *Tools) trainingLabels(ctx context.Context, of *task.Task, r *Training) ([]string, error) {
	if len(r.Columns.Labels) > 0 || len(of.Labels) > 0 || of.Kind != task.MultiLabel && of.Kind != task.Tagging {
		return r.Columns.Labels, nil
	}
	train, err := t.load(ctx, &r.Reading, of, "train", r.source(r.Train), 0)
	if err != nil || !r.hasDev() {
		return nil, err // the training data alone say it again
	}
	dev, err := t.load(ctx, &r.Reading, of, "dev", r.source(r.Dev), 0)
	if err != nil {
		return nil, err
	}
	return task.UnionOfLabels(train.Task.Labels, dev.Task.Labels), nil
}
