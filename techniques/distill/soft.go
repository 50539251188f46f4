package distill

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/support/exceptions"

	"bertlab/gbert"
	"bertlab/gbert/finetune"
)

// SoftLoss is T²·KL(softmax(v/T) ‖ softmax(z/T)) in the graph, the mean over the real rows: student's logits z and teacher's v
// [B, labels], weights [B] 1 for a real row and 0 for padding. No gradient flows to the teacher.
func SoftLoss(student, teacher, weights *Node, temperature float64) *Node {
	return MulScalar(mean(divergences(student, teacher, temperature, -1), weights), temperature*temperature)
}

// divergences are KL(softmax(v/T) ‖ softmax(z/T)) over an axis of student's logits z and teacher's v.
func divergences(student, teacher *Node, temperature float64, axis int) *Node {
	p := LogSoftmax(MulScalar(StopGradient(teacher), 1/temperature), axis)
	q := LogSoftmax(MulScalar(student, 1/temperature), axis)
	return ReduceSum(Mul(Exp(p), Sub(p, q)), axis)
}

// mean of values by weights of the same shape.
func mean(values, weights *Node) *Node {
	return Div(ReduceAllSum(Mul(values, weights)), MaxScalar(ReduceAllSum(weights), 1))
}

// softLoss is the loss of soft targets for any kind of task, with the shapes of logits and labels of [finetune.Loss]. A tagging's
// is the mean over the tokens that have a label. Spans have a distribution over the tokens for the first and one for the last, of
// which it is the mean. Of a set of labels each is there or not, so it is the mean over the labels of KL between these two.
func softLoss(s *finetune.StepGraph, teacher *Node, temperature float64) *Node {
	student := s.Logits
	var losses, weights *Node
	switch {
	case s.Labels.Rank() == 3: // spans
		padding := MulScalar(ConvertDType(LessThan(s.Labels, ZerosLike(s.Labels)), student.DType()), 1e9)
		losses = ReduceMean(divergences(Sub(student, padding), Sub(teacher, padding), temperature, 1), -1)
		weights = s.RowWeights
	case student.Rank() == 3: // tagging
		losses = divergences(student, teacher, temperature, -1)
		labelled := ConvertDType(GreaterOrEqual(s.Labels, ZerosLike(s.Labels)), student.DType())
		weights = Mul(labelled, ExpandAxes(s.RowWeights, -1))
	case s.Labels.Rank() == 2: // sets of labels
		choice := func(z *Node) *Node { return Stack([]*Node{z, ZerosLike(z)}, -1) }
		losses, weights = ReduceMean(divergences(choice(student), choice(teacher), temperature, -1), -1), s.RowWeights
	default:
		return SoftLoss(student, teacher, s.RowWeights, temperature)
	}
	return MulScalar(mean(losses, weights), temperature*temperature)
}

// mix is (1−α)·loss + α·soft.
func (o Options) mix(loss, soft *Node) *Node {
	return Add(MulScalar(loss, 1-o.Alpha), MulScalar(soft, o.Alpha))
}

// SoftTargets is training with the logits of a teacher in the order of the training set: see finetune's Prepared.Logits. They are
// [examples][labels], or with Options.TokenOutputs those of the tokens of each of the student's encodings. The teacher itself takes no
// part. Only Temperature, Alpha and TokenOutputs of the options are read. Logits of another number of classes or tokens than the student's, or of fewer examples than are
// trained on, are an error of the training.
func SoftTargets(teacherLogits [][]float32, o Options) (*finetune.Method, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if o.HiddenStates > 0 || o.Attention > 0 || o.LayersOnly {
		return nil, fmt.Errorf("distill: soft targets alone have neither hidden states nor attention: use FromTeacher")
	}
	arguments := o.arguments()
	if arguments["teacher_logits"], err = sumOf(teacherLogits, o.TokenOutputs); err != nil {
		return nil, err
	}
	return &finetune.Method{
		Name: "distill.soft", Arguments: arguments,
		BatchInputs: func(b *gbert.Batch) map[string]*tensors.Tensor {
			return map[string]*tensors.Tensor{"teacher": rowsOf(teacherLogits, b, o.TokenOutputs)}
		},
		Loss: func(s *finetune.StepGraph, loss *Node) *Node {
			teacher := s.BatchInput("teacher")
			if teacher.Rank() != 2 {
				exceptions.Panicf("distill: there are teacher's logits for %d examples; the training set has more, or other tokens", len(teacherLogits))
			}
			if got, want := teacher.Shape().Size(), s.Logits.Shape().Size(); got != want {
				rows := s.Logits.Shape().Dimensions[0]
				exceptions.Panicf("distill: the teacher has %d classes, the student %d", got/rows, want/rows)
			}
			return o.mix(loss, softLoss(s, Reshape(teacher, s.Logits.Shape().Dimensions...), o.Temperature))
		},
	}, nil
}

// sumOf is a hash of the teacher's logits, which must be numbers: of at least two classes, or outputs for each token.
func sumOf(logits [][]float32, outputs int) (string, error) {
	if len(logits) == 0 {
		return "", fmt.Errorf("distill: there are no logits of the teacher")
	}
	labels := len(logits[0])
	if outputs == 0 && labels < 2 {
		return "", fmt.Errorf("distill: the teacher has %d outputs an example; soft targets need at least 2 classes", labels)
	}
	hash := sha256.New()
	for i, row := range logits {
		switch {
		case outputs == 0 && len(row) != labels:
			return "", fmt.Errorf("distill: example %d has %d logits, example 0 has %d", i, len(row), labels)
		case outputs > 0 && len(row)%outputs != 0:
			return "", fmt.Errorf("distill: example %d has %d logits, which are not %d for each token", i, len(row), outputs)
		}
		for k, v := range row {
			if v-v != 0 {
				return "", fmt.Errorf("distill: logit %d of example %d is %g; a finite number was expected", k, i, v)
			}
		}
		if err := binary.Write(hash, binary.LittleEndian, row); err != nil {
			return "", fmt.Errorf("distill: %w", err)
		}
	}
	return hex.EncodeToString(hash.Sum(nil)[:8]), nil
}

// rowsOf are the logits of a batch's examples, [rows, labels], or with outputs those of their tokens, [rows, length · outputs], zero for
// padding. Where there are none for an example the result has rank 1, which the graph reports: this function cannot.
func rowsOf(logits [][]float32, b *gbert.Batch, outputs int) *tensors.Tensor {
	width := len(logits[0])
	if outputs > 0 {
		width = b.Length * outputs
	}
	flat := make([]float32, b.Rows*width)
	for row, example := range b.Index {
		if example >= len(logits) || len(logits[example]) > width {
			return tensors.FromFlatDataAndDimensions([]float32{0}, 1)
		}
		copy(flat[row*width:(row+1)*width], logits[example])
	}
	return tensors.FromFlatDataAndDimensions(flat, b.Rows, width)
}
