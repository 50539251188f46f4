package finetune

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"bertlab/gbert/task"
)

// Judge turns the logits that [Prepared.Logits] gives into an evaluation.
func (p *Prepared) Judge(logits [][]float32) (*Evaluation, error) {
	d := p.Dataset
	predictions, err := p.Predictions(logits)
	if err != nil {
		return nil, err
	}
	e := &Evaluation{Examples: d.Len(), Predictions: predictions}
	if e.Metrics, err = task.Score(d.Task, predictions, d.Examples); err != nil {
		return nil, fmt.Errorf("finetune: %w", err)
	}
	if e.Losses, err = p.Losses(logits, predictions); err != nil {
		return nil, err
	}
	for _, loss := range e.Losses {
		e.Loss += loss / float64(len(e.Losses))
	}
	return e, nil
}

// JudgeLabelled judges the logits of those examples that have a label.
func (p *Prepared) JudgeLabelled(logits [][]float32) (*Evaluation, error) {
	judged := &Prepared{Dataset: p.Dataset.Labelled()}
	var rows [][]float32
	place := make([]int, p.Dataset.Len()) // of each labelled example among them
	for i, next := 0, 0; i < len(place); i++ {
		if place[i] = next; p.Dataset.Examples[i].Label >= 0 {
			next++
		}
	}
	for i := range logits {
		example := p.Example(i)
		if p.Dataset.Examples[example].Label < 0 {
			continue
		}
		rows = append(rows, logits[i])
		if judged.Encodings = append(judged.Encodings, p.Encodings[i]); p.windows != nil {
			shown := p.windows[i]
			shown.example = place[example]
			judged.windows = append(judged.windows, shown)
		}
	}
	return judged.Judge(rows)
}

// Predictions turns the logits that [Prepared.Logits] gives into what the model says of each example: for a tagging the tag of
// each word, by its first piece; for spans the best answer of all windows over a context. The examples need no labels.
func (p *Prepared) Predictions(logits [][]float32) ([]task.Prediction, error) {
	kind := p.Dataset.Task.Kind
	if kind != task.Tagging && kind != task.Spans {
		predictions, err := task.Predictions(p.Dataset, logits)
		if err != nil {
			return nil, fmt.Errorf("finetune: %w", err)
		}
		return predictions, nil
	}
	if err := p.checkTokens(logits); err != nil {
		return nil, err
	}
	predictions := make([]task.Prediction, p.Dataset.Len())
	for i, example := range p.Dataset.Examples {
		predictions[i] = task.Prediction{Index: i, ID: example.ID}
	}
	if kind == task.Tagging {
		p.tag(predictions, logits)
	} else {
		p.answer(predictions, logits)
	}
	return predictions, nil
}

// checkTokens reports logits that are not those of the tokens, or no numbers.
func (p *Prepared) checkTokens(logits [][]float32) error {
	if len(logits) != len(p.Encodings) {
		return fmt.Errorf("finetune: %d rows of logits for %d encodings", len(logits), len(p.Encodings))
	}
	n := p.Dataset.Task.Outputs()
	for i, row := range logits {
		if len(row) != n*len(p.Encodings[i].IDs) {
			return fmt.Errorf("finetune: encoding %d has %d tokens and %d logits, %d a token were expected", i, len(p.Encodings[i].IDs), len(row), n)
		}
		for _, v := range row {
			if v != v {
				return fmt.Errorf("finetune: a logit of example %d is NaN", p.Example(i))
			}
		}
	}
	return nil
}

// tag gives each word the tag with the largest logit at its first piece. A word without pieces, of control characters perhaps, is
// outside of all entities: O if there is such a tag.
func (p *Prepared) tag(predictions []task.Prediction, logits [][]float32) {
	outside := max(slices.Index(p.Dataset.Task.Labels, "O"), 0)
	for i := range predictions {
		predictions[i].Tags = slices.Repeat([]int{outside}, len(p.Dataset.Examples[i].Detail.Words))
	}
	n := p.Dataset.Task.Outputs()
	for i, row := range logits {
		tags := predictions[p.windows[i].example].Tags
		for at, word := range p.windows[i].words {
			if word >= 0 {
				tags[word] = largest(row[at*n : (at+1)*n])
			}
		}
	}
}

// largest is the number of the largest, the first of equals.
func largest(values []float32) int {
	best := 0
	for i, v := range values {
		if v > values[best] {
			best = i
		}
	}
	return best
}

// answer gives each question its best answer, see [Prepared.spans].
func (p *Prepared) answer(predictions []task.Prediction, logits [][]float32) {
	for i, found := range p.spans(logits) {
		switch {
		case found.last > 0:
			offsets := p.Encodings[found.encoding].Offsets
			predictions[i].Answer = p.Dataset.Examples[i].TextB[offsets[found.first].Start:offsets[found.last].End]
			fallthrough
		case !math.IsInf(found.score, 0):
			predictions[i].Score = found.score
		}
	}
}

// bestSpan are the first and the last token of the best span of a window that holds only tokens that are allowed at its ends, and the
// sum of their logits, −∞ if there is none. row is [tokens · 2].
func bestSpan(row []float32, how task.Answers, allowed func(token int) bool) (first, last int, score float64) {
	score = math.Inf(-1)
	ends := top(row, 1, how.Best)
	for _, from := range top(row, 0, how.Best) {
		for _, to := range ends {
			if !allowed(from) || !allowed(to) || to < from || to-from+1 > how.Longest {
				continue
			}
			if sum := float64(row[2*from]) + float64(row[2*to+1]); sum > score {
				first, last, score = from, to, sum
			}
		}
	}
	return first, last, score
}

// top are the n tokens with the largest logits of the first or the last token, largest first.
func top(row []float32, which, n int) []int {
	tokens := make([]int, len(row)/2)
	for i := range tokens {
		tokens[i] = i
	}
	slices.SortStableFunc(tokens, func(a, b int) int { return cmp.Compare(row[2*b+which], row[2*a+which]) })
	return tokens[:min(n, len(tokens))]
}

// Losses are the losses of the examples in float64, see [Loss]: for a tagging the mean over an example's words, for spans over the
// windows of its context. All examples must be labelled.
func (p *Prepared) Losses(logits [][]float32, predictions []task.Prediction) ([]float64, error) {
	d := p.Dataset
	if d.Task.Kind != task.Tagging && d.Task.Kind != task.Spans {
		losses, err := task.Losses(d.Task, predictions, d.Examples)
		if err != nil {
			return nil, fmt.Errorf("finetune: %w", err)
		}
		return losses, nil
	}
	if err := p.checkTokens(logits); err != nil {
		return nil, err
	}
	sums, counts := make([]float64, d.Len()), make([]float64, d.Len())
	for i := range logits {
		rows, labels := p.wordRows(i, logits[i])
		if d.Task.Kind == task.Spans {
			rows, labels = p.spanRows(i, logits[i])
		}
		losses, err := task.CrossEntropies(rows, labels)
		if err != nil {
			return nil, fmt.Errorf("finetune: %w", err)
		}
		for _, loss := range losses {
			sums[p.Example(i)] += loss
			counts[p.Example(i)]++
		}
	}
	for i := range sums {
		sums[i] /= max(counts[i], 1)
	}
	return sums, nil
}

// wordRows are the logits of the first pieces of a window's words, and the words' tags.
func (p *Prepared) wordRows(i int, row []float32) (rows [][]float32, tags []int) {
	n := p.Dataset.Task.Outputs()
	for at, word := range p.windows[i].words {
		if word >= 0 {
			rows = append(rows, row[at*n:(at+1)*n])
			tags = append(tags, p.Dataset.Examples[p.windows[i].example].Detail.Tags[word])
		}
	}
	return rows, tags
}

// spanRows are the logits of all tokens as the first and as the last of the answer, and which ones those are.
func (p *Prepared) spanRows(i int, row []float32) (rows [][]float32, tokens []int) {
	first, last := make([]float32, len(row)/2), make([]float32, len(row)/2)
	for at := range first {
		first[at], last[at] = row[2*at], row[2*at+1]
	}
	return [][]float32{first, last}, []int{int(p.windows[i].first), int(p.windows[i].last)}
}
