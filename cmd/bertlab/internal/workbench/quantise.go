package workbench

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/output"
	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/safetensors"
	"bertlab/techniques/quantise"
)

// Quantised says what became of a model whose maps are eight-bit integers.
type Quantised struct {
	*Written
	// Training says how a model was trained.
	Training *Trained         `json:"training,omitempty"`
	Method   string           `json:"method"`
	Rule     string           `json:"calibration,omitempty"`
	Report   *quantise.Report `json:"quantised"`
	// BytesBefore is the file of the model in float32.
	BytesBefore int64                   `json:"bytes_before"`
	Sensitivity *quantise.Sensitivities `json:"sensitivity,omitempty"`
	Calibrated  *Provenance             `json:"calibrated_on,omitempty"`
}

// AwareMethod is the way to quantise that trains.
const AwareMethod = "qat"

// QuantiseMethods are the ways to quantise. All but the last are also numbers of inputs, by [Quantising.Inputs].
var QuantiseMethods = []string{"dynamic", "row", "static", "weights", AwareMethod}

// inputNumbers are the numbers of inputs by their names on the command line.
var inputNumbers = map[string]gbert.InputNumbers{"dynamic": gbert.DynamicInputs, "row": gbert.RowInputs, "static": gbert.StaticInputs, "weights": gbert.FloatInputs}

// automatic is the value of --keep-float that measures which maps stay in float32.
const automatic = "auto"

// keptWeights is the part of the weights that it keeps at most.
const keptWeights = 0.1

// Quantising says how a model is quantised. Its fields are those of the flags.
type Quantising struct {
	Method      string
	Inputs      string   // of a method that trains
	Calibration string   // how a stored range is chosen
	Calibrate   int      // examples on which ranges and the cost of each map are measured
	KeepFloat   []string // roles that stay in float32, or auto

	rule quantise.Rule
}

// trainingFlags go with a method that trains.
var trainingFlags = []string{"inputs", "epochs", "lr", "warmup", "weight-decay", "max-grad-norm", "keep-head", "keep", "freeze-embeddings", "dev", "checkpoint-every", "devices"}

// Check reports flags that cannot be, or do not go together.
func (q *Quantising) Check(changed func(flag string) bool) error {
	if err := call.Choose("method", q.Method, QuantiseMethods...); err != nil {
		return err
	}
	if err := call.Choose("inputs", q.Inputs, QuantiseMethods[:len(QuantiseMethods)-1]...); err != nil {
		return err
	}
	for _, flag := range trainingFlags {
		if !q.Trains() && changed(flag) {
			return call.Wrongf("--%s goes with --method %s, which trains", flag, AwareMethod)
		}
	}
	if changed("calibration") && !q.static() {
		return call.Wrongf("--calibration goes with --method static, or with --method qat --inputs static")
	}
	if !q.Trains() {
		q.Inputs = q.Method
	}
	if q.Calibrate < 1 {
		return call.Wrongf("--calibrate %d: at least 1 example is needed", q.Calibrate)
	}
	if err := q.checkKept(); err != nil {
		return err
	}
	if !q.Measures() {
		if err := call.Unread(changed, "--method static, qat with --inputs static, or --keep-float auto", "calibrate"); err != nil {
			return err
		}
	}
	var err error
	if q.rule, err = quantise.ParseRule(q.Calibration); err != nil {
		return call.Wrongf("--calibration %s: %w", q.Calibration, err)
	}
	return nil
}

// checkKept reports what --keep-float cannot be.
func (q *Quantising) checkKept() error {
	if q.automatic() {
		if len(q.KeepFloat) > 1 {
			return call.Wrongf("--keep-float %s: give auto alone, or roles", strings.Join(q.KeepFloat, ","))
		}
		return nil
	}
	roles := append(slices.Clone(gbert.LayerRoles), quantise.Words)
	for _, role := range q.KeepFloat {
		if err := call.Choose("keep-float", gbert.Role(role), roles...); err != nil {
			return err
		}
	}
	return nil
}

// Trains says whether the method trains the model.
func (q *Quantising) Trains() bool { return q.Method == AwareMethod }

// Measures says whether examples are run through the model beforehand.
func (q *Quantising) Measures() bool { return q.static() || q.automatic() }

func (q *Quantising) static() bool { return q.Method == "static" || q.Trains() && q.Inputs == "static" }

func (q *Quantising) automatic() bool { return slices.Contains(q.KeepFloat, automatic) }

// Quantise stores a model as eight-bit integers, after or while training. The training names the model, the data and the folder;
// where the method does not train, the rest of it does not count.
func (t *Tools) Quantise(ctx context.Context, q *Quantising, r *Training) (*Quantised, error) {
	model, info, err := t.OpenSource(ctx, r.Model)
	if err != nil {
		return nil, err
	}
	defer model.Close()
	if err := quantise.Check(model); err != nil {
		return nil, err
	}
	done := &Quantised{Method: q.Method}
	options := quantise.Options{Inputs: inputNumbers[q.Inputs]}
	if options.Keep, err = q.kept(model); err != nil {
		return nil, err
	}
	if q.Measures() {
		if err := t.calibrate(ctx, q, r, &options, done); err != nil {
			return nil, err
		}
	}
	if done.BytesBefore, err = model.DenseBytes(ctx, gbert.Float32); err != nil {
		return nil, err
	}
	if q.Trains() {
		return done, t.quantiseTraining(ctx, r, options, done)
	}
	small, report, err := quantise.Quantise(model, options)
	if err != nil {
		return nil, err
	}
	done.Report = report
	done.Written, err = r.destination().Save(small, info)
	return done, err
}

// kept are the maps of the roles that stay in float32.
func (q *Quantising) kept(model *gbert.Model) ([]quantise.Map, error) {
	if q.automatic() || len(q.KeepFloat) == 0 {
		return nil, nil
	}
	roles := make([]gbert.Role, len(q.KeepFloat))
	for i, role := range q.KeepFloat {
		roles[i] = gbert.Role(role)
	}
	return quantise.OfRoles(model.Config, roles)
}

// calibrate runs training examples through the model: for ranges that are stored, and for what each map costs.
func (t *Tools) calibrate(ctx context.Context, q *Quantising, r *Training, o *quantise.Options, done *Quantised) error {
	reading := r.Reading
	reading.Split, reading.Examples, reading.Headless = "train", q.Calibrate, !q.automatic()
	reading.Data = r.source(r.Train)
	b, err := t.Open(ctx, r.Model, &reading, nil)
	if err != nil {
		return err
	}
	defer b.Close()
	if q.static() {
		observed, err := quantise.Observe(ctx, b.Session, b.Prepared, t.Meter.Count("calibrating", "examples"))
		if err != nil {
			return err
		}
		if o.Ranges, err = observed.Ranges(q.rule); err != nil {
			return err
		}
		done.Rule = q.rule.String()
	}
	if q.automatic() {
		if done.Sensitivity, err = quantise.Sweep(ctx, b.Session, b.Prepared, *o, t.Meter.Count("quantising each map alone", "examples")); err != nil {
			return err
		}
		o.Keep = done.Sensitivity.Keep(keptWeights)
	}
	stamp := b.Stamp()
	done.Calibrated = &stamp
	return nil
}

// quantiseTraining trains with rounded numbers and stores the trained model.
func (t *Tools) quantiseTraining(ctx context.Context, r *Training, o quantise.Options, done *Quantised) (err error) {
	r.Method = func(model *gbert.Model) (*finetune.Method, error) { return quantise.Training(model, o) }
	r.Finish = func(trained *gbert.Model) (small *gbert.Model, err error) {
		small, done.Report, err = quantise.Quantise(trained, o)
		return small, err
	}
	if done.Training, err = t.Train(ctx, r); err != nil {
		return err
	}
	if done.Report == nil { // a run that was finished before
		done.Report = &quantise.Report{Inputs: o.Inputs}
	}
	to := r.destination()
	if err := to.reread(func(written *gbert.Model) (err error) {
		done.Written, err = to.describe(safetensors.WeightsName, written, done.Training.Provenance.Model)
		return err
	}); err != nil {
		return err
	}
	return output.WriteJSON(filepath.Join(r.Out, TrainingRecord), done)
}
