package sajjad2020

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bertlab/figures"
	"bertlab/papers/experiment"
	"bertlab/papers/experiment/words"
	"bertlab/stats"
	"bertlab/techniques/layerdrop"
)

// What counts, fixed before the numbers were seen.
const (
	better        = 0.005 // of accuracy, for one model to be better than another
	behind        = 0.01  // of accuracy by which top may be behind and still be level
	ordered       = 0.2   // of a rank correlation
	inferenceTime = 0.05  // by which part the encoder's time may differ from the share of layers
	tuningTime    = 0.10  // by which part a training step may take longer than its share of layers
)

// Claims are the paper's statements with the numbers measured here.
func (r edition) Claims() ([]experiment.Claim, error) {
	return experiment.Judge(r.Printer, r.top(), r.bottom(), r.inference(), r.tuning(), r.travel(), r.notAfter(), r.pairTasks()), nil
}

// compared is the difference of two groups of runs. Two models of which neither is above the largest class show nothing.
func (r edition) compared(name string, match func(a, b Trial) bool) []experiment.Evidence {
	d, ok := r.between(match)
	if !ok {
		return nil
	}
	d.Name = name
	if !d.learned {
		d.Open = r.T("neither is above the largest class")
	}
	return []experiment.Evidence{d.Evidence}
}

// against compares a strategy with each other one that was run with every seed, at the numbers of layers that both dropped: sign·(strategy − other).
func (r edition) against(strategy layerdrop.Strategy, sign int) (list []experiment.Evidence) {
	for _, other := range r.strategies() {
		first, second := strategy, other
		if sign < 0 {
			first, second = other, strategy
		}
		if other != strategy && r.Config.replicates(other) {
			list = append(list, r.compared(fmt.Sprintf("%s − %s", r.Name(string(first)), r.Name(string(second))), sameK(first, second))...)
		}
	}
	return list
}

// once compares a strategy in the same way, in points, with those that were run with the first seed alone. Nothing follows from one seed.
func (r edition) once(strategy layerdrop.Strategy, sign int) string {
	var parts []string
	for _, other := range r.strategies() {
		first, second := strategy, other
		if sign < 0 {
			first, second = other, strategy
		}
		if d, ok := r.between(sameK(first, second)); ok && other != strategy && !r.Config.replicates(other) {
			parts = append(parts, fmt.Sprintf("%s − %s %s", r.Name(string(first)), r.Name(string(second)), figures.Signed(100*d.Value)))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return r.F("with seed %d alone, in points: %s", r.Config.Seeds[0], strings.Join(parts, ", "))
}

// scope is what a claim about a strategy may speak of: the strategies that it was compared with.
type scope int

const (
	everyOther scope = iota // all that were run
	bothOthers              // of top, bottom and symmetric the two others
	someOthers              // those that were run with every seed
)

// scope is that of the evidence by [edition.against].
func (r edition) scope() scope {
	three := []layerdrop.Strategy{layerdrop.Top, layerdrop.Bottom, layerdrop.Symmetric}
	compared := experiment.Where(r.strategies(), r.Config.replicates)
	few := func(list []layerdrop.Strategy) bool {
		return !slices.ContainsFunc(list, func(s layerdrop.Strategy) bool { return !slices.Contains(three, s) })
	}
	switch {
	case few(compared) && len(compared) == len(three):
		return bothOthers
	case len(compared) == len(r.strategies()):
		return everyOther
	}
	return someOthers
}

func (r edition) top() experiment.Statement {
	return experiment.Statement{
		Text: map[scope]string{
			everyOther: r.T("Dropping the top layers is the best strategy, or level with the best."),
			bothOthers: r.T("Dropping the top layers is better than dropping the bottom or the middle ones, or level with them."),
			someOthers: r.T("Dropping the top layers is better than every other strategy that was run with all seeds, or level with it."),
		}[r.scope()],
		Paper:    r.T("top is best overall; BERT-base, mean of 7 GLUE tasks: 86.19 whole, 84.86, 84.19, 83.28 without the top 2, 4, 6 of 12 layers (recalled; the losses of 2.00 and 2.91 points are the paper's)"),
		Estimand: r.T("accuracy without the top layers minus without as many by each other strategy that was run with every seed, mean over tasks and numbers of layers"),
		Rule:     experiment.NoLess(-behind, experiment.Points).Each(), Training: true,
		Evidence: r.against(layerdrop.Top, 1), Also: r.once(layerdrop.Top, 1), Missing: r.T("The protocol does not drop equally many layers by this strategy and another."),
	}
}

func (r edition) bottom() experiment.Statement {
	return experiment.Statement{
		Text: map[scope]string{
			everyOther: r.T("Dropping the bottom layers is the worst strategy."),
			bothOthers: r.T("Dropping the bottom layers is worse than dropping the top or the middle ones."),
			someOthers: r.T("Dropping the bottom layers is worse than every other strategy that was run with all seeds."),
		}[r.scope()],
		Paper:    r.T("bottom is worst; no single number"),
		Estimand: r.T("accuracy by each other strategy that was run with every seed minus without as many bottom layers, mean over tasks and numbers of layers"),
		Rule:     experiment.Superior(better, experiment.Points).Each(), Training: true,
		Evidence: r.against(layerdrop.Bottom, -1), Also: r.once(layerdrop.Bottom, -1), Missing: r.T("The protocol does not drop equally many layers by this strategy and another."),
	}
}

// travelOrder is Spearman's ρ of the layers' numbers and the distances that they travelled, by seed, mean over tasks.
func (r *Result) travelOrder() (orders []float64) {
	numbers := make([]float64, r.Layers)
	for l := range numbers {
		numbers[l] = float64(l)
	}
	for i := range r.Config.Seeds {
		sum, n := 0.0, 0.0
		for _, t := range r.Tasks {
			if i < len(t.Travel) {
				sum, n = sum+stats.Spearman(numbers, t.Travel[i]), n+1
			}
		}
		if n > 0 {
			orders = append(orders, sum/n)
		}
	}
	return orders
}

func (r edition) travel() experiment.Statement {
	return experiment.Statement{
		Text:     r.T("The lower layers change least in fine-tuning."),
		Paper:    r.T("BERT: lower layers change least (similarity before and after, a figure)"),
		Estimand: r.T("Spearman's ρ of a layer's number and the distance ‖θ−θ₀‖/‖θ₀‖ that it moves, mean over tasks"),
		Rule:     experiment.Superior(ordered, experiment.Plain), Training: true,
		Evidence: possible(experiment.OverSeeds("", r.travelOrder())),
		Missing:  r.T("The protocol measures no distance."),
	}
}

// possible moves the ends of intervals of correlations to −1 and 1 where Student's t has them beyond. No rule's bound lies there, so that
// verdicts stay.
func possible(correlations []experiment.Evidence) []experiment.Evidence {
	for i, c := range correlations {
		correlations[i].Low, correlations[i].High = max(c.Low, -1), min(c.High, 1)
	}
	return correlations
}

func (r edition) notAfter() experiment.Statement {
	return experiment.Statement{
		Text:     r.T("Dropping layers after fine-tuning is not better than dropping them before it."),
		Paper:    r.T("dropping after fine-tuning is not better"),
		Estimand: r.T("accuracy with layers dropped after fine-tuning minus the same dropped before it, mean over tasks and sets of layers"),
		Rule:     experiment.NoMore(better, experiment.Points), Training: true,
		Evidence: r.compared("", func(a, b Trial) bool {
			return r.Config.replicates(a.Strategy) && sameDropped(a, b) && a.When == After && b.When == Before
		}),
		Missing: r.T("The protocol drops none after fine-tuning."),
		Note:    r.T("Layers dropped after fine-tuning are not followed by further training."),
	}
}

func sameDropped(a, b Trial) bool {
	return a.Strategy == b.Strategy && slices.Equal(a.Dropped, b.Dropped)
}

// pairTasks compares what pair tasks and others lose without their top layers.
func (r edition) pairTasks() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("Without the top layers, tasks on pairs of sentences lose more than tasks on single ones."),
		Paper:    r.F("The abstract says otherwise of some pairs: paraphrases and the similarity of sentences are more robust to dropping layers. BERT-base without the top 6 of 12 layers, in points (recalled): %s", strings.Join(paperLosses(), ", ")),
		Estimand: r.T("accuracy lost without the top layers, pair tasks minus others, mean over numbers of layers"),
		Rule:     experiment.Superior(better, experiment.Points), Training: true, Own: true,
		Missing: r.T("The protocol does not have a pair task and another one, with the top layers dropped; the full one has."),
	}
	lost, tasks := map[bool][]experiment.Evidence{}, map[bool][]string{}
	for _, pair := range []bool{true, false} {
		group := &Result{Layers: r.Layers}
		for _, t := range r.Tasks {
			if t.Pair == pair {
				group.Tasks, tasks[pair] = append(group.Tasks, t), append(tasks[pair], r.title(t))
			}
			d, ok := r.alone(t).between(wholeAgainstTop)
			if ok && t.Pair == pair && d.Second <= t.Majority+1e-9 {
				s.Open = r.F("without the layers at the largest class, so that no more could be lost: %s", t.Task)
			}
		}
		if d, ok := group.between(wholeAgainstTop); ok {
			lost[pair] = []experiment.Evidence{d.Evidence}
		}
	}
	if len(lost) == 2 {
		pair, other := lost[true][0], lost[false][0]
		s.Evidence = experiment.One(pair.Minus(other.Effect))
		s.Also = r.F("points lost: pair tasks %.2f, others %.2f", 100*pair.Value, 100*other.Value)
		pairs, others := strings.Join(tasks[true], ", "), strings.Join(tasks[false], ", ")
		if s.Text = r.F("Without the top layers %s, a task on pairs of sentences, loses more than %s.", pairs, others); len(tasks[true]) > 1 {
			s.Text = r.F("Without the top layers %s, tasks on pairs of sentences, lose more than %s.", pairs, others)
		}
		s.Note = r.sizes()
	}
	return s
}

// title names a task as people do.
func (r edition) title(t *TaskResult) string { return cmp.Or(r.Name(t.Title), t.Task) }

// sizes says by how much the tasks' training sets differ in size; nothing where they do not, or where that is not known.
func (r edition) sizes() string {
	var said []string
	var sizes []int
	for _, t := range r.Tasks {
		for _, d := range r.Provenance.Data {
			if d.Use == "train" && d.Task == t.Task {
				said, sizes = append(said, r.title(t)+" "+words.List(d.Examples)), append(sizes, d.Examples)
			}
		}
	}
	if len(sizes) < 2 || slices.Min(sizes) == slices.Max(sizes) {
		return ""
	}
	return r.F("The tasks differ in the number of training examples, too (%s): the difference need not come from the pairs.", strings.Join(said, "; "))
}

func wholeAgainstTop(a, b Trial) bool {
	return a.Strategy == "" && b.Strategy == layerdrop.Top && b.When == Before
}

func (r *Result) proportional(k int) float64 { return float64(r.Layers-k) / float64(r.Layers) }

// share is a time beside that in proportion to the layers, all divided by the whole model's: the times of the repeats, and the processors
// that the process had.
type share struct {
	k int
	stats.Interval
	repeats      []float64
	processors   float64
	proportional float64
}

// shareOf is a measured share beside that in proportion.
func (r *Result) shareOf(k int, t TimeShare, processors float64) share {
	return share{k, stats.Interval{Value: t.Share, Low: t.Low, High: t.High}, t.Shares, processors, r.proportional(k)}
}

// evidence is the time against the proportion.
func (r edition) evidence(shares []share) (list []experiment.Evidence, also string) {
	var parts []string
	for _, s := range shares {
		e := experiment.That(r.F("without %d", s.k), stats.MedianOf(s.repeats).Times(1/s.proportional))
		e.Timed, e.Processors = true, r.Provenance.Had(s.processors)
		list = append(list, e)
		parts = append(parts, fmt.Sprintf("%d: %.3f (%.3f)", s.k, s.Value, s.proportional))
	}
	return list, r.F("share of the time by layers dropped (in proportion): %s", strings.Join(parts, ", "))
}

// inferenceShares are the shares of the encoder's time at the largest batch.
func (r *Result) inferenceShares() (batch SpeedBatch, shares []share) {
	batch = slices.MaxFunc(r.Speed.Batches, func(a, b SpeedBatch) int { return cmp.Compare(a.Size, b.Size) })
	for _, m := range batch.Models {
		if m.K > 0 {
			shares = append(shares, r.shareOf(m.K, m.TimeShare, batch.Processors))
		}
	}
	return batch, shares
}

// tuningShares are the shares of the time of a training step.
func (r *Result) tuningShares() (shares []share) {
	if r.Training == nil {
		return nil
	}
	for _, m := range r.Training.Models {
		if m.K > 0 {
			shares = append(shares, r.shareOf(m.K, m.TimeShare, r.Training.Processors))
		}
	}
	return shares
}

func (r edition) inference() experiment.Statement {
	batch, shares := r.inferenceShares()
	s := experiment.Statement{
		Text:     r.T("The time of inference falls in proportion to the layers."),
		Paper:    r.T("half of the layers, half of the time"),
		Estimand: r.F("%s of the encoder at batch %d, without the embeddings, against the share of layers that stay, median of %d pairs for each number of layers", r.Name(r.Clock.String()), batch.Size, r.Speed.Repeats),
		Rule:     experiment.Equivalent(inferenceTime, experiment.Ratio).Each(),
		Missing:  r.T("no step was timed"), Note: clockNote(r.Printer, r.Clock),
	}
	s.Evidence, s.Also = r.evidence(shares)
	return s
}

func (r edition) tuning() experiment.Statement {
	s := experiment.Statement{
		Text:     r.T("The time of fine-tuning falls at least in proportion to the layers."),
		Paper:    r.T("half of the layers, half of the time"),
		Estimand: r.T("time of a training step against the share of layers that stay"),
		Rule:     experiment.NoMore(1+tuningTime, experiment.Ratio).Each(),
		Missing:  r.T("no step was timed"),
		Note:     r.T("The step includes embeddings, head and optimizer, which do not shrink. Of the last layer a classifier needs [CLS] alone, so that time can fall by more than the proportion."),
	}
	if t := r.Training; t != nil {
		s.Estimand = r.F("%s of a training step against the share of layers that stay, on the batch of median length of %s (%d × %d tokens), median of %d pairs for each number of layers", r.Name(r.Clock.String()), t.Task, t.Batch, t.Length, t.Repeats)
		s.Evidence, s.Also = r.evidence(r.tuningShares())
	}
	return s
}

// clockNote says why a clock is the one that counts.
func clockNote(say *words.Printer, c experiment.Clock) string {
	if c == experiment.Processor {
		return say.T("Processor time is what other programs on the machine hardly change; every model uses the processors alike.")
	}
	return ""
}
