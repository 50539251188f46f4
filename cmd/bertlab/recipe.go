package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"bertlab/cmd/bertlab/internal/call"
	"bertlab/cmd/bertlab/internal/output"
	"bertlab/figures"
	"bertlab/recipes"
)

type recipeFlags struct {
	targetFlags
	steps    string
	quick    bool
	examples int
	labels   []string
}

func (a *app) recipeCommand() *cobra.Command {
	var f recipeFlags
	var list strings.Builder
	for _, r := range shippedRecipes() {
		fmt.Fprintf(&list, "\n  %-26s %s", r.Name, r.Title.English)
	}
	command := &cobra.Command{
		Use:   "recipe FILE",
		Short: "Compress a model by a recipe: several techniques in a row",
		Long: `Compress a model by a recipe, a YAML file with a list of steps, and write it to the folder --out: ` + strings.Join(recipes.Kinds(), ", ") + `.
FILE is a file, or one of the recipes that come with bertlab.

If a run is stopped, by Ctrl-C or a kill, the same command picks up where it left off. Until it is done it keeps its state in OUT/` + output.CheckpointFolder + `; --steps names a folder that stays, so that recipes with the same first steps share them. Recipes:` + "\n" + list.String(),
		Example: `  bertlab recipe layers-distil-float16 --out small
  bertlab recipe mine.yaml --task sst2 --data sst2 --steps steps --out mine --quick`,
		Args:        cobra.ExactArgs(1),
		Annotations: map[string]string{readsArguments: "the recipe"},
		RunE: a.resume(func(command *cobra.Command, args []string) error {
			result, err := a.recipe(command, args[0], &f)
			if err != nil {
				return err
			}
			return a.print(result, func(w io.Writer) { printRecipe(w, result) })
		}),
	}
	flags := command.Flags()
	flags.StringVar(&f.steps, "steps", "", "folder where steps are remembered (default: OUT/"+output.CheckpointFolder+", until the recipe is done)")
	flags.BoolVar(&f.quick, "quick", false, "train on fewer examples: minutes on two cores")
	flags.IntVar(&f.examples, "examples", 0, "number of dev examples to judge the model on (0: all)")
	flags.StringSliceVar(&f.labels, "labels", nil, "the class names in order, where the data have 0/1 columns or numbers for them")
	a.writes(flags, output.Target{Flag: "steps", Kind: output.Folder})
	f.targetFlags.add(a, flags, func(string) bool { return true })
	return command
}

// shippedRecipes are the recipes that come with bertlab; that they can be read is tested.
func shippedRecipes() []*recipes.Recipe {
	list, _ := recipes.Shipped()
	return list
}

func (a *app) recipe(command *cobra.Command, file string, f *recipeFlags) (*recipes.Result, error) {
	recipe, err := recipes.ReadFile(file)
	if err != nil {
		var names []string
		for _, r := range shippedRecipes() {
			names = append(names, r.Name)
		}
		return nil, call.Wrongf("%w%s", err, map[bool]string{true: call.Meant(file, names)}[errors.Is(err, fs.ErrNotExist)])
	}
	if f.examples < 0 {
		return nil, call.Wrongf("--examples %d: it must not be negative", f.examples)
	}
	o := recipes.Options{
		Model: a.model, Task: a.task, Data: a.data, Labels: f.labels, TestExamples: f.examples, Quick: f.quick, Out: a.out, Say: func(line string) { a.Meter.Say("%s", line) },
		Save: func(write func(dir string) error) error { return output.Save(a.out, f.keep, write) },
	}
	if command.Flags().Changed("seed") {
		o.Seed = &a.Seed
	}
	state := filepath.Join(a.out, output.CheckpointFolder)
	steps := f.steps
	if steps == "" {
		steps = state
	}
	if err := os.MkdirAll(state, 0o755); err != nil { // says that the folder is this run's, which may go on
		return nil, err
	}
	env, done, err := a.Environment(command.Context(), steps)
	if err != nil {
		return nil, err
	}
	defer done()
	result, err := recipes.Run(command.Context(), env, recipe, o)
	var mistake *recipes.Error
	var system syscall.Errno // a full disk is no mistake in the recipe
	switch {
	case errors.As(err, &mistake) && !errors.As(err, &system):
		return nil, call.Wrap(err)
	case err != nil:
		return nil, err
	}
	return result, os.RemoveAll(state)
}

func printRecipe(w io.Writer, r *recipes.Result) {
	fmt.Fprintf(w, "model\t%s\n", r.Out)
	for i, step := range r.Steps {
		fmt.Fprintf(w, "step %d\t%s: %s; %s parameters\n", i+1, step.Kind, step.Note, figures.Count(step.Parameters))
	}
	fmt.Fprintf(w, "%s\t%.4f on %s examples\n", r.Metric, r.Score, figures.Count(r.Examples))
	fmt.Fprintf(w, "loss\t%.4f\n", r.Loss)
	fmt.Fprintf(w, "parameters\t%s of %s\n", figures.Count(r.Parameters), figures.Count(r.Before))
	fmt.Fprintf(w, "weights\t%.2f MB\n", float64(r.Bytes)/1e6)
	for _, d := range r.Provenance.Data {
		fmt.Fprintf(w, "%s\t%s, %s, %s examples\n", d.Use, d.Task, d.Split, figures.Count(d.Examples))
	}
	fmt.Fprintf(w, "backend\t%s\n", r.Provenance.Backend)
}
