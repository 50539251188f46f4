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
	teacher = StopGradient(teacher)
	p := LogSoftmax(MulScalar(teacher, 1/temperature), -1)
	q := LogSoftmax(MulScalar(student, 1/temperature), -1)
	rows := ReduceSum(Mul(Exp(p), Sub(p, q)), -1)
	return MulScalar(Div(ReduceAllSum(Mul(rows, weights)), ReduceAllSum(weights)), temperature*temperature)
}

// mix is (1−α)·loss + α·soft.
func (o Options) mix(loss, soft *Node) *Node {
	return Add(MulScalar(loss, 1-o.Alpha), MulScalar(soft, o.Alpha))
}

// SoftTargets is training with the logits of a teacher, [examples][labels], in the order of the training set: see
// finetune's Prepared.Logits. The teacher itself takes no part. Only Temperature and Alpha of the options are read. Logits of
// another number of classes than the student's, or of fewer examples than are trained on, are an error of the training.
func SoftTargets(teacherLogits [][]float32, o Options) (*finetune.Method, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if o.HiddenStates > 0 || o.Attention > 0 || o.LayersOnly {
		return nil, fmt.Errorf("distill: soft targets alone have neither hidden states nor attention: use FromTeacher")
	}
	if len(teacherLogits) == 0 {
		return nil, fmt.Errorf("distill: there are no logits of the teacher")
	}
	labels := len(teacherLogits[0])
	if labels < 2 {
		return nil, fmt.Errorf("distill: the teacher has %d outputs an example; soft targets need at least 2 classes", labels)
	}
	hash := sha256.New()
	for i, row := range teacherLogits {
		if len(row) != labels {
			return nil, fmt.Errorf("distill: example %d has %d logits, example 0 has %d", i, len(row), labels)
		}
		for k, v := range row {
			if v-v != 0 {
				return nil, fmt.Errorf("distill: logit %d of example %d is %g; a finite number was expected", k, i, v)
			}
		}
		if err := binary.Write(hash, binary.LittleEndian, row); err != nil {
			return nil, fmt.Errorf("distill: %w", err)
		}
	}
	arguments := o.arguments()
	arguments["teacher_logits"] = hex.EncodeToString(hash.Sum(nil)[:8])
	return &finetune.Method{
		Name: "distill.soft", Arguments: arguments,
		BatchInputs: func(b *gbert.Batch) []*tensors.Tensor { return []*tensors.Tensor{rowsOf(teacherLogits, b)} },
		Loss: func(s *finetune.Step, loss *Node) *Node {
			teacher := s.BatchInput(0)
			if teacher.Rank() != 2 {
				exceptions.Panicf("distill: there are teacher's logits for %d examples; the training set has more", len(teacherLogits))
			}
			if student := s.Logits.Shape().Dimensions[1]; student != labels {
				exceptions.Panicf("distill: the teacher has %d classes, the student %d", labels, student)
			}
			return o.mix(loss, SoftLoss(s.Logits, teacher, s.RowWeights, o.Temperature))
		},
	}, nil
}

// rowsOf are the logits of a batch's examples, [rows, labels], zero for padding. Where there are none for an example the result
// has rank 1, which the graph reports: this function cannot.
func rowsOf(logits [][]float32, b *gbert.Batch) *tensors.Tensor {
	labels := len(logits[0])
	flat := make([]float32, b.Rows*labels)
	for row, example := range b.Index {
		if example >= len(logits) {
			return tensors.FromFlatDataAndDimensions([]float32{0}, 1)
		}
		copy(flat[row*labels:], logits[example])
	}
	return tensors.FromFlatDataAndDimensions(flat, b.Rows, labels)
}
