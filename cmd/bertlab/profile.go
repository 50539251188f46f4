package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/show"
	"bertlab/cmd/bertlab/internal/workbench"
	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/papers/experiment"
	"bertlab/techniques/profile"
)

// profileDocument is what profile prints.
type profileDocument struct {
	*profile.Profile
	Model *workbench.ModelInfo `json:"model"`
	// Baseline is the model that --baseline names, timed in turn with the other.
	Baseline *profiledModel    `json:"baseline,omitempty"`
	Backend  *backend.Choice   `json:"backend"`
	Machine  string            `json:"machine"`
	Versions map[string]string `json:"versions"`
	Took     float64           `json:"seconds"` // of the whole command
}

// profiledModel is a model with its profile.
type profiledModel struct {
	*profile.Profile
	Model *workbench.ModelInfo `json:"model"`
}

type profileFlags struct {
	batches, lengths  []int
	repeats           int
	cellSeconds       float64
	baseline, runtime string
}

// passDocument is what profile prints of another runtime.
type passDocument struct {
	*profile.Passes
	Model    *workbench.ModelInfo `json:"model"`
	Baseline *passedModel         `json:"baseline,omitempty"`
	Runtime  *workbench.Runtime   `json:"runtime"`
	Machine  string               `json:"machine"`
	Versions map[string]string    `json:"versions"`
	Took     float64              `json:"seconds"` // of the whole command
}

// passedModel is a model with its passes.
type passedModel struct {
	*profile.Passes
	Model *workbench.ModelInfo `json:"model"`
}

func (a *app) profileCommand() *cobra.Command {
	var f profileFlags
	command := &cobra.Command{
		Use:   "profile",
		Short: "Show what each component of a model costs: parameters, operations, memory, time",
		Long: `Show what each component of a model costs, for each batch size and length: parameters and operations by formula, checked against the
file, the compiled graph and XLA's own analysis; activation memory; and time, measured with separate executables for the whole pass and
for each component. Any model will do, compressed ones included; --baseline puts the original beside it, timed in alternation.

The pass is the full encoder with its pooler, every layer at every position, without a head. A classifier computes less: in its
last layer only [CLS].

--runtime onnx times the same pass in ONNX Runtime, on the graph that export --onnx writes, and onnx-int8 on that of export --onnx --int8.
Such a graph runs as one, fused across components: times are those of the whole pass.`,
		Example: `  bertlab profile --model all-MiniLM-L6-v2 --batch 1,8,32 --length 32,128,512
  bertlab profile --runtime onnx-int8 --model pruned --baseline all-MiniLM-L6-v2 --batch 1,32
  bertlab profile --model pruned --baseline all-MiniLM-L6-v2 --batch 8 --length 128 --json`,
		Args: cobra.NoArgs,
		RunE: a.begin(func(command *cobra.Command, _ []string) error {
			document, human, err := a.profile(command.Context(), &f)
			if err != nil {
				return err
			}
			if err := a.keep(document); err != nil {
				return err
			}
			return a.print(document, human)
		}),
	}
	flags := command.Flags()
	a.outFile(flags)
	flags.IntSliceVar(&f.batches, "batch", []int{1, 8}, "batch sizes, as in 1,8,32")
	flags.IntSliceVar(&f.lengths, "length", []int{32, 128}, "tokens of an example, as in 32,128,512")
	flags.IntVar(&f.repeats, "repeats", 15, "timed rounds of each batch size and length")
	flags.Float64Var(&f.cellSeconds, "cell-seconds", 20, "stop timing a batch size and length after this many seconds, but not before three rounds (0: never)")
	flags.StringVar(&f.baseline, "baseline", "", "folder or name of a model to compare with")
	flags.StringVar(&f.runtime, "runtime", workbench.XLA, "what computes: "+strings.Join(workbench.Runtimes, ", "))
	return command
}

// check reports a wrong call. longest is the number of positions that the models read.
func (f *profileFlags) check(longest int) error {
	for _, batch := range f.batches {
		if batch < 1 {
			return call.Wrongf("--batch %d: a batch has at least 1 example", batch)
		}
	}
	for _, length := range f.lengths {
		if length < 1 || length > longest {
			return call.Wrongf("--length %d: the model reads 1…%d tokens", length, longest)
		}
	}
	switch {
	case len(f.batches) == 0:
		return call.Wrongf("--batch: name one batch size at least")
	case len(f.lengths) == 0:
		return call.Wrongf("--length: name one length at least")
	case f.repeats < 1:
		return call.Wrongf("--repeats %d: at least 1 is needed", f.repeats)
	case !(f.cellSeconds >= 0 && f.cellSeconds < 1e6):
		return call.Wrongf("--cell-seconds %g: give a number of seconds from 0", f.cellSeconds)
	}
	return nil
}

// profile measures in the runtime that the flags name, and gives what is printed as JSON and for people.
func (a *app) profile(ctx context.Context, f *profileFlags) (_ any, human func(io.Writer), err error) {
	began := time.Now()
	if err := call.Choose("runtime", f.runtime, workbench.Runtimes...); err != nil {
		return nil, nil, err
	}
	names := []string{a.model}
	if f.baseline != "" {
		names = append(names, f.baseline)
	}
	var models []*gbert.Model
	var infos []*workbench.ModelInfo
	longest := 1 << 30
	for _, name := range names {
		model, info, err := a.OpenModel(ctx, name)
		if err != nil {
			return nil, nil, err
		}
		defer func() { err = errors.Join(err, model.Close()) }()
		models, infos = append(models, model), append(infos, info)
		longest = min(longest, model.Config.MaxPositionEmbeddings)
	}
	if err := f.check(longest); err != nil {
		return nil, nil, err
	}
	o := profile.Options{
		Batches: f.batches, Lengths: f.lengths, Repeats: f.repeats, CellTime: time.Duration(f.cellSeconds * float64(time.Second)),
		Progress: a.profileProgress(),
	}
	if f.runtime != workbench.XLA {
		document, err := a.profilePasses(ctx, f.runtime, models, infos, o)
		if err != nil {
			return nil, nil, err
		}
		document.Took = time.Since(began).Seconds()
		return document, document.human, nil
	}
	document, err := a.profileParts(ctx, models, infos, o)
	if err != nil {
		return nil, nil, err
	}
	document.Took = time.Since(began).Seconds()
	return document, document.human, nil
}

// profilePasses measures the whole pass in ONNX Runtime.
func (a *app) profilePasses(ctx context.Context, runtime string, models []*gbert.Model, infos []*workbench.ModelInfo, o profile.Options) (*passDocument, error) {
	passes, library, err := profile.MeasureONNX(ctx, models, a.RuntimeOptions(runtime), o)
	if err != nil {
		return nil, err
	}
	for i, p := range passes {
		a.checkFile(&p.Parameters, models[i], infos[i])
	}
	document := &passDocument{
		Passes: passes[0], Model: infos[0], Runtime: workbench.RuntimeOf(runtime, library), Machine: experiment.Machine(), Versions: backend.Versions(),
	}
	if len(passes) > 1 {
		document.Baseline = &passedModel{passes[1], infos[1]}
	}
	return document, nil
}

// profileParts measures the whole pass and each component on the backend.
func (a *app) profileParts(ctx context.Context, models []*gbert.Model, infos []*workbench.ModelInfo, o profile.Options) (*profileDocument, error) {
	b, choice, err := a.OpenBackend(ctx)
	if err != nil {
		return nil, err
	}
	defer b.Finalize()
	profiles, err := profile.MeasureInTurn(ctx, b, models, o)
	if err != nil {
		return nil, err
	}
	for i, p := range profiles {
		a.checkFile(&p.Parameters, models[i], infos[i])
	}
	document := &profileDocument{Profile: profiles[0], Model: infos[0], Backend: choice, Machine: experiment.Machine(), Versions: backend.Versions()}
	if len(profiles) > 1 {
		document.Baseline = &profiledModel{profiles[1], infos[1]}
	}
	return document, nil
}

// checkFile counts the values in a model's file.
func (a *app) checkFile(p *profile.Parameters, model *gbert.Model, info *workbench.ModelInfo) {
	var err error
	if p.File, err = profile.CheckFile(model, info.Dir); err != nil {
		a.Meter.Warn("note: %v", err)
	}
}

// profileProgress shows which batch size and length is measured.
func (a *app) profileProgress() func(done, total, batch, length int) {
	return func(done, total, batch, length int) {
		a.Meter.Stage(experiment.Progress{Stage: "profile", Done: done, Total: total, Detail: fmt.Sprintf("batch %d, length %d", batch, length)})
	}
}

func (d *profileDocument) human(w io.Writer) {
	var baseline *profile.Profile
	if d.Baseline != nil {
		baseline = d.Baseline.Profile
	}
	for _, table := range show.Profile(d.Profile, baseline) {
		fmt.Fprintln(w, table.Text())
	}
	fmt.Fprintf(w, "pass\t%s\n", d.Pass)
	fmt.Fprintf(w, "model\t%s\n", d.Model.Dir)
	if d.Baseline != nil {
		fmt.Fprintf(w, "baseline\t%s\n", d.Baseline.Model.Dir)
	}
	fmt.Fprintf(w, "backend\t%s, %d threads, %s\n", d.Backend.Name, d.Threads, d.Machine)
	fmt.Fprintf(w, "time\t%.1f s\n", d.Took)
}

func (d *passDocument) human(w io.Writer) {
	var baseline *profile.Passes
	if d.Baseline != nil {
		baseline = d.Baseline.Passes
	}
	for _, table := range show.Passes(d.Passes, baseline) {
		fmt.Fprintln(w, table.Text())
	}
	fmt.Fprintf(w, "pass\t%s\n", d.Pass)
	fmt.Fprintf(w, "model\t%s\n", d.Model.Dir)
	if d.Baseline != nil {
		fmt.Fprintf(w, "baseline\t%s\n", d.Baseline.Model.Dir)
	}
	fmt.Fprintf(w, "runtime\t%s, %d threads, %s\n", d.Runtime, d.Threads, d.Machine)
	fmt.Fprintf(w, "time\t%.1f s\n", d.Took)
}
