package finetune

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert"
	"bertlab/gbert/task"
)

// Loss is the mean loss of a batch in the graph, as transformers has it. Logits and labels are those of [Prepared.LabelTensors]:
//
//	classification  logits [B, n], labels int32 [B]: cross entropy
//	regression      logits [B, 1], labels float32 [B]: squared error
//	multi-label     logits [B, n], labels float32 [B, n], 0 or 1: binary cross entropy, the mean over the labels
//	tagging         logits [B, S, n], labels int32 [B, S], −1 where there is none: cross entropy, the mean over the batch's labels
//	spans           logits [B, S, 2], labels int32 [B, S, 2], 1 at the first and the last token of the answer, −1 at padding, else 0:
//	                cross entropy over the tokens, the mean of that of the first and of the last
//
// weights [B] is 1 for a real row and 0 for padding.
func Loss(logits, labels, weights *Node) *Node {
	if isTagging(logits, labels) {
		losses, counts := tokenLosses(logits, labels) // [B, S]
		rows := ExpandAxes(weights, -1)
		return Div(ReduceAllSum(Mul(losses, rows)), MaxScalar(ReduceAllSum(Mul(counts, rows)), 1))
	}
	return Div(ReduceAllSum(Mul(ExampleLosses(logits, labels), weights)), ReduceAllSum(weights))
}

// ExampleLosses are the losses of each row, [B]; see [Loss]. That of a tagging is the mean over the row's labels, 0 if it has none.
func ExampleLosses(logits, labels *Node) *Node {
	switch float, rank := labels.DType().IsFloat(), labels.Rank(); {
	case float && rank == 1:
		return Square(Sub(Squeeze(logits, -1), labels))
	case float:
		return ReduceMean(binaryLosses(logits, labels), -1)
	case isTagging(logits, labels):
		losses, counts := tokenLosses(logits, labels)
		return Div(ReduceSum(losses, -1), MaxScalar(ReduceSum(counts, -1), 1))
	case rank == 3:
		return spanLosses(logits, labels)
	}
	return crossEntropies(logits, labels)
}

func isTagging(logits, labels *Node) bool { return logits.Rank() == 3 && labels.Rank() == 2 }

// crossEntropies are −log softmax(logits)[labels] over the last axis.
func crossEntropies(logits, labels *Node) *Node {
	classes := logits.Shape().Dimensions[logits.Rank()-1]
	return Neg(ReduceSum(Mul(LogSoftmax(logits, -1), OneHot(labels, classes, logits.DType())), -1))
}

// binaryLosses are −y·log σ(z) − (1−y)·log σ(−z), by the softmax of z and 0, whose gradient is right at 0 too.
func binaryLosses(logits, labels *Node) *Node {
	both := LogSoftmax(Stack([]*Node{logits, ZerosLike(logits)}, -1), -1) // log σ(z), log σ(−z)
	yes, no := Squeeze(SliceAxis(both, -1, AxisElem(0)), -1), Squeeze(SliceAxis(both, -1, AxisElem(1)), -1)
	return Neg(Add(Mul(labels, yes), Mul(OneMinus(labels), no)))
}

// tokenLosses are the losses of each token, 0 where it has no label, and 1 for each that has one; [B, S].
func tokenLosses(logits, labels *Node) (losses, counts *Node) {
	counts = ConvertDType(GreaterOrEqual(labels, ZerosLike(labels)), logits.DType())
	return Mul(crossEntropies(logits, Max(labels, ZerosLike(labels))), counts), counts
}

// spanLosses are the means of the cross entropies of the first and the last token, [B].
func spanLosses(logits, labels *Node) *Node {
	here := ConvertDType(Equal(labels, OnesLike(labels)), logits.DType())
	logs := LogSoftmax(hidePadding(logits, labels), 1)
	return MulScalar(ReduceSum(Mul(here, logs), 1, 2), -0.5)
}

// hidePadding makes the logits of padding, where labels [B, S, 2] of spans are −1, so small that a softmax over the tokens passes them over.
func hidePadding(logits, labels *Node) *Node {
	padding := ConvertDType(LessThan(labels, ZerosLike(labels)), logits.DType())
	return Sub(logits, MulScalar(padding, 1e9))
}

// TargetsOf are the labels of a batch and its row weights [B], as [Loss] has them.
type TargetsOf[T any] struct {
	Labels, RowWeights T
}

// LabelTensors are the labels and the row weights of a batch.
func (p *Prepared) LabelTensors(b *gbert.Batch) TargetsOf[*tensors.Tensor] {
	weights := make([]float32, b.Rows)
	for row := range b.Index {
		weights[row] = 1
	}
	return TargetsOf[*tensors.Tensor]{p.labels(b), tensors.FromFlatDataAndDimensions(weights, b.Rows)}
}

// LabelledBatch is a batch with its labels.
type LabelledBatch[T any] struct {
	gbert.BatchOf[T]
	TargetsOf[T]
}

// LabelledTensors are a batch with its labels, for [Each].
func (p *Prepared) LabelledTensors(b *gbert.Batch) LabelledBatch[*tensors.Tensor] {
	return LabelledBatch[*tensors.Tensor]{b.Tensors().BatchOf, p.LabelTensors(b)}
}

func (p *Prepared) labels(b *gbert.Batch) *tensors.Tensor {
	examples := p.Dataset.Examples
	switch p.Dataset.Task.Kind {
	case task.Regression:
		targets := make([]float32, b.Rows)
		for row, i := range b.Index {
			targets[row] = float32(examples[i].Value)
		}
		return tensors.FromFlatDataAndDimensions(targets, b.Rows)
	case task.MultiLabel:
		n := p.Dataset.Task.Outputs()
		there := make([]float32, b.Rows*n)
		for row, i := range b.Index {
			for _, class := range examples[i].Detail.Classes {
				there[row*n+class] = 1
			}
		}
		return tensors.FromFlatDataAndDimensions(there, b.Rows, n)
	case task.Tagging:
		return p.tagLabels(b)
	case task.Spans:
		return p.spanLabels(b)
	}
	classes := make([]int32, b.Rows)
	for row, i := range b.Index {
		classes[row] = int32(examples[i].Label)
	}
	return tensors.FromFlatDataAndDimensions(classes, b.Rows)
}

func (p *Prepared) tagLabels(b *gbert.Batch) *tensors.Tensor {
	flat := make([]int32, b.Rows*b.Length)
	for i := range flat {
		flat[i] = -1
	}
	for row, i := range b.Index {
		w := &p.windows[i]
		tags := p.Dataset.Examples[w.example].Detail.Tags
		for at, word := range w.words {
			if word >= 0 && tags != nil {
				flat[row*b.Length+at] = int32(tags[word])
			}
		}
	}
	return tensors.FromFlatDataAndDimensions(flat, b.Rows, b.Length)
}

func (p *Prepared) spanLabels(b *gbert.Batch) *tensors.Tensor {
	flat := make([]int32, 2*b.Rows*b.Length)
	for i := range flat {
		flat[i] = -1
	}
	for row, i := range b.Index {
		tokens := flat[2*row*b.Length:][:2*len(p.Encodings[i].IDs)]
		clear(tokens)
		tokens[2*p.windows[i].first], tokens[2*p.windows[i].last+1] = 1, 1
	}
	return tensors.FromFlatDataAndDimensions(flat, b.Rows, b.Length, 2)
}
