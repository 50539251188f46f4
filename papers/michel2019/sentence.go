package michel2019

import (
	"context"
	"errors"
	"fmt"

	"bertlab/figures"
	"bertlab/gbert"
	"bertlab/gbert/task"
	"bertlab/gbert/tokenizer"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/techniques/heads"
)

// ErrNoModel says that the fine-tuned model is not here: it, the pretrained one or the data are missing. Records hold no models.
var ErrNoModel = errors.New("michel2019: the fine-tuned model is not here")

// tuned is the model that was fine-tuned with the first seed, as a run of the protocol has left it in the environment's folder. Nothing is
// trained for it.
func (c *Config) tuned(ctx context.Context, env *experiment.Environment) (*gbert.Model, error) {
	p := experiment.NewPlan(env)
	var provenance experiment.Provenance
	pretrained, samples, err := c.Begin(ctx, p, &provenance, c.fits, experiment.SampleSizes{Importance: c.ImportanceExamples, Calibration: c.ChoiceExamples})
	if err != nil {
		return nil, errors.Join(ErrNoModel, err)
	}
	model, err := gbert.Load(c.FineTune(p, pretrained, samples.Train, c.Seeds[0]).Folder())
	if err != nil {
		return nil, errors.Join(ErrNoModel, err)
	}
	return model, nil
}

// Sentence is a text before and after pruning.
type Sentence struct {
	// Predictions are the probabilities of the classes, Attention what [CLS] attends to in each layer, with all heads and without some.
	Predictions *figures.Table
	Attention   [2]*figures.Figure
}

// Read asks the fine-tuned model about a text, with all its heads and without a share of them, the least important first. Without a model the
// error is [ErrNoModel].
func (r *Result) Read(ctx context.Context, env *experiment.Environment, say *words.Printer, text string, share float64) (*Sentence, error) {
	model, err := r.Config.tuned(ctx, env)
	if err != nil {
		return nil, err
	}
	defer model.Close()
	return r.ask(env, model, edition{r, experiment.Voice{Printer: say}}, text, share)
}

// ask is [Result.Read] of a model that is open.
func (r *Result) ask(env *experiment.Environment, model *gbert.Model, e edition, text string, share float64) (*Sentence, error) {
	curves := r.of(ByImportance)
	if len(curves) == 0 {
		return nil, errors.New("michel2019: the protocol has no pruning by importance")
	}
	removed, err := heads.ParseSet(curves[0].nearest(share).Removed)
	if err != nil {
		return nil, err
	}
	mask, err := removed.Mask(model.Config)
	if err != nil {
		return nil, err
	}
	session, err := gbert.NewSession(env.Backend, model)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	encodings, err := model.Tokenizer.EncodeWith(tokenizer.Pair{A: text}, tokenizer.Options{MaxLength: r.Config.MaxLength, Offsets: true})
	if err != nil {
		return nil, err
	}
	without := e.F("without %d of %d heads", removed.Len(), len(heads.All(model.Config)))
	s := &Sentence{Predictions: e.NewTable(e.T("What the model says"), text, []figures.Column{{Name: e.T("class")}, {Name: e.T("all heads"), Format: "%.3f"}, {Name: without, Format: "%.3f"}})}
	batch := gbert.PadBatch(encodings[:1], []int{0}, 1, nil, model.Config.PadTokenID)
	var said [2][]float64
	for i, masked := range []gbert.HeadMask{nil, mask} {
		logits, err := session.BatchLogits(batch, masked)
		if err != nil {
			return nil, err
		}
		said[i] = task.Softmax(logits[0])
		looks, err := heads.Look(session, encodings[0], masked)
		if err != nil {
			return nil, err
		}
		title := []string{e.T("all heads"), without}[i]
		if s.Attention[i], err = figures.Heatmap(figures.HeatmapOptions{
			Frame:  e.Sized(9, 3.6, e.F("What [CLS] attends to, %s", title), e.T("token"), e.T("layer"), e.caption("")),
			Values: looks, Columns: heads.Pieces(text, encodings[0]), Palette: figures.Sequential, Format: "%.2f", Legend: e.T("attention, mean over heads"), Missing: e.T("no heads left"),
		}); err != nil {
			return nil, err
		}
	}
	for class := range said[0] {
		name := fmt.Sprint(class)
		if class < len(model.Config.Labels) {
			name = e.Name(model.Config.Labels[class])
		}
		s.Predictions.Rows = append(s.Predictions.Rows, []any{name, said[0][class], said[1][class]})
	}
	return s, nil
}
