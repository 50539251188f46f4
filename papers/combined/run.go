package combined

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"bertlab/papers/compare"
	"bertlab/papers/experiment"
	"bertlab/recipes"
)

// Result is everything that was measured, as plain data.
type Result struct {
	Config     Config                `json:"config"`
	Provenance experiment.Provenance `json:"provenance"`
	// Recipes are the recipes as they were done, Comparison the models side by side.
	Recipes    []*Cooked           `json:"recipes"`
	Comparison *compare.Comparison `json:"comparison"`
	Claims     []experiment.Claim  `json:"claims"`
}

// Cooked is a recipe that was done.
type Cooked struct {
	Recipe     string          `json:"recipe"`
	Title      experiment.Text `json:"title"`
	Techniques []string        `json:"techniques"`
	Retrained  bool            `json:"retrained"`
	Steps      []Step          `json:"steps"`
	Parameters int             `json:"parameters"`
}

// Step is a step that was done.
type Step struct {
	Kind       string  `json:"step"`
	Note       string  `json:"note"`
	Parameters int     `json:"parameters"`
	Seconds    float64 `json:"seconds"`
}

// Run does the recipes and compares their models. All is remembered in the environment's folder; the models are left in its
// folder models.
func Run(ctx context.Context, env *experiment.Environment, config Config) (*Result, error) {
	result, err := run(ctx, env, config)
	if err != nil {
		return nil, fmt.Errorf("combined: %w", err)
	}
	return result, nil
}

func run(ctx context.Context, env *experiment.Environment, config Config) (*Result, error) {
	began := time.Now()
	list, err := config.recipes()
	if err != nil {
		return nil, err
	}
	model, resolved, err := env.Model(ctx, config.Model)
	if err != nil {
		return nil, err
	}
	defer model.Close()
	for _, recipe := range list {
		if err := recipe.Check(model.Config.NumHiddenLayers); err != nil {
			return nil, err
		}
	}
	result := &Result{Config: config}
	if result.Provenance, err = env.Describe(model, resolved); err != nil {
		return nil, err
	}
	for _, split := range []string{"train", "dev"} {
		data, err := env.Data(ctx, config.Task, split, config.Data)
		if err != nil {
			return nil, err
		}
		result.Provenance.Data = append(result.Provenance.Data, experiment.DescribeData(split, data))
	}
	texts, err := contents(list)
	if err != nil {
		return nil, err
	}
	store, err := experiment.Open(ctx, env.Dir, map[string]any{
		"paper": "combined", "config": config, "recipes": texts, "model": result.Provenance.ModelSHA256, "data": result.Provenance.Data,
		"backend": env.Choice.Name, "machine": result.Provenance.Machine, "versions": experiment.ComputeVersions(result.Provenance.Versions),
	})
	if err != nil {
		return nil, err
	}
	whole, err := experiment.Step(store, "whole", func() (*Result, error) { return result, result.measure(ctx, env, list) })
	if err != nil {
		return nil, err
	}
	result.Recipes, result.Comparison = whole.Recipes, whole.Comparison
	result.Claims = result.claims()
	result.Provenance.Seconds = time.Since(began).Seconds()
	return result, nil
}

// recipes reads the protocol's recipes.
func (c Config) recipes() ([]*recipes.Recipe, error) {
	if len(c.Recipes) < 2 {
		return nil, errors.New("the protocol needs at least two recipes: that of the original and another")
	}
	if err := (compare.Options{Batches: c.Batches, Length: c.Length, Repeats: c.Repeats, Examples: c.TestExamples}).Check(); err != nil {
		return nil, err
	}
	var list []*recipes.Recipe
	for i, name := range c.Recipes {
		if slices.Contains(c.Recipes[:i], name) {
			return nil, fmt.Errorf("the recipe %s is there twice", name)
		}
		recipe, err := recipes.Named(name)
		if err != nil {
			return nil, err
		}
		list = append(list, recipe)
	}
	return list, nil
}

// contents are the recipes' files: a recipe that is changed is another one.
func contents(list []*recipes.Recipe) (map[string]string, error) {
	texts := map[string]string{}
	for _, recipe := range list {
		text, err := recipes.Files.ReadFile(recipe.Name + ".yaml")
		if err != nil {
			return nil, err
		}
		texts[recipe.Name] = string(text)
	}
	return texts, nil
}

// measure does the recipes and the comparison.
func (r *Result) measure(ctx context.Context, env *experiment.Environment, list []*recipes.Recipe) error {
	c := r.Config
	var seed *uint64
	if c.Seed != 0 {
		seed = &c.Seed
	}
	folder := filepath.Join(env.Dir, "models")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	var entries []compare.Entry
	for _, recipe := range list {
		dir := filepath.Join(folder, recipe.Name)
		done, err := recipes.Run(ctx, env, recipe, recipes.Options{
			Model: c.Model, Task: c.Task, Data: c.Data, TestExamples: -1, Seed: seed, Quick: c.Quick, Out: dir,
		})
		if err != nil {
			return err
		}
		cooked := &Cooked{Recipe: recipe.Name, Title: recipe.Title, Techniques: recipe.Techniques(), Retrained: done.Retrained, Parameters: done.Parameters}
		for _, step := range done.Steps {
			cooked.Steps = append(cooked.Steps, Step{step.Kind, step.Note, step.Parameters, step.Seconds})
		}
		r.Recipes = append(r.Recipes, cooked)
		entries = append(entries, compare.Entry{Name: recipe.Name, Title: recipe.Title, Dir: dir, Retrained: &done.Retrained, Combined: len(cooked.Techniques) > 1})
	}
	var err error
	r.Comparison, err = compare.Run(ctx, env, entries, compare.Options{
		Task: c.Task, Data: c.Data, Examples: c.TestExamples, Batches: c.Batches, Length: c.Length, Repeats: c.Repeats, Memory: c.Memory, Pairs: c.pairs(),
	})
	if err != nil {
		return err
	}
	for i := range r.Comparison.Models { // the place of a folder says nothing on another machine
		r.Comparison.Models[i].Dir = filepath.Join("models", r.Comparison.Models[i].Name)
	}
	r.Comparison.Provenance.Model, r.Comparison.Provenance.ModelSource = r.Comparison.Models[0].Name, "recipe"
	return nil
}

// pairs are the models that are held against each other.
func (c Config) pairs() [][2]string {
	var list [][2]string
	for _, pair := range [][2]string{{"layers-distil", "layers"}, {"fine-tuned-twice", "fine-tuned"}, {"layers-distil", "layers-embedding-float16"}} {
		if slices.Contains(c.Recipes, pair[0]) && slices.Contains(c.Recipes, pair[1]) {
			list = append(list, pair)
		}
	}
	return list
}
