// Program bench measures bertlab's gbert and, where their Python is named, PyTorch, its compiler, ONNX Runtime and OpenVINO side by
// side. See README.md.
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
	"bertlab/internal/files"
	"bertlab/papers/experiment"
)

// items are what can be measured, in this order.
var items = []string{"forward", "step", "epoch", "ablation", "memory", "cold"}

// options are the program's flags.
type options struct {
	models, only, peers        []string
	python, bertlab, data, out string
	quick                      bool
	ablation, memory           int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) > 1 && os.Args[1] == trainWord {
		end(trainAlone(ctx, os.Args[2:]), 1)
		return
	}
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	end(err, 2)
	end(run(ctx, o), 1)
}

// end ends the program over an error.
func end(err error, code int) {
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, err)
	if errors.Is(err, context.Canceled) {
		code = 130
	}
	os.Exit(code)
}

func parse(arguments []string) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	models := flags.String("models", "all-MiniLM-L6-v2,bert-base-uncased", "names or folders of models, with commas between them")
	only := flags.String("only", strings.Join(items, ","), "what to measure")
	peers := flags.String("peers", "torch", "what gbert is compared with: "+strings.Join(peerNames, ", "))
	flags.StringVar(&o.python, "python", os.Getenv("BERTLAB_PEER_PYTHON"), "Python with torch, transformers and what the peers need (default: BERTLAB_PEER_PYTHON; none: gbert alone)")
	flags.StringVar(&o.bertlab, "bertlab", "", "the command bertlab, whose memory and start are measured (default: built from this source)")
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
	o.models, o.only, o.peers = strings.Split(*models, ","), strings.Split(*only, ","), strings.Split(*peers, ",")
	if err := choose("only", o.only, items); err != nil {
		return nil, err
	}
	if err := choose("peers", o.peers, peerNames); err != nil {
		return nil, err
	}
	return o, nil
}

// choose reports a word of a flag that is none of those that there are, or is there twice.
func choose(flag string, words, from []string) error {
	for i, word := range words {
		if !slices.Contains(from, word) {
			return fmt.Errorf("bench: --%s %s: choose from %s", flag, word, strings.Join(from, ","))
		}
		if slices.Contains(words[:i], word) {
			return fmt.Errorf("bench: --%s names %s twice", flag, word)
		}
	}
	return nil
}

func run(ctx context.Context, o *options) error {
	if err := checkOut(o.out); err != nil {
		return err
	}
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
	s := suite{
		backend: b, tolerance: on.tolerance(), report: r, sizes: fullSizes, python: o.python, threads: r.Threads, patience: patience,
		progress: func(format string, a ...any) { fmt.Fprintf(os.Stderr, format+"\n", a...) },
	}
	if o.quick {
		s.sizes = quickSizes
	}
	if o.ablation >= 0 {
		s.sizes.ablation = o.ablation
	}
	if o.memory >= 0 {
		s.sizes.memory = o.memory
	}
	defer s.closePeers()
	if err := s.startPeers(o, on); err != nil {
		return err
	}
	client := hub.New(hub.Options{})
	if s.task, err = task.Lookup("sst2"); err != nil {
		return err
	}
	if s.dev, err = task.Load(ctx, experiment.Finder{Client: client}, s.task, "dev", o.data, task.Columns{}); err != nil {
		return err
	}
	if slices.Contains(o.only, "epoch") || slices.Contains(o.only, "memory") {
		if s.train, err = task.Load(ctx, experiment.Finder{Client: client}, s.task, "train", o.data, task.Columns{}); err != nil {
			return err
		}
	}
	scratch, err := os.MkdirTemp("", "bertlab-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	s.scratch = scratch
	if slices.Contains(o.only, "memory") || slices.Contains(o.only, "cold") {
		if s.bertlab, err = theCommand(ctx, o.bertlab, scratch); err != nil {
			return err
		}
	}
	for _, name := range o.models {
		if err := measure(ctx, s, o, client, name, scratch); err != nil {
			return errors.Join(ctx.Err(), fmt.Errorf("%s: %w", name, err), finish(r, o))
		}
	}
	return finish(r, o)
}

// startPeers starts those that are asked for.
func (s *suite) startPeers(o *options, on device) error {
	if o.python == "" {
		fmt.Fprintln(os.Stderr, "no peer: gbert's times alone (name a Python with torch and transformers by --python)")
		return nil
	}
	for _, name := range o.peers {
		p, err := startPeer(o.python, name, s.threads, on)
		if err != nil {
			return err
		}
		s.peers = append(s.peers, p)
		s.report.Peers = append(s.report.Peers, p.about)
	}
	return nil
}

func (s *suite) closePeers() {
	for _, p := range s.peers {
		p.close()
	}
}

// theCommand is bertlab's executable: the one that the user names, one built from this program's source, or that of the search path.
func theCommand(ctx context.Context, named, scratch string) (string, error) {
	if named != "" {
		return exec.LookPath(named)
	}
	built := filepath.Join(scratch, "bertlab")
	build := exec.CommandContext(ctx, "go", "build", "-o", built, "bertlab/cmd/bertlab")
	build.Dir = repository()
	said, err := build.CombinedOutput()
	if err == nil {
		return built, nil
	}
	if found, missing := exec.LookPath("bertlab"); missing == nil {
		return found, nil
	}
	return "", fmt.Errorf("bench: building the command bertlab: %w: %.300s; run the benchmark in its repository, or name the command by --bertlab", err, said)
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

// checkOut tries whether the results can be written.
func checkOut(path string) error {
	if path == "" {
		return nil
	}
	if markdownBeside(path) == path {
		return fmt.Errorf("bench: --out %s: the results are JSON, and a table of that name goes beside them: name a file such as bench.json", path)
	}
	for _, path := range []string{path, markdownBeside(path)} {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			return fmt.Errorf("bench: --out %s is a folder: name a file", path)
		}
		file, err := files.Create(path)
		if err != nil {
			return fmt.Errorf("bench: --out: %w", err)
		}
		if err := file.Cleanup(); err != nil {
			return fmt.Errorf("bench: --out: %w", err)
		}
	}
	return nil
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
	steps := func(ctx context.Context) error {
		if err := s.step(ctx, 32); err != nil {
			return err
		}
		return s.step(ctx, 64)
	}
	passes := func(ctx context.Context) error {
		for _, shape := range [][2]int{{32, 32}, {32, 64}, {32, 128}, {1, 16}, {1, 32}, {1, 128}} {
			if err := s.forward(ctx, shape[0], shape[1]); err != nil {
				return err
			}
		}
		return nil
	}
	measures := map[string]func(context.Context) error{
		"forward": passes, "step": steps, "epoch": s.epoch, "ablation": s.ablation, "memory": s.memory, "cold": s.cold,
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
