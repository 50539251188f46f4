// Program bench measures bertlab's gbert and, where its Python is named, PyTorch with transformers side by side. See README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/hub"
	"bertlab/gbert/task"
	"bertlab/papers/experiment"
)

// items are what can be measured, in this order.
var items = []string{"forward", "step", "epoch", "ablation", "memory"}

// options are the program's flags.
type options struct {
	models, only      []string
	python, data, out string
	quick             bool
	ablation, memory  int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o, err := parse(os.Args[1:])
	if err == nil {
		err = run(ctx, o)
	}
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func parse(arguments []string) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	models := flags.String("models", "all-MiniLM-L6-v2,bert-base-uncased", "names or folders of models, with commas between them")
	only := flags.String("only", strings.Join(items, ","), "what to measure")
	flags.StringVar(&o.python, "python", os.Getenv("BERTLAB_PEER_PYTHON"), "Python with torch and transformers (default: BERTLAB_PEER_PYTHON; none: gbert alone)")
	flags.StringVar(&o.data, "data", "", "folder with SST-2's train.tsv and dev.tsv (default: from the caches or the network)")
	flags.StringVar(&o.out, "out", "", "file for the results as JSON; a Markdown table goes beside it")
	flags.BoolVar(&o.quick, "quick", false, "few samples")
	flags.IntVar(&o.ablation, "ablation-examples", -1, "examples of dev for the ablation; 0: all (default: all; 64 with --quick)")
	flags.IntVar(&o.memory, "memory-examples", -1, "examples of dev for the memory of eval; 0: all (default: all; 100 with --quick)")
	if err := flags.Parse(arguments); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("bench: %q is not a flag", flags.Arg(0))
	}
	o.models, o.only = strings.Split(*models, ","), strings.Split(*only, ",")
	for _, item := range o.only {
		if !slices.Contains(items, item) {
			return nil, fmt.Errorf("bench: --only %s: choose from %s", item, strings.Join(items, ","))
		}
	}
	return o, nil
}

func run(ctx context.Context, o *options) error {
	// Compilation counts, here and in the processes that are started: none of an earlier process's programs is read.
	if err := os.Setenv(backend.StoreVariable, "off"); err != nil {
		return err
	}
	b, choice, err := backend.Open(ctx, backend.Options{})
	if err != nil {
		return err
	}
	defer b.Finalize()
	if choice.Warning != "" {
		fmt.Fprintln(os.Stderr, choice.Warning)
	}
	r := &report{
		Began: time.Now().UTC(), Machine: experiment.Machine(), Backend: choice.Name, Device: choice.Device,
		Threads: runtime.NumCPU(), Versions: backend.Versions(), Quick: o.quick,
		added: func(x *result) { fmt.Fprintln(os.Stderr, x) },
	}
	on := deviceOf(choice)
	s := suite{backend: b, tolerance: on.tolerance(), report: r, sizes: fullSizes, progress: func(format string, a ...any) { fmt.Fprintf(os.Stderr, format+"\n", a...) }}
	if o.quick {
		s.sizes = quickSizes
	}
	if o.ablation >= 0 {
		s.sizes.ablation = o.ablation
	}
	if o.memory >= 0 {
		s.sizes.memory = o.memory
	}
	if o.python != "" {
		if s.peer, err = startPeer(o.python, r.Threads, on); err != nil {
			return err
		}
		defer s.peer.close()
		r.Peer = &s.peer.about
	} else {
		fmt.Fprintln(os.Stderr, "no peer: gbert's times alone (name a Python with torch and transformers by --python)")
	}
	client := hub.New(hub.Options{})
	if s.task, err = task.Lookup("sst2"); err != nil {
		return err
	}
	if s.dev, err = task.Load(ctx, experiment.Finder{Client: client}, s.task, "dev", o.data, task.Columns{}); err != nil {
		return err
	}
	s.devPath = s.dev.Source
	if slices.Contains(o.only, "epoch") {
		if s.train, err = task.Load(ctx, experiment.Finder{Client: client}, s.task, "train", o.data, task.Columns{}); err != nil {
			return err
		}
	}
	scratch, err := os.MkdirTemp("", "bertlab-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	if slices.Contains(o.only, "memory") {
		s.bertlab = filepath.Join(scratch, "bertlab")
		build := exec.CommandContext(ctx, "go", "build", "-o", s.bertlab, "bertlab/cmd/bertlab")
		build.Dir, build.Stderr = repository(), os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("bench: building the command bertlab: %w; run the benchmark in its repository", err)
		}
	}
	for _, name := range o.models {
		if err := measure(ctx, s, o, client, name, scratch); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", name, err), finish(r, o))
		}
	}
	return finish(r, o)
}

// repository is the folder of this program's source, which `go build` wants to be in; "", the present one, if it is not there any more.
func repository() string {
	if _, file, _, ok := runtime.Caller(0); ok {
		if info, err := os.Stat(filepath.Dir(file)); err == nil && info.IsDir() {
			return filepath.Dir(file)
		}
	}
	return ""
}

// finish prints and writes what has been measured.
func finish(r *report, o *options) error {
	fmt.Print(r.Markdown())
	if o.out == "" {
		return nil
	}
	return r.write(o.out)
}

// measure runs the chosen items on one model.
func measure(ctx context.Context, s suite, o *options, client *hub.Client, name, scratch string) error {
	found, err := client.Model(ctx, name)
	if err != nil {
		return err
	}
	model, err := gbert.Load(found.Dir)
	if err != nil {
		return err
	}
	defer model.Close()
	s.name = filepath.Base(name)
	if s.model, err = model.WithClassifier(len(s.task.Labels), s.task.Labels, 1); err != nil {
		return err
	}
	if err := s.save(scratch); err != nil {
		return err
	}
	defer os.RemoveAll(s.dir)
	byLength := func(measure func(context.Context, int) error, lengths ...int) func(context.Context) error {
		return func(ctx context.Context) error {
			for _, length := range lengths {
				if err := measure(ctx, length); err != nil {
					return err
				}
			}
			return nil
		}
	}
	measures := map[string]func(context.Context) error{
		"forward": byLength(s.forward, 32, 64, 128), "step": byLength(s.step, 32, 64), "epoch": s.epoch, "ablation": s.ablation, "memory": s.memory,
	}
	for _, item := range items {
		if !slices.Contains(o.only, item) {
			continue
		}
		if err := measures[item](ctx); err != nil {
			return fmt.Errorf("%s: %w", item, err)
		}
	}
	return nil
}
