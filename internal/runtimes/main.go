package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"slices"

	"github.com/gomlx/compute"

	"bertlab/gbert"
	"bertlab/gbert/backend"
	"bertlab/gbert/task"
)

// options are the flags.
type options struct {
	model, data, web, page, part, name, only, keep, shapes string
	python                                                 string
	examples, rounds                                       int
}

func main() {
	log.SetFlags(0)
	if len(os.Args) > 1 && os.Args[1] == computeCommand {
		if err := computeHere(context.Background(), os.Args[2:], os.Stdin, os.Stdout); err != nil {
			log.Fatal(err)
		}
		return
	}
	o := options{python: os.Getenv("BERTLAB_PEER_PYTHON")}
	flag.StringVar(&o.model, "model", "", "folder of a model that was fine-tuned on SST-2")
	flag.StringVar(&o.data, "data", "", "folder with train.tsv and dev.tsv of SST-2")
	flag.StringVar(&o.web, "web", "", "folder in which onnxruntime-web is installed")
	flag.StringVar(&o.page, "page", "docs/runtimes.md", "the page whose tables are renewed")
	flag.StringVar(&o.part, "part", all, "which tables: forms (all of them), logits, time, int8; or make, which only fills the folder of -keep")
	flag.StringVar(&o.name, "name", "all-MiniLM-L6-v2", "with -part int8, what the model is called")
	flag.StringVar(&o.shapes, "shapes", "1x32,32x32,32x128", "with -part int8, the batches that are timed: rows and tokens")
	flag.StringVar(&o.only, "only", "", "renew the lines of these forms alone, such as ties;float16")
	flag.StringVar(&o.keep, "keep", "", "folder for the models in all forms, which a later call takes from there")
	flag.IntVar(&o.examples, "examples", 128, "how many examples of dev are computed")
	flag.IntVar(&o.rounds, "rounds", 7, "how often each runtime is timed")
	flag.Parse()
	if err := o.run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

// The parts of the page.
const (
	all        = "forms"
	logitsPart = "logits"
	timePart   = "time"
	int8Part   = "int8"
	makePart   = "make"
)

// run measures, and renews the tables of the page as it is then.
func (o options) run(ctx context.Context) error {
	if !slices.Contains([]string{all, logitsPart, timePart, int8Part, makePart}, o.part) {
		return fmt.Errorf("-part %s: forms, logits, time, int8 or make was expected", o.part)
	}
	b := &bench{options: o}
	var err error
	if b.model, err = gbert.Load(o.model); err != nil {
		return err
	}
	defer b.model.Close()
	if b.compute, _, err = backend.Open(ctx, backend.Options{Name: "xla:cpu"}); err != nil {
		return err
	}
	defer b.compute.Finalize()
	if b.dev, err = sst2(ctx, "dev", o.data, o.examples); err != nil {
		return err
	}
	var made map[string]string
	if o.part == int8Part {
		made, err = b.int8(ctx)
	} else {
		var rows []row
		if rows, err = b.forms(ctx); err == nil && o.part != makePart {
			made = b.tables(rows)
		}
	}
	if err != nil || made == nil {
		return err
	}
	page, err := readPage(o.page)
	if err != nil {
		return err
	}
	for name, table := range made {
		if err := page.renew(name, table); err != nil {
			return err
		}
	}
	return page.write()
}

// sst2 draws examples of a split.
func sst2(ctx context.Context, split, folder string, n int) (*task.Dataset, error) {
	of, err := task.Lookup("sst2")
	if err != nil {
		return nil, err
	}
	return task.LoadDraw(ctx, nil, of, split, folder+"/"+split+".tsv", task.Columns{}, task.Draw{N: n, Seed: 1})
}

// bench is what all models are judged on, and with.
type bench struct {
	options
	compute compute.Backend
	model   *gbert.Model
	dev     *task.Dataset
	whole   [][]float32 // logits of the whole model in XLA, which is measured first
}

// threads are those of every runtime but the web's.
func threads() int { return runtime.NumCPU() }
