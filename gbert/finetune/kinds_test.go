package finetune_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
	"bertlab/internal/testbed"
	"bertlab/internal/tiny"
)

func TestTrainingLearnsEveryKind(t *testing.T) {
	dev := tiny.Kinds(40, 2)
	for i, train := range tiny.Kinds(160, 1) {
		t.Run(train.Task.Name, func(t *testing.T) {
			model := tiny.For(t, tiny.Shape{Layers: 1, Hidden: 16, Neurons: 24, Range: 0.1, NoDropout: true}, 1, train)
			result, err := finetune.Train(t.Context(), testbed.Go(t), model, train, dev[i], finetune.Options{Epochs: 8, BatchSize: 8, MaxLength: 16, LearningRate: 1e-2, Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			best := result.Best().Dev
			if metric := train.Task.Metrics[0]; best.Metrics[metric] < 0.9 || best.Loss > 0.4 {
				t.Errorf("%s %g after 8 epochs, loss %g", metric, best.Metrics[metric], best.Loss)
			}
			if train.Task.Kind.Named() && !slices.Equal(result.Model.Config.Labels, train.Task.Labels) {
				t.Errorf("the model's labels are %v", result.Model.Config.Labels)
			}
			if many := result.Model.Config.ProblemType == gbert.MultiLabel; many != (train.Task.Kind == task.MultiLabel) {
				t.Errorf("problem type %q", result.Model.Config.ProblemType)
			}
		})
	}
}

// lossGraph are the losses of a batch's rows.
func lossGraph(begin func(gbert.Taps) *gbert.Forward, in finetune.LabelledBatch[*Node]) []*Node {
	return []*Node{finetune.ExampleLosses(begin(gbert.Taps{}).Logits(in.BatchOf), in.Labels)}
}

// encodingLosses runs the graph's losses of a prepared data set's batches and gives those of the encodings.
func encodingLosses(t *testing.T, s *gbert.Session, p *finetune.Prepared) []float64 {
	t.Helper()
	program, err := gbert.NewProgram[finetune.LabelledBatch[*tensors.Tensor]](s, "losses", lossGraph)
	if err != nil {
		t.Fatal(err)
	}
	losses := make([]float64, len(p.Encodings))
	err = finetune.Each(context.Background(), p, s.Model().Config, program, p.LabelledTensors, nil, func(b *gbert.Batch, values []float32) {
		for row, i := range b.Index {
			losses[i] = float64(values[row])
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return losses
}

func TestLossesOnTheHostAreThoseOfTheGraph(t *testing.T) {
	for _, d := range tiny.Kinds(11, 3) {
		t.Run(d.Task.Name, func(t *testing.T) {
			model := tiny.For(t, tiny.Shape{Layers: 1}, 2, d)
			s, p := tiny.Session(t, model), tiny.Prepare(t, model, d, 4)
			e, err := p.Evaluate(t.Context(), s, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i, loss := range encodingLosses(t, s, p) {
				if math.Abs(loss-e.Losses[p.Example(i)]) > 1e-5 {
					t.Errorf("example %d: %g in the graph, %g on the host", i, loss, e.Losses[p.Example(i)])
				}
			}
		})
	}
}

func TestLongTextsAreReadInWindows(t *testing.T) {
	words := strings.Fields("c d e f g h i j k c d e f g a h i j k c d e f g h i")
	tagged := tiny.Tagged(1, 1)
	tagged.Examples[0].Detail.Words, tagged.Examples[0].Detail.Tags = words, slices.Repeat([]int{2}, len(words))
	asked := tiny.Questions(1, 1)
	context := strings.Join(words, " ")
	asked.Examples[0].TextB, asked.Examples[0].Detail.Answers = context, []task.Answer{{Text: "a h", Start: strings.Index(context, "a")}}
	for _, d := range []*task.Dataset{tagged, asked} {
		t.Run(d.Task.Name, func(t *testing.T) {
			model := tiny.For(t, tiny.Shape{Layers: 1}, 2, d)
			p := tiny.Prepare(t, model, d, 2)
			if len(p.Encodings) < 2 {
				t.Fatalf("%d windows", len(p.Encodings))
			}
			for i, e := range p.Encodings {
				if len(e.IDs) > 16 || p.Example(i) != 0 {
					t.Errorf("window %d of example %d has %d tokens", i, p.Example(i), len(e.IDs))
				}
			}
			logits, err := p.Logits(t.Context(), tiny.Session(t, model), nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Judge(logits); err != nil {
				t.Fatal(err)
			}
			for _, row := range logits {
				clear(row)
			}
			say(p, logits, 'a')
			predictions, err := p.Predictions(logits)
			if err != nil {
				t.Fatal(err)
			}
			switch d.Task.Kind {
			case task.Tagging:
				want := slices.Repeat([]int{0}, len(words)) // all logits are 0, and the first class is taken
				want[14] = 1
				if !slices.Equal(predictions[0].Tags, want) {
					t.Errorf("tags %v", predictions[0].Tags)
				}
			case task.Spans:
				if predictions[0].Answer != "a" {
					t.Errorf("answer %q", predictions[0].Answer)
				}
			}
		})
	}
}

// say makes the tokens of a letter stand out: the second class of a tagging, the beginning and end of an answer.
func say(p *finetune.Prepared, logits [][]float32, letter rune) {
	n := p.Dataset.Task.Outputs()
	for i, e := range p.Encodings {
		for at, id := range e.IDs {
			if id != 5+letter-'a' { // after the five special tokens
				continue
			}
			if logits[i][at*n+1] = 5; n == 2 {
				logits[i][at*n] = 5
			}
		}
	}
}

func TestNoAnswerIsSaidWhereItScoresHigher(t *testing.T) {
	d := tiny.Questions(2, 1)
	d.Task.Answers.None = true
	model := tiny.For(t, tiny.Shape{Layers: 1}, 2, d)
	p := tiny.Prepare(t, model, d, 2)
	logits := make([][]float32, len(p.Encodings))
	for i, e := range p.Encodings {
		logits[i] = make([]float32, 2*len(e.IDs))
	}
	say(p, logits, 'a')
	logits[0][0], logits[0][1] = 5, 5.5
	for threshold, want := range map[float64]bool{0: true, 0.75: false} {
		d.Task.Answers.Threshold = threshold
		predictions, err := p.Predictions(logits)
		if err != nil || (predictions[0].Answer == "") != want || predictions[1].Answer != "a" {
			t.Errorf("threshold %g: %+v, %v", threshold, predictions, err)
		}
	}
}

func TestHeadsOfAnotherKindAreRefused(t *testing.T) {
	kinds := append(tiny.Kinds(3, 1), tiny.Sentences(3, 1))
	for i, d := range kinds {
		for j, other := range kinds {
			if i == j {
				continue
			}
			model := tiny.For(t, tiny.Shape{Layers: 1}, 2, other)
			if _, err := finetune.Train(t.Context(), testbed.Go(t), model, d, nil, finetune.Options{MaxLength: 16}); err == nil || !strings.Contains(err.Error(), "finetune: ") {
				t.Errorf("%s with a head for %s: %v", d.Task.Name, other.Task.Name, err)
			}
		}
	}
}

func TestAModelWhoseOutputsAreNumbersIsNoClassifier(t *testing.T) {
	d := tiny.Sentences(3, 1)
	for said, refused := range map[string]bool{"": false, gbert.SingleLabel: false, gbert.Regression: true, gbert.MultiLabel: true} {
		model := tiny.For(t, tiny.Shape{Layers: 1}, 2, d)
		model.Config.ProblemType = said
		if err := finetune.CheckHead(model, d.Task); (err != nil) != refused || refused && !strings.Contains(err.Error(), said) {
			t.Errorf("problem_type %q: %v", said, err)
		}
	}
}

func TestLogitsThatAreNoNumbersAreRefused(t *testing.T) {
	for _, d := range tiny.Kinds(3, 1) {
		model := tiny.For(t, tiny.Shape{Layers: 1}, 2, d)
		p := tiny.Prepare(t, model, d, 2)
		logits, err := p.Logits(t.Context(), tiny.Session(t, model), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		logits[1][1] = float32(math.NaN())
		if _, err := p.Judge(logits); err == nil || !strings.Contains(err.Error(), "example 1") {
			t.Errorf("%s: %v", d.Task.Name, err)
		}
		logits[1] = logits[1][:1]
		if _, err := p.Judge(logits); err == nil {
			t.Errorf("%s: logits are missing", d.Task.Name)
		}
	}
}
