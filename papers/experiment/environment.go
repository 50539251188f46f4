package experiment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/gomlx/compute"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/finetune"
	"bertlab/gbert/hub"
	"bertlab/gbert/task"
	"bertlab/papers/experiment/words"
)

// Environment is what an experiment needs from outside.
type Environment struct {
	// Backend computes; Choice says which it is and why.
	Backend compute.Backend
	Choice  *backend.Choice
	// Hub finds models and data sets by name.
	Hub *hub.Client
	// Dir is the folder for results; steps are remembered below it.
	Dir string
	// Recordings have what steps returned that are not remembered there; nil: there are none.
	Recordings *Recordings
	// Progress is told what goes on; may be nil.
	Progress func(Progress)
	// Memory does a job in a process of its own, since a process's peak never falls again; nil: memory is not measured.
	Memory func(ctx context.Context, job MemoryJob) (*Memory, error)
	// Note is told in a line what a user should know of a model; may be nil.
	Note func(line string)
	// Sharing says which part of the steps this process does; nil: all.
	Sharing *Sharing
	// Recall is true where nothing is computed: a plan with a step that is not remembered gives a [MissingError].
	Recall bool
	// Foresight is true where a plan is only looked at: results that say which further steps there are may be guessed; see [Foresee].
	Foresight bool
	// Machine describes the machine on which times are measured; empty: this one, see [Machine].
	Machine string
}

// note passes a line on, with the name of the model.
func (e *Environment) note(name, line string) {
	if e.Note != nil && line != "" {
		e.Note(name + ": " + line)
	}
}

// NoteCut says how many of the examples of a data set are longer than what is read of them, if any are.
func (e *Environment) NoteCut(d *task.Dataset, cut, length int) {
	if cut > 0 {
		e.note(strings.TrimSpace(d.Task.Name+" "+d.Split), fmt.Sprintf("%d of the %d examples are longer than %d tokens and are cut", cut, d.Len(), length))
	}
}

// noteTraining says of a training run which examples it has cut.
func (e *Environment) noteTraining(result *finetune.Result, model *gbert.Model, train, dev *task.Dataset) {
	length := min(result.Options.MaxLength, model.Config.MaxPositionEmbeddings)
	e.NoteCut(train, result.Cut, length)
	if dev != nil {
		e.NoteCut(dev, result.DevCut, length)
	}
}

// Progress is how far a stage of an experiment is.
type Progress struct {
	// Stage says what is running.
	Stage string
	// Done of Total units are finished; Total 0 means unknown.
	Done, Total int
	// Detail is a short addition, such as the loss or "compiling".
	Detail string
	// Title is the stage in both languages; Step of Steps is its place among the steps of an experiment, Elapsed how long that runs, and
	// Left about how long it still takes. They are zero where they are not known.
	Title         Text
	Step, Steps   int
	Elapsed, Left time.Duration
}

// Stage returns a progress function for one stage.
func (e *Environment) Stage(name string) func(done, total int) {
	return func(done, total int) { e.Report(Progress{Stage: name, Done: done, Total: total}) }
}

// Report passes progress on.
func (e *Environment) Report(p Progress) {
	if e.Progress != nil {
		e.Progress(p)
	}
}

// Model finds and loads a model by name or folder.
func (e *Environment) Model(ctx context.Context, name string) (*gbert.Model, *hub.Resolved, error) {
	resolved, err := e.Hub.Model(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	model, err := gbert.Load(resolved.Dir)
	if err != nil {
		return nil, nil, err
	}
	if err := model.CheckFinite(); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", resolved.Dir, err), model.Close())
	}
	for _, note := range model.Notes() {
		e.note(resolved.Dir, note)
	}
	return model, resolved, nil
}

// Data loads a split of a task from its source: a file, a folder, or, when source is empty, wherever the task's data are found
// by name. Examples without a label are left out where others have one.
func (e *Environment) Data(ctx context.Context, taskName, split, source string) (*task.Dataset, error) {
	return e.Draw(ctx, taskName, split, source, task.Draw{})
}

// Draw loads some of the examples of a split, or all of them, as [Environment.Data] does.
func (e *Environment) Draw(ctx context.Context, taskName, split, source string, d task.Draw) (*task.Dataset, error) {
	t, err := task.Lookup(taskName)
	if err != nil {
		return nil, err
	}
	return task.LoadDraw(ctx, Finder{e.Hub}, t, split, source, task.Columns{}, d)
}

// Examples loads a split of a classification task as [Environment.Data] does: all of it, or, unless n is 0, at most n examples drawn
// with the seed.
func (e *Environment) Examples(ctx context.Context, taskName, split, source string, n int, seed uint64) (*task.Dataset, error) {
	data, err := e.Draw(ctx, taskName, split, source, task.Draw{N: n, Seed: seed})
	if err != nil {
		return nil, err
	}
	if data.Task.Kind != task.Classification {
		return nil, fmt.Errorf("%s is not a classification task", taskName)
	}
	return data, nil
}

// AtMost draws n examples of a data set with a seed; it is the data set itself where n is 0 or not below its size.
func AtMost(d *task.Dataset, n int, seed uint64) (*task.Dataset, error) {
	if n == 0 || n >= d.Len() {
		return d, nil
	}
	return d.Take(n, seed)
}

// Finder finds data sets with a hub client; it is a [task.Finder].
type Finder struct{ *hub.Client }

// SentimentFolder implements [task.Finder].
func (f Finder) SentimentFolder(ctx context.Context) (string, error) {
	resolved, err := f.Sentiment(ctx)
	if err != nil {
		return "", err
	}
	return resolved.Dir, nil
}

// Provenance is where numbers come from.
type Provenance struct {
	Model       string            `json:"model"`
	ModelSource string            `json:"model_source"`
	ModelSHA256 string            `json:"model_sha256"` // of configuration and weights, see gbert's Fingerprint
	Data        []DataProvenance  `json:"data"`
	Backend     string            `json:"backend"`
	Device      string            `json:"device,omitempty"`
	Plugin      string            `json:"plugin,omitempty"`
	Machine     string            `json:"machine"`         // or machines, which [Provenance.MachineIn] tells apart
	Timed       string            `json:"timed,omitempty"` // the machines that took the times, where these are not all
	Versions    map[string]string `json:"versions"`
	Began       time.Time         `json:"began"`
	Seconds     float64           `json:"seconds"`
	// Recorded is when the run was recorded that this result is taken from; zero: it was computed here.
	Recorded time.Time `json:"recorded,omitzero"`
}

// DataProvenance is a data set that was used.
type DataProvenance struct {
	Use       string         `json:"use"` // what for: train, test, importance, …
	Task      string         `json:"task"`
	Split     string         `json:"split"`
	Selection string         `json:"selection,omitempty"`
	Examples  int            `json:"examples"`
	SHA256    string         `json:"sha256"`
	LeftOut   []task.LeftOut `json:"left_out,omitempty"`
}

// DescribeData is the provenance of a data set.
func DescribeData(use string, d *task.Dataset) DataProvenance {
	return DataProvenance{Use: use, Task: d.Task.Name, Split: d.Split, Selection: d.Selection, Examples: d.Len(), SHA256: d.SHA256, LeftOut: d.LeftOut}
}

// Describe begins a provenance for a model.
func (e *Environment) Describe(model *gbert.Model, resolved *hub.Resolved) (Provenance, error) {
	fingerprint, err := model.Fingerprint()
	if err != nil {
		return Provenance{}, err
	}
	source := resolved.Source
	if resolved.Revision != "" {
		source += " (" + resolved.Revision + ")"
	}
	return Provenance{
		Model: resolved.Name, ModelSource: source, ModelSHA256: fingerprint, Backend: e.Choice.Name, Device: e.Choice.Device,
		Plugin: e.Choice.PluginVersion, Machine: e.machine(), Versions: backend.Versions(), Began: time.Now().UTC(),
	}, nil
}

// Subject finds the model that an experiment is about and says in the provenance where it comes from. fits tells why the experiment
// cannot be done with it.
func (e *Environment) Subject(ctx context.Context, name string, p *Provenance, fits func(*gbert.Model) error) (*Pretrained, error) {
	model, resolved, err := e.Model(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := fits(model); err != nil {
		return nil, err
	}
	if *p, err = e.Describe(model, resolved); err != nil {
		return nil, err
	}
	return &Pretrained{Model: model, SHA256: p.ModelSHA256, Dir: resolved.Dir}, nil
}

// machine is the one on which times are measured.
func (e *Environment) machine() string { return cmp.Or(e.Machine, Machine()) }

// Machine describes the processor in a line.
func Machine() string {
	name := runtime.GOARCH
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				name = strings.TrimSpace(value)
				break
			}
		}
	}
	cores := "cores"
	if runtime.NumCPU() == 1 {
		cores = "core"
	}
	return fmt.Sprintf("%s, %d %s, %s", name, runtime.NumCPU(), cores, runtime.GOOS)
}

// machineLine is what [Machine] writes.
var machineLine = regexp.MustCompile(`^(.*), (\d+) cores?, (\w+)$`)

// machineSeparator stands between the machines of a run that went on on another one.
const machineSeparator = "; "

// MachineIn describes the processor in a language, or the processors of a run that went on on another machine.
func (p Provenance) MachineIn(say *words.Printer) string {
	machines := strings.Split(p.Machine, machineSeparator)
	for i, machine := range machines {
		switch parts := machineLine.FindStringSubmatch(machine); {
		case parts == nil:
		case parts[2] == "1":
			machines[i] = say.F("%s, 1 core, %s", parts[1], parts[3])
		default:
			machines[i] = say.F("%s, %s cores, %s", parts[1], parts[2], parts[3])
		}
	}
	return strings.Join(machines, machineSeparator)
}

// TimedIn describes the processor that the times are of, or the processors.
func (p Provenance) TimedIn(say *words.Printer) string {
	p.Machine = cmp.Or(p.Timed, p.Machine)
	return p.MachineIn(say)
}

// ComputeVersions are the versions, of those of a provenance, on which numbers depend: a notebook and the command line share
// what they remember.
func ComputeVersions(all map[string]string) map[string]string {
	versions := map[string]string{}
	for _, module := range []string{"github.com/gomlx/gomlx", "github.com/gomlx/compute", "github.com/gomlx/go-xla"} {
		versions[module] = all[module]
	}
	return versions
}
