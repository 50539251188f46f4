package combined

import (
	"context"
	"path/filepath"

	"bertlab/papers/compare"
	"bertlab/papers/experiment"
	"bertlab/recipes"
)

// models is the folder of the finished models, seen from the folder of results.
const models = "models"

// plan adds the steps of all recipes, which leave their models in the folder models, and those of the comparison.
func plan(ctx context.Context, p *experiment.Plan, c *Config, r *Result) error {
	env := p.Environment()
	start, err := recipes.Begin(ctx, env, c.Model, c.Task, c.Data, nil)
	if err != nil {
		return err
	}
	start.Quick = c.Quick
	if start.Train, err = experiment.AtMost(start.Train, c.TrainExamples, experiment.TrainSample); err != nil {
		return err
	}
	r.Provenance = start.Provenance
	r.Provenance.Data = []experiment.DataProvenance{experiment.DescribeData("train", start.Train), experiment.DescribeData("dev", start.Test)}
	var entries []compare.Entry
	for i, name := range c.Recipes {
		recipe, err := recipes.Named(name)
		if err != nil {
			return err
		}
		if c.Seed != 0 {
			recipe.Seed = c.Seed
		}
		planned, err := recipe.In(p, start)
		if err != nil {
			return err
		}
		if i == 0 {
			planned.Warn(env, start)
		}
		model, retrained := planned.Stored(p, start, models), recipe.Retrained()
		experiment.Tell(p, &r.Recipes, func() *Followed { return follow(planned) })
		entries = append(entries, compare.Entry{
			Name: name, Title: recipe.Title, Dir: model.Folder(), Retrained: &retrained, Combined: len(recipe.Techniques()) > 1,
			Model: model, Positions: start.Model.Model.Config.MaxPositionEmbeddings,
		})
	}
	test, err := experiment.AtMost(start.Test, c.TestExamples, experiment.DevSample)
	if err != nil {
		return err
	}
	original := start.Provenance
	original.Model, original.ModelSource = c.Recipes[0], "recipe"
	comparison, err := compare.Plan(p, test.Labelled(), entries, c.options(), original)
	if err != nil {
		return err
	}
	p.Collect(func() (err error) {
		if r.Comparison, err = comparison(); err != nil {
			return err
		}
		for i := range r.Comparison.Models { // the place of a folder says nothing on another machine
			r.Comparison.Models[i].Dir = filepath.Join(models, r.Comparison.Models[i].Name)
		}
		return nil
	})
	return nil
}

// follow says what came of a recipe.
func follow(planned *recipes.Planned) *Followed {
	recipe := planned.Recipe
	followed := &Followed{Recipe: recipe.Name, Title: recipe.Title, Techniques: recipe.Techniques(), Retrained: recipe.Retrained()}
	for _, step := range planned.Done() {
		followed.Parameters = step.Parameters
		followed.Steps = append(followed.Steps, Step{step.Kind, step.Note, step.Parameters, step.Seconds})
	}
	return followed
}
