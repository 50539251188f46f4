package hao2019

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/landscape"
)

// nothing is what is known of a model but for the model itself.
type nothing struct{}

// randomInputs say which model gets random weights.
type randomInputs struct {
	Like experiment.ModelSource
	Seed uint64
}

// drawWeights gives a model random weights in the shape that it was pretrained in.
var drawWeights = &experiment.ModelDefinition[randomInputs, nothing]{
	Name: "random weights", Version: 1, Transient: true,
	Title: func(say *words.Printer, in randomInputs) string {
		return say.F("random weights, seed %d", in.Seed)
	},
	Run: func(ctx context.Context, w *experiment.Worker, in randomInputs) (*gbert.Model, nothing, error) {
		like := w.Model(in.Like)
		config := like.Config.Clone()
		config.Layers = nil
		model, err := gbert.New(config, in.Seed)
		if err != nil {
			return nil, nothing{}, err
		}
		model.Tokenizer = like.Tokenizer
		return model, nothing{}, nil
	},
}

// startInputs are a model and the classes that it is to tell apart.
type startInputs struct {
	From    experiment.ModelSource
	Outputs int
	Labels  []string
	Seed    uint64
}

// addHead gives a model a fresh head: that is θ₀.
var addHead = &experiment.ModelDefinition[startInputs, nothing]{
	Name: "model with a fresh head", Version: 1, Transient: true,
	Title: func(say *words.Printer, in startInputs) string {
		return say.F("a fresh head, seed %d", in.Seed)
	},
	Run: func(ctx context.Context, w *experiment.Worker, in startInputs) (*gbert.Model, nothing, error) {
		model := w.Model(in.From)
		start, err := model.WithClassifier(in.Outputs, in.Labels, in.Seed)
		return start, nothing{}, err
	},
}

// trainInputs are what a model is trained from, and what its trajectory is made of.
type trainInputs struct {
	Start   experiment.ModelSource // θ₀, with its head
	Train   experiment.Sample
	Options finetune.Options
	// Snapshots is how many times the weights are looked at on the way, on the examples of Fit; 0: there is no trajectory.
	Snapshots int
	Fit       *experiment.Judging
	Random    bool `json:"-"` // says in the title that θ₀ is random
}

// train trains a model from its start, and follows its weights on the way.
var train = &experiment.ModelDefinition[trainInputs, Training]{
	Name: "training with its trajectory", Version: 1,
	Title: func(say *words.Printer, in trainInputs) string {
		title, seed := say.Name(in.Train.Task.Title), in.Options.Seed
		if in.Random {
			return say.F("training on %s from random weights, seed %d", title, seed)
		}
		return say.F("fine-tuning on %s with its trajectory, seed %d", title, seed)
	},
	Cost: func(in trainInputs, _ *gbert.Config) experiment.Cost {
		return experiment.Cost{Passes: float64(in.Snapshots)}
	},
	Run: func(ctx context.Context, w *experiment.Worker, in trainInputs) (*gbert.Model, Training, error) {
		start := w.Model(in.Start)
		options, snapshots := in.Options, landscape.Snapshots{Dir: w.Partial("snapshots"), Times: in.Snapshots}
		if in.Snapshots > 0 {
			options.AfterStep = snapshots.Take
		}
		trained, training, err := w.Train(ctx, start, in.Train.Dataset, nil, options)
		if err != nil {
			return nil, Training{}, err
		}
		done := trainingOf(training)
		if in.Snapshots > 0 {
			done.Way, err = in.way(ctx, w, start, trained, snapshots)
		}
		return trained.Model, done, err
	},
}

// trainingOf is what is told of a training run.
func trainingOf(t experiment.Training) Training {
	return Training{Steps: t.Steps, TrainLoss: t.TrainLoss, Seconds: t.Seconds}
}

// way makes a trajectory of the snapshots.
func (in *trainInputs) way(ctx context.Context, w *experiment.Worker, start *gbert.Model, trained *finetune.Result, snapshots landscape.Snapshots) ([]Waypoint, error) {
	first, err := in.waypoint(ctx, w, start, trained.Model, start)
	if err != nil {
		return nil, err
	}
	list := []Waypoint{first}
	for _, step := range snapshots.Steps(trained.Steps) {
		at, err := snapshots.Load(step)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("the weights after step %d are gone: delete the folder %s and begin anew: %w", step, w.Checkpoint(), err)
		}
		if err != nil {
			return nil, err
		}
		point, err := in.waypoint(ctx, w, start, trained.Model, at)
		if closed := at.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return nil, err
		}
		point.Step = step
		list = append(list, point)
		w.Part("trajectory")(step, trained.Steps)
	}
	return list, nil
}

// waypoint is a model on the way from start to end.
func (in *trainInputs) waypoint(ctx context.Context, w *experiment.Worker, start, end, at *gbert.Model) (point Waypoint, err error) {
	if point.Projection, err = landscape.Project(start, end, at); err != nil {
		return point, err
	}
	own, err := in.Fit.EvaluateModel(ctx, w, at)
	if err != nil {
		return point, err
	}
	mixed, err := landscape.WithHeadOf(at, end)
	if err != nil {
		return point, err
	}
	learned, err := in.Fit.EvaluateModel(ctx, w, mixed)
	point.Loss, point.LearnedHead = own.Loss, learned.Loss
	return point, err
}

// space is a plane around a trained model.
type space struct {
	// Start is θ₀, with a head; Trained θ₁; Other θ₂, nil: the space is a line.
	Start, Trained, Other experiment.ModelSource
}

func (s *space) open(w *experiment.Worker) landscape.Space {
	opened := landscape.Space{From: w.Model(s.Start), To: w.Model(s.Trained)}
	if s.Other != nil {
		opened.Other = w.Model(s.Other)
	}
	return opened
}

// sweepInputs are a part of a model that is moved over a grid.
type sweepInputs struct {
	Space space
	// Fit are training examples, Check examples of dev. Only those of Fit are evaluated if FitAlone is true; what is compiled is the same.
	Fit, Check experiment.Judging
	FitAlone   bool
	Grid       landscape.Grid
	Part       landscape.Part
	Title      words.Key `json:"-"`
}

// sweepCost is a pass for each point of the grid.
func sweepCost(in sweepInputs, _ *gbert.Config) experiment.Cost {
	share, check := 1.0, float64(in.Check.Sample.Len())
	if fit := float64(in.Fit.Sample.Len()); in.FitAlone {
		share = fit / (fit + check)
	}
	return experiment.Cost{Passes: share * float64(len(in.Grid.Alpha)*max(1, len(in.Grid.Beta)))}
}

// sweep evaluates each point of the grid. What is done is written down, and a sweep that was stopped goes on at the point where it was.
func (in *sweepInputs) sweep(ctx context.Context, w *experiment.Worker) (*landscape.Surface, error) {
	opened := in.Space.open(w)
	fit, err := in.Fit.Prepare(w, opened.From)
	if err != nil {
		return nil, err
	}
	check, err := in.Check.Prepare(w, opened.From)
	if err != nil {
		return nil, err
	}
	explorer, err := landscape.Open(w.Backend(), opened, fit, check)
	if err != nil {
		return nil, err
	}
	defer explorer.Close()
	if in.FitAlone {
		if err := explorer.Use(0); err != nil {
			return nil, err
		}
	}
	return explorer.Sweep(ctx, in.Grid, in.Part, w.Partial("points.jsonl"), w.Progress())
}

// line is a swept line with the losses of its examples.
type line struct {
	Surface *landscape.Surface `json:"surface"`
	Losses  landscape.Losses   `json:"losses"`
}

// sweepLine measures the training loss along a line.
var sweepLine = &experiment.Definition[sweepInputs, line]{
	Name: "loss along a line", Version: 1,
	Title: func(say *words.Printer, in sweepInputs) string { return in.Title.In(say) },
	Cost:  sweepCost,
	Run: func(ctx context.Context, w *experiment.Worker, in sweepInputs) (line, error) {
		surface, err := in.sweep(ctx, w)
		if err != nil {
			return line{}, err
		}
		return line{surface, surface.Sets[0].Losses()}, nil
	},
}

// sweepPlane measures the training loss over a plane, and, unless it is alone, the error on the dev examples.
var sweepPlane = &experiment.Definition[sweepInputs, *Surface]{
	Name: "loss over a plane", Version: 1,
	Title: func(say *words.Printer, in sweepInputs) string { return in.Title.In(say) },
	Cost:  sweepCost,
	Run: func(ctx context.Context, w *experiment.Worker, in sweepInputs) (*Surface, error) {
		surface, err := in.sweep(ctx, w)
		if err != nil || in.FitAlone {
			return &Surface{Surface: surface}, err
		}
		agreement, err := landscape.Consistency(surface.Sets[0].Losses(), surface.Sets[1].Errors())
		return &Surface{surface, agreement}, err
	},
}

// rollBackInputs are parts of a trained model that are set back to its start, one at a time; a part with nothing in it is none.
type rollBackInputs struct {
	Space space
	Test  experiment.Judging
	Parts []landscape.Part
}

// rollBack judges the trained model with each of the parts set back.
var rollBack = &experiment.Definition[rollBackInputs, []landscape.Measure]{
	Name: "parts rolled back", Version: 1,
	Title: func(say *words.Printer, in rollBackInputs) string {
		return say.F("layers rolled back, on %d examples of %s", in.Test.Sample.Len(), say.Name(in.Test.Sample.Task.Title))
	},
	Cost: func(in rollBackInputs, _ *gbert.Config) experiment.Cost {
		return experiment.Cost{Passes: float64(len(in.Parts))}
	},
	Run: func(ctx context.Context, w *experiment.Worker, in rollBackInputs) ([]landscape.Measure, error) {
		opened := in.Space.open(w)
		test, err := in.Test.Prepare(w, opened.From)
		if err != nil {
			return nil, err
		}
		explorer, err := landscape.Open(w.Backend(), opened, test)
		if err != nil {
			return nil, err
		}
		defer explorer.Close()
		var list []landscape.Measure
		for i, part := range in.Parts {
			var found []landscape.Measure
			if part.Name == none {
				found, err = explorer.At(ctx, landscape.Point{Alpha: 1})
			} else {
				found, err = explorer.Rollback(ctx, part)
			}
			if err != nil {
				return nil, err
			}
			list = append(list, found[0])
			w.Progress()(i+1, len(in.Parts))
		}
		return list, nil
	},
}

// none is the name of the part with nothing in it.
const none = "none"

// rolledBack are the parts that are set back: nothing, the thirds of the layers, the embeddings, and all that moves.
func rolledBack(c *gbert.Config) []landscape.Part {
	parts := append([]landscape.Part{{Name: none}}, landscape.Thirds(c)...)
	return append(parts, landscape.Part{Name: "embeddings", Embeddings: true}, landscape.Whole(c))
}

// directions are lengths and angles of two fine-tunings: of the embeddings, each layer and the pooler, and of each matrix and vector.
type directions struct {
	Units   []landscape.Geometry `json:"units"`
	Weights []landscape.Geometry `json:"weights"`
}

// measureDirections measures lengths and angles of two fine-tunings.
var measureDirections = &experiment.Definition[space, directions]{
	Name: "directions of two trainings", Version: 1,
	Title: experiment.Titled[space](words.Key("distances and angles of two fine-tunings")),
	Run: func(ctx context.Context, w *experiment.Worker, in space) (d directions, err error) {
		opened := in.open(w)
		if d.Units, err = opened.Geometries(); err != nil {
			return d, err
		}
		d.Weights, err = opened.WeightGeometries()
		return d, err
	},
}
