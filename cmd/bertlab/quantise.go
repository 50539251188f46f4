package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/output"
	"bertlab/cmd/bertlab/internal/show"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/safetensors"
	"bertlab/techniques/quantise"
)

// quantiseDocument is what quantise prints.
type quantiseDocument struct {
	*modelDocument
	// Training says how a model was trained.
	Training *workbench.Trained `json:"training,omitempty"`
	Method   string             `json:"method"`
	Rule     string             `json:"calibration,omitempty"`
	Report   *quantise.Report   `json:"quantised"`
	// BytesBefore is the file of the model in float32.
	BytesBefore int64                   `json:"bytes_before"`
	Sensitivity *quantise.Sensitivities `json:"sensitivity,omitempty"`
	Calibrated  *workbench.Provenance   `json:"calibrated_on,omitempty"`
}

// The ways to quantise; aware is training.
const aware = "qat"

var quantiseMethods = []string{"dynamic", "row", "static", "weights", aware}

// inputNumbers are the numbers of inputs by their names on the command line.
var inputNumbers = map[string]gbert.InputNumbers{"dynamic": gbert.DynamicInputs, "row": gbert.RowInputs, "static": gbert.StaticInputs, "weights": gbert.FloatInputs}

type quantiseFlags struct {
	finetuneFlags
	method, inputs string
	calibration    string
	calibrate      int
	keepFloat      []string

	rule quantise.Rule
}

func (a *app) quantiseCommand() *cobra.Command {
	var f quantiseFlags
	command := &cobra.Command{
		Use:   "quantise",
		Short: "Store a model as 8-bit integers, after or while training",
		Long: `Store the encoder's maps and the word table as 8-bit integers, a quarter of the size, with a scale for each row, and multiply integers.
What enters a map is rounded too; --method says over which range:
  dynamic  the range of the whole batch as it passes, padding included: an example's logits change a little with its neighbours
  row      the range of each token by itself; neighbours change nothing
  static   a range that is measured beforehand on --calibrate training examples and stored; --calibration says how it is chosen
  weights  inputs stay float32
  qat      training computes with rounded numbers (quantisation-aware training); --inputs says which of the above the result has

--keep-float names roles of maps that stay in float32, such as ffn_out,words; "auto" measures what each map alone costs and keeps the
fewest that cause half of the squared error of the logits, with at most a tenth of the weights. Pooler, classifier and LayerNorms
always stay. The model loads as any other; export --onnx writes the graph that multiplies integers, export --dense the float32 model.`,
		Example: `  bertlab quantise --method dynamic --model tuned --out int8
  bertlab quantise --method static --calibration mse --keep-float auto --model tuned --task movies --out int8
  bertlab quantise --method qat --inputs row --keep-head --epochs 1 --lr 2e-5 --model tuned --task movies --out int8`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			if err := f.check(command.Flags().Changed); err != nil {
				return err
			}
			a.resumes = f.method == aware
			document, err := a.quantise(command.Context(), &f)
			if err != nil {
				return err
			}
			return a.print(document, document.human)
		}),
	}
	flags := command.Flags()
	flags.StringVar(&f.method, "method", quantiseMethods[0], "how: "+strings.Join(quantiseMethods, ", "))
	flags.StringVar(&f.inputs, "inputs", "dynamic", "with --method qat, the range of what enters a map: dynamic, row, static or weights")
	flags.StringVar(&f.calibration, "calibration", "percentile", "how a stored range is chosen: minmax, percentile (of 99.99 %), percentile:99.9, or mse (least squared error)")
	flags.IntVar(&f.calibrate, "calibrate", 256, "training examples on which ranges and the cost of each map are measured")
	flags.StringSliceVar(&f.keepFloat, "keep-float", nil, "roles that stay in float32, or auto")
	flags.StringVar((*string)(&f.training.Options.Keep), "keep", string(finetune.KeepLast), "with --method qat, which epoch's weights to keep: best (on dev) or last")
	flags.BoolVar(&f.training.Options.FreezeEmbeddings, "freeze-embeddings", false, "with --method qat, leave the embeddings as they are")
	f.finetuneFlags.add(a, flags)
	return command
}

// check reports flags that cannot be, or do not go together.
func (f *quantiseFlags) check(changed func(flag string) bool) error {
	if err := call.Choose("method", f.method, quantiseMethods...); err != nil {
		return err
	}
	if err := call.Choose("inputs", f.inputs, quantiseMethods[:4]...); err != nil {
		return err
	}
	for _, flag := range []string{"inputs", "epochs", "lr", "warmup", "weight-decay", "max-grad-norm", "keep-head", "keep", "freeze-embeddings", "dev", "checkpoint-every", "devices"} {
		if f.method != aware && changed(flag) {
			return call.Wrongf("--%s goes with --method %s, which trains", flag, aware)
		}
	}
	if changed("calibration") && !f.static() {
		return call.Wrongf("--calibration goes with --method static, or with --method qat --inputs static")
	}
	if f.method != aware {
		f.inputs = f.method
	}
	if f.calibrate < 1 {
		return call.Wrongf("--calibrate %d: at least 1 example is needed", f.calibrate)
	}
	if f.auto() && len(f.keepFloat) > 1 {
		return call.Wrongf("--keep-float %s: give auto alone, or roles", strings.Join(f.keepFloat, ","))
	}
	for _, role := range f.keepFloat {
		if roles := append(slices.Clone(gbert.LayerRoles), quantise.Words); !f.auto() {
			if err := call.Choose("keep-float", gbert.Role(role), roles...); err != nil {
				return err
			}
		}
	}
	var err error
	if f.rule, err = quantise.ParseRule(f.calibration); err != nil {
		return call.Wrongf("--calibration %s: %w", f.calibration, err)
	}
	return nil
}

func (f *quantiseFlags) static() bool {
	return f.method == "static" || f.method == aware && f.inputs == "static"
}

func (f *quantiseFlags) auto() bool { return slices.Contains(f.keepFloat, "auto") }

func (a *app) quantise(ctx context.Context, f *quantiseFlags) (*quantiseDocument, error) {
	if a.model == "" {
		return nil, errNoModel
	}
	document := &quantiseDocument{Method: f.method}
	model, info, err := a.openSource(ctx)
	if err != nil {
		return nil, err
	}
	defer model.Close()
	if err := quantise.Check(model); err != nil {
		return nil, err
	}
	options := quantise.Options{Inputs: inputNumbers[f.inputs]}
	if err := f.keep(model, &options); err != nil {
		return nil, err
	}
	if f.static() || f.auto() {
		if err := a.measure(ctx, f, &options, document); err != nil {
			return nil, err
		}
	}
	if document.BytesBefore, err = model.DenseBytes(ctx, gbert.Float32); err != nil {
		return nil, err
	}
	if f.method == aware {
		return document, a.quantiseTraining(ctx, f, options, document)
	}
	small, report, err := quantise.Quantise(model, options)
	if err != nil {
		return nil, err
	}
	document.Report = report
	document.modelDocument, err = a.saveModel(small, info, &f.target)
	return document, err
}

// keep names the maps of the roles that stay in float32.
func (f *quantiseFlags) keep(model *gbert.Model, o *quantise.Options) (err error) {
	if f.auto() || len(f.keepFloat) == 0 {
		return nil
	}
	roles := make([]gbert.Role, len(f.keepFloat))
	for i, role := range f.keepFloat {
		roles[i] = gbert.Role(role)
	}
	o.Keep, err = quantise.OfRoles(model.Config, roles)
	return err
}

// keptWeights is the part of the weights that "auto" keeps in float32 at most.
const keptWeights = 0.1

// measure runs the calibration examples through the model: for ranges that are stored, and for what each map costs.
func (a *app) measure(ctx context.Context, f *quantiseFlags, o *quantise.Options, document *quantiseDocument) error {
	data := f.data
	data.Split, data.Examples, data.Headless = "train", f.calibrate, !f.auto()
	if data.Examples = f.calibrate; f.training.Train != "" {
		defer func(before string) { a.data = before }(a.data)
		a.data = f.training.Train
	}
	b, err := a.openBench(ctx, &data, nil)
	if err != nil {
		return err
	}
	defer b.Close()
	if f.static() {
		observed, err := quantise.Observe(ctx, b.Session, b.Prepared, a.Meter.Count("calibrating", "examples"))
		if err != nil {
			return err
		}
		if o.Ranges, err = observed.Ranges(f.rule); err != nil {
			return err
		}
		document.Rule = f.rule.String()
	}
	if f.auto() {
		if document.Sensitivity, err = quantise.Sweep(ctx, b.Session, b.Prepared, *o, a.Meter.Count("quantising each map alone", "examples")); err != nil {
			return err
		}
		o.Keep = document.Sensitivity.Keep(keptWeights)
	}
	stamp := b.Stamp()
	document.Calibrated = &stamp
	return nil
}

// quantiseTraining trains with rounded numbers and stores the trained model.
func (a *app) quantiseTraining(ctx context.Context, f *quantiseFlags, o quantise.Options, document *quantiseDocument) error {
	r := &f.training
	r.Method = func(model *gbert.Model) (*finetune.Method, error) { return quantise.Training(model, o) }
	r.Finish = func(trained *gbert.Model) (small *gbert.Model, err error) {
		small, document.Report, err = quantise.Quantise(trained, o)
		return small, err
	}
	var err error
	if document.Training, err = a.train(ctx, &f.finetuneFlags); err != nil {
		return err
	}
	written, err := gbert.Load(a.out)
	if err != nil {
		return err
	}
	defer written.Close()
	if document.Report == nil { // a run that was finished before
		document.Report = &quantise.Report{Inputs: o.Inputs}
	}
	if document.modelDocument, err = a.describe(safetensors.WeightsName, written, document.Training.Provenance.Model, &f.target); err != nil {
		return err
	}
	return output.WriteJSON(filepath.Join(a.out, workbench.TrainingRecord), document)
}

func (d *quantiseDocument) human(w io.Writer) {
	fmt.Fprintln(w, show.Quantised(d.Report, d.Sensitivity).Text())
	if d.Training != nil {
		printTrained(w, d.Training)
	}
	d.modelDocument.human(w)
	fmt.Fprintf(w, "size\t%.1f %% of the %.2f MB in float32\n", 100*float64(d.Bytes)/float64(max(d.BytesBefore, 1)), float64(d.BytesBefore)/1e6)
	if d.Sensitivity != nil {
		fmt.Fprintf(w, "all maps\tchange the logits by %.4f (root mean square), the loss by %+.4f\n", d.Sensitivity.All.Error, d.Sensitivity.All.Loss)
	}
	if d.Calibrated != nil {
		fmt.Fprintf(w, "calibrated\ton %s examples of %s\n", figures.Count(d.Calibrated.Data.Len()), d.Calibrated.Data)
	}
}
