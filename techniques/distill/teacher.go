package distill

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
	"bertlab/gbert/task"
)

// prefix sets the teacher's weights apart; projection is the student's map to the teacher's width.
const (
	prefix     = "teacher/"
	projection = "distill/projection" // [D student, D teacher]
)

// FromTeacher is training with a teacher that runs in every step, without dropout: soft targets, hidden states and attention
// maps, as the options say. The teacher's weights stay on the device. Where the teacher is wider than the student, a projection
// H·P of the student's hidden states is learnt with it (TinyBERT, equation 8), one for all layers; it is in Result.Parameters
// and not needed afterwards. Attention maps are compared for the heads that both layers have, by their original numbers.
func FromTeacher(teacher, student *gbert.Model, o Options) (*finetune.Method, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if o.Layers, err = o.layerMap(teacher.Config, student.Config); err != nil {
		return nil, err
	}
	if err := check(teacher, student, o); err != nil {
		return nil, err
	}
	constants, err := weights(teacher, !o.LayersOnly && o.Alpha > 0)
	if err != nil {
		return nil, err
	}
	t := &teaching{options: o, teacher: teacher.Config, student: student.Config}
	if !o.LayersOnly && o.Alpha > 0 && !o.LabelsByNumber {
		if t.places, err = places(teacher, student); err != nil {
			return nil, err
		}
	}
	method := &finetune.Method{
		Name: "distill.teacher", Arguments: o.arguments(), Constants: constants,
		HiddenStates: o.HiddenStates > 0, Attention: o.Attention > 0, Loss: t.loss,
	}
	if t.places != nil {
		method.Arguments["classes"] = t.places
	}
	if t.projects() {
		method.Parameters = []finetune.MethodParameter{{
			Name: projection, Shape: []int{student.Config.HiddenSize, teacher.Config.HiddenSize}, LearningRate: o.ProjectionRate,
			Initial: normal(student.Config.HiddenSize, teacher.Config.HiddenSize),
		}}
	}
	return method, nil
}

func check(teacher, student *gbert.Model, o Options) error {
	a, b := teacher.Config, student.Config
	switch {
	case a.VocabSize != b.VocabSize || a.TypeVocabSize != b.TypeVocabSize:
		return fmt.Errorf("distill: the teacher has %d words and %d token types, the student %d and %d: both must read the same tokens", a.VocabSize, a.TypeVocabSize, b.VocabSize, b.TypeVocabSize)
	case a.MaxPositionEmbeddings < b.MaxPositionEmbeddings:
		return fmt.Errorf("distill: the teacher reads %d tokens, the student %d: the teacher must read at least as many", a.MaxPositionEmbeddings, b.MaxPositionEmbeddings)
	}
	if !o.LayersOnly && o.Alpha > 0 {
		if teacher.Head() != student.Head() || (a.ProblemType == gbert.MultiLabel) != (b.ProblemType == gbert.MultiLabel) {
			return fmt.Errorf("distill: the teacher's head is for %s, the student's for %s: soft targets need heads of the same kind", headName(teacher), headName(student))
		}
		least := 2
		if b.ProblemType == gbert.MultiLabel {
			least = 1
		}
		if teacher.Outputs() != student.Outputs() || student.Outputs() < least {
			return fmt.Errorf("distill: the teacher has %d outputs, the student %d: soft targets need the same number, at least %d", teacher.Outputs(), student.Outputs(), least)
		}
	}
	if o.Attention == 0 {
		return nil
	}
	for i, layer := range o.Layers {
		if own, _ := common(b.Layers[i].Heads, a.Layers[layer].Heads); len(own) == 0 && len(b.Layers[i].Heads) > 0 {
			return fmt.Errorf("distill: layer %d of the student has no head of the numbers that layer %d of the teacher has: leave attention out", i, layer)
		}
	}
	return nil
}

func headName(m *gbert.Model) string {
	if m.Config.ProblemType != "" {
		return fmt.Sprintf("%s (%s)", m.Head(), m.Config.ProblemType)
	}
	return m.Head().String()
}

// places gives for each of the student's classes the place of the teacher's of the same name; nil: the same one.
func places(teacher, student *gbert.Model) ([]int, error) {
	order, err := task.MatchLabels(student.Config.Labels, teacher.Config.Labels)
	if err != nil {
		return nil, fmt.Errorf("distill: the student is the model, the teacher the task: %w", err)
	}
	if slices.IsSorted(order) {
		return nil, nil
	}
	return order, nil
}

// weights are the teacher's as constants, with pooler and classifier where they are read.
func weights(teacher *gbert.Model, withHead bool) ([]finetune.MethodConstant, error) {
	if err := teacher.CheckFinite(); err != nil {
		return nil, fmt.Errorf("distill: the teacher: %w", err)
	}
	var constants []finetune.MethodConstant
	for _, spec := range teacher.Weights() {
		if !withHead && !gbert.IsEmbedding(spec.Name) && !inEncoder(spec.Name) {
			continue
		}
		values, shape, err := teacher.Weight(spec.Name)
		if err != nil {
			return nil, fmt.Errorf("distill: %w", err)
		}
		constants = append(constants, finetune.MethodConstant{Name: prefix + spec.Name, Shape: shape, Values: values})
	}
	return constants, nil
}

// inEncoder says whether a weight belongs to a layer, or to several.
func inEncoder(name string) bool {
	_, _, ok := gbert.CutLayer(name)
	return ok || gbert.IsShared(name)
}

// normal are normal numbers of mean 0 and variance 1/rows: the map keeps lengths on average.
func normal(rows, columns int) []float32 {
	rng := rand.New(rand.NewPCG(1, 0))
	values := make([]float32, rows*columns)
	for i := range values {
		values[i] = float32(rng.NormFloat64() / math.Sqrt(float64(rows)))
	}
	return values
}

// teaching builds the loss.
type teaching struct {
	options          Options
	teacher, student *gbert.Config
	places           []int // of the student's classes among the teacher's; nil: the same
}

func (t *teaching) projects() bool {
	return t.options.HiddenStates > 0 && t.teacher.HiddenSize != t.student.HiddenSize
}

func (t *teaching) loss(s *finetune.StepGraph, loss *Node) *Node {
	o := t.options
	forward := gbert.NewForward(t.teacher, s.Graph(), func(name string) *Node { return s.Constant(prefix + name) },
		gbert.Taps{HiddenStates: o.HiddenStates > 0, Attention: o.Attention > 0})
	outputs := forward.Encode(s.Batch, forward.Config().Head.ReadsCLS())
	total := ZerosLike(loss)
	switch {
	case o.LayersOnly:
	case o.Alpha == 0:
		total = loss
	default:
		total = o.mix(loss, softLoss(s, t.inStudentOrder(forward.Classify(outputs.Hidden)), o.Temperature))
	}
	mask := Mul(s.Batch.Mask, ExpandAxes(s.RowWeights, -1)) // [B, S]
	if o.HiddenStates > 0 {
		total = Add(total, MulScalar(t.hidden(s, outputs, mask), o.HiddenStates))
	}
	if o.Attention > 0 {
		total = Add(total, MulScalar(t.attention(s, outputs, mask), o.Attention))
	}
	return total
}

// inStudentOrder brings the teacher's logits [B, classes] or [B, S, classes] into the order of the student's classes.
func (t *teaching) inStudentOrder(logits *Node) *Node {
	if t.places == nil {
		return logits
	}
	return pick(logits, logits.Rank()-1, t.places)
}

// hidden is Σ over the embeddings and the layers of MSE(H·P, H teacher) over the real tokens.
func (t *teaching) hidden(s *finetune.StepGraph, teacher *gbert.Outputs, mask *Node) *Node {
	total := ScalarZero(mask.Graph(), mask.DType())
	for i, h := range s.Outputs.HiddenStates {
		from := 0
		if i > 0 {
			from = t.options.Layers[i-1] + 1
		}
		if t.projects() {
			h = DotGeneral(h, []int{2}, nil, s.Parameter(projection), []int{0}, nil)
		}
		total = Add(total, maskedMean(Square(Sub(h, StopGradient(teacher.HiddenStates[from]))), ExpandAxes(mask, -1)))
	}
	return total
}

// attention is Σ over the layers of the MSE of attention probabilities [B, A, S, S] over real queries and keys.
func (t *teaching) attention(s *finetune.StepGraph, teacher *gbert.Outputs, mask *Node) *Node {
	total := ScalarZero(mask.Graph(), mask.DType())
	pairs := Mul(ExpandAxes(mask, 1, 3), ExpandAxes(mask, 1, 2)) // [B, 1, S, S]
	for i, probs := range s.Outputs.Attention {
		if probs == nil {
			continue
		}
		own, theirs := common(t.student.Layers[i].Heads, t.teacher.Layers[t.options.Layers[i]].Heads)
		goal := StopGradient(pick(teacher.Attention[t.options.Layers[i]], 1, theirs))
		total = Add(total, maskedMean(Square(Sub(pick(probs, 1, own), goal)), pairs))
	}
	return total
}

// maskedMean is the mean of x where the mask, of the same rank and with axes of 1 to be spread, is 1.
func maskedMean(x, mask *Node) *Node {
	mask = BroadcastToDims(mask, x.Shape().Dimensions...)
	return Div(ReduceAllSum(Mul(x, mask)), MaxScalar(ReduceAllSum(mask), 1))
}

// common are the places of the heads that are in both lists.
func common(a, b []int) (inA, inB []int) {
	for i, head := range a {
		if j := slices.Index(b, head); j >= 0 {
			inA, inB = append(inA, i), append(inB, j)
		}
	}
	return inA, inB
}

// pick takes places of an axis.
func pick(x *Node, axis int, places []int) *Node {
	if len(places) == x.Shape().Dimensions[axis] && slices.IsSorted(places) {
		return x
	}
	parts := make([]*Node, len(places))
	for i, place := range places {
		parts[i] = SliceAxis(x, axis, AxisElem(place))
	}
	return Concatenate(parts, axis)
}
