package gbert

import (
	"slices"
	"strings"
	"sync"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// weighed are inputs of every sort.
type weighed[T any] struct {
	BatchOf[T]
	Scale  T
	Terms  []T
	Named  map[string]T
	Nested struct{ Last T }
}

func row(values ...float32) *tensors.Tensor { return tensors.FromValue(values) }

// weighedSum is Scale·(Terms[0] − Terms[1] …) + first − second + Last, so that each input has a part of its own.
func weighedSum(in weighed[*Node]) []*Node {
	sum := in.Terms[0]
	for _, term := range in.Terms[1:] {
		sum = Sub(sum, term)
	}
	if in.Scale != nil {
		sum = Mul(sum, in.Scale)
	}
	return []*Node{Add(Sub(Add(sum, in.Named["first"]), in.Named["second"]), in.Nested.Last)}
}

func weighedInputs(terms ...float32) weighed[*tensors.Tensor] {
	in := weighed[*tensors.Tensor]{Scale: row(10), Named: map[string]*tensors.Tensor{"second": row(0.5), "first": row(0.25)}}
	in.Nested.Last = row(1000)
	for _, term := range terms {
		in.Terms = append(in.Terms, row(term))
	}
	return in
}

func valuesOf(t *testing.T, results *Results, err error) []float32 {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer results.Close()
	values, err := results.Values(0)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func TestInputsKeepTheirNamesInTheGraph(t *testing.T) {
	c, err := NewComputation[weighed[*tensors.Tensor]](goBackend(t), "weighed", weighedSum)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	results, err := c.Consume(weighedInputs(7, 2))
	if got := valuesOf(t, results, err); !slices.Equal(got, []float32{10*(7-2) + 0.25 - 0.5 + 1000}) {
		t.Errorf("%v", got)
	}
}

func TestInputsThatAreLeftOutAndListsOfOtherLengthsAreGraphsOfTheirOwn(t *testing.T) {
	c, err := NewComputation[weighed[*tensors.Tensor]](goBackend(t), "weighed", weighedSum)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	without := weighedInputs(7, 2, 1) // as many arrays of the same shapes as with Scale and two terms
	without.Scale = nil
	other := weighedInputs(7, 2)
	other.Named = map[string]*tensors.Tensor{"first": row(3), "second": row(4), "third": row(5)}
	for _, test := range []struct {
		in   weighed[*tensors.Tensor]
		want float32
	}{
		{weighedInputs(7, 2), 10*(7-2) + 999.75},
		{without, 7 - 2 - 1 + 999.75},
		{weighedInputs(7, 2), 10*(7-2) + 999.75},
		{weighedInputs(7, 2, 1, 1), 10*(7-2-1-1) + 999.75},
		{other, 10*(7-2) + 999},
	} {
		results, err := c.Consume(test.in)
		if got := valuesOf(t, results, err); got[0] != test.want {
			t.Errorf("%v, %v was expected", got, test.want)
		}
	}
}

func TestOneComputationServesManyGoroutines(t *testing.T) {
	c, err := NewComputation[weighed[*tensors.Tensor]](goBackend(t), "weighed", weighedSum)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			terms := make([]float32, 1+i%3)
			terms[0] = float32(i)
			in := weighedInputs(terms...)
			defer Free(in)
			if err := c.Compile(in); err != nil {
				t.Error(err)
			}
			results, err := c.Run(in)
			if err != nil {
				t.Error(err)
				return
			}
			defer results.Close()
			if got, err := results.Values(0); err != nil || got[0] != float32(10*i)+999.75 {
				t.Errorf("%d: %v, %v", i, got, err)
			}
		})
	}
	group.Wait()
}

func TestInputsThatAreNoArraysOrDifferAreRefused(t *testing.T) {
	type other[T any] struct {
		BatchOf[T]
		Weight T
	}
	type hidden[T any] struct{ x T }
	type number[T any] struct {
		X T
		N int
	}
	_ = hidden[int]{x: 1}
	refused := func(mentions string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), mentions) {
			t.Errorf("%v, %q was expected", err, mentions)
		}
	}
	b := goBackend(t)
	_, err := NewComputation[maskedBatch[*tensors.Tensor]](b, "p", func(in other[*Node]) []*Node { return nil })
	refused("HeadMask in a call and Weight in the graph", err)
	_, err = NewComputation[maskedBatch[*tensors.Tensor]](b, "p", func(in Input) []*Node { return nil })
	refused("the same fields", err)
	_, err = NewComputation[hidden[*tensors.Tensor]](b, "p", func(in hidden[*Node]) []*Node { return nil })
	refused("exported", err)
	_, err = NewComputation[number[*tensors.Tensor]](b, "p", func(in number[*Node]) []*Node { return nil })
	refused(".N is int", err)
	_, err = NewComputation[[]*tensors.Tensor](b, "p", func(in map[string]*Node) []*Node { return nil })
	refused("[]*tensors.Tensor in a call and map[string]*graph.Node in the graph", err)
	_, err = NewComputation[Input](b, "p", func(in Input) []*Node { return nil })
	refused(".IDs is *graph.Node in a call", err)
	c, err := NewComputation[batchInputs](b, "p", func(in Input) []*Node { return []*Node{in.IDs} })
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Run(batchInputs{})
	refused("there are no inputs", err)
}

// batchInputs is a batch for a call.
type batchInputs = BatchOf[*tensors.Tensor]

func TestANameOfASessionStandsForOneSortOfInputs(t *testing.T) {
	s := session(t, goBackend(t), load(t, "tiny"))
	if _, err := NewProgram[maskedBatch[*tensors.Tensor]](s, "logits", maskedLogits); err != nil {
		t.Fatal(err)
	}
	_, err := NewProgram[BatchOf[*tensors.Tensor]](s, "logits", func(begin func(Taps) *Forward, in Input) []*Node { return []*Node{begin(Taps{}).Logits(in)} })
	if err == nil || !strings.Contains(err.Error(), "logits: the session has a program of this name with other inputs") {
		t.Error(err)
	}
}

func TestResultsAreFreedOnceAndWhatIsTakenStays(t *testing.T) {
	c, err := NewComputation[*tensors.Tensor](goBackend(t), "both", func(x *Node) []*Node { return []*Node{AddScalar(x, 1), AddScalar(x, 2)} })
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	in := row(1, 2)
	results, err := c.Run(in)
	if err != nil {
		t.Fatal(err)
	}
	first, second := results.At(0), results.Take(1)
	results.Close()
	results.Close()
	(*Results)(nil).Close()
	if first.Ok() {
		t.Error("a result is there after Close")
	}
	if results.At(1) != nil || !slices.Equal(tensors.MustCopyFlatData[float32](second), []float32{3, 4}) {
		t.Error("what was taken went with the others")
	}
	second.MustFinalizeAll()
	if !in.Ok() {
		t.Fatal("Run freed its input")
	}
	if results, err = c.Consume(in); err != nil || in.Ok() {
		t.Errorf("Consume: %v; its input is there: %v", err, in.Ok())
	}
	results.Close()
}
