package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/papers/ganesh2021"
	"bertlab/papers/hao2019"
	"bertlab/papers/lan2020"
	"bertlab/papers/michel2019"
	"bertlab/papers/sajjad2020"
	"bertlab/papers/sanh2020"
	"bertlab/papers/wang2022"
)

// A paper is an experiment that reproduce can run.
type paper struct {
	name  string // on the command line
	title string
	// run does the experiment and writes results, figures and the report into the environment's folder. What is remembered
	// there it does not do again.
	run func(ctx context.Context, env *experiment.Environment, r reproduction) (*outcome, error)
}

// reproduction says how a paper is reproduced. Empty fields leave the paper's protocol as it is.
type reproduction struct {
	quick bool // small enough for minutes on two cores
	model string
	task  string
	data  string
	seed  *uint64 // the first seed
	runs  int     // how many seeds
	// protocol is a JSON object whose fields replace those of the paper's protocol; empty: none do.
	protocol []byte
}

// outcome is a paper that was reproduced.
type outcome struct {
	Report string             `json:"report"` // the file to read
	Files  []string           `json:"files"`
	Claims []experiment.Claim `json:"-"`
	Result any                `json:"result"` // plain data with JSON tags
	// Tell gives the claims in a language, and the figure that stands for all of the paper's in the report on all papers.
	Tell func(say *words.Printer) ([]experiment.Claim, *experiment.NamedFigure, error) `json:"-"`
	// Err is why there is no result; nil: there is one.
	Err error `json:"-"`
}

// publish writes a paper's result, figures, tables and reports into the environment's folder.
func publish(env *experiment.Environment, result interface {
	Write(dir string) ([]string, error)
	Tell(say *words.Printer) ([]experiment.Claim, *experiment.NamedFigure, error)
}, claims []experiment.Claim) (*outcome, error) {
	files, err := result.Write(env.Dir)
	if err != nil {
		return nil, err
	}
	return &outcome{Report: files[len(files)-1], Files: files, Claims: claims, Result: result, Tell: result.Tell}, nil
}

// choose is the protocol that was asked for.
func choose[C any](r reproduction, quick, full func() C) (C, error) {
	config := full()
	if r.quick {
		config = quick()
	}
	if len(r.protocol) == 0 {
		return config, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(r.protocol))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&config); err != nil {
		return config, fmt.Errorf("the protocol's file: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return config, errors.New("the protocol's file: more follows after its JSON object")
	}
	return config, nil
}

// maxProtocol bounds a protocol's file.
const maxProtocol = 1 << 20

// setData puts model, task and data that were asked for into a protocol; without a name its own model and task stay.
func (r reproduction) setData(model, task, data *string) {
	*model, *task, *data = cmp.Or(r.model, *model), cmp.Or(r.task, *task), cmp.Or(r.data, *data)
}

// papers are the papers in the order in which they are run.
func papers() []paper {
	return []paper{
		{"profile", "Compressing Large-Scale Transformer-Based Models: A Case Study on BERT (Ganesh et al. 2021)", reproducePaper(ganesh2021.Experiment)},
		{"heads", "Are Sixteen Heads Really Better than One? (Michel, Levy and Neubig 2019)", reproducePaper(michel2019.Experiment)},
		{"layers", "On the Effect of Dropping Layers of Pre-trained Transformer Models (Sajjad, Dalvi, Durrani and Nakov 2023)", reproducePaper(sajjad2020.Experiment)},
		{"movement", "Movement Pruning: Adaptive Sparsity by Fine-Tuning (Sanh, Wolf and Rush 2020)", reproducePaper(sanh2020.Experiment)},
		{"tucker", "Exploring Extreme Parameter Compression for Pre-trained Language Models (Wang, Ren and others 2022)", reproducePaper(wang2022.Experiment)},
		{"sharing", "ALBERT: A Lite BERT for Self-supervised Learning of Language Representations (Lan et al. 2020)", reproducePaper(lan2020.Experiment)},
		{"landscape", "Visualizing and Understanding the Effectiveness of BERT (Hao, Dong, Wei and Xu 2019)", reproducePaper(hao2019.Experiment)},
		{"recipes", "Techniques put together: recipes, and their models side by side", reproduceRecipes},
	}
}

// reproducePaper reproduces an experiment that says itself how it is run.
func reproducePaper(p experiment.Paper) func(ctx context.Context, env *experiment.Environment, r reproduction) (*outcome, error) {
	return func(ctx context.Context, env *experiment.Environment, r reproduction) (*outcome, error) {
		done, err := p.Reproduce(ctx, env, experiment.Request{
			Quick: r.quick, Model: r.model, Task: r.task, Data: r.data, Seed: r.seed, Runs: r.runs, Protocol: r.protocol,
		})
		if err != nil {
			return nil, err
		}
		return &outcome{Report: done.Report, Files: done.Files, Claims: done.Claims, Result: done.Result, Tell: done.Tell}, nil
	}
}
