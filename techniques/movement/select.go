package movement

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// orderKeys are int32 numbers in the order of float32 numbers: the bits of a float, with those of a negative one but its sign
// flipped. −0 comes just below +0.
func orderKeys(x *Node) *Node {
	bits := Bitcast(x, dtypes.Int32)
	flip := BitwiseShiftRightLogicalScalar(BitwiseShiftRightArithmeticScalar(bits, int32(31)), int32(1)) // 0 or 0x7fffffff
	return BitwiseXor(bits, flip)
}

// topThresholds find the k largest of each row of keys int32 [R, n], for k int32 [R, 1] of 1…n. An element is among them when
// its key is above the threshold, or equal to it with an index (in the row, from 0) up to the cutoff: of equal keys the first
// are taken. Both results are int32 [R, 1].
//
// The threshold is found by bisection over the values that a key can have, which ends early for a row in which a value splits
// off exactly k; the cutoff by bisection over the indices, where there are more equal keys than are wanted.
func topThresholds(keys, k *Node) (thresholds, cutoffs *Node) {
	g, rows, n := keys.Graph(), keys.Shape().Dimensions[0], keys.Shape().Dimensions[1]
	full := func(value int32) *Node { return BroadcastToDims(Const(g, value), rows, 1) }
	thresholds = bisect(full(-1<<31), full(1<<31-1), []*Node{keys, k}, func(lo, hi, one *Node, fixed []*Node) (newLo, newHi *Node) {
		keys, k := fixed[0], fixed[1]
		middle := Sub(BitwiseOr(lo, hi), halfDifference(lo, hi, one)) // ⌈(lo + hi)/2⌉
		count := countRows(GreaterOrEqual(keys, middle))
		enough, exact := GreaterOrEqual(count, k), Equal(count, k)
		return Where(enough, middle, lo), Where(exact, middle, Where(enough, hi, Sub(middle, one)))
	})
	above := countRows(GreaterThan(keys, thresholds))
	equal := countRows(Equal(keys, thresholds))
	wanted := Sub(k, above)
	last := full(int32(n - 1))
	start := Where(Equal(equal, wanted), last, ZerosLike(last))
	cutoffs = bisect(start, last, []*Node{keys, thresholds, wanted}, func(lo, hi, one *Node, fixed []*Node) (newLo, newHi *Node) {
		keys, thresholds, wanted := fixed[0], fixed[1], fixed[2]
		middle := Add(BitwiseAnd(lo, hi), halfDifference(lo, hi, one)) // ⌊(lo + hi)/2⌋
		index := Iota(keys.Graph(), keys.Shape(), 1)
		enough := GreaterOrEqual(countRows(And(Equal(keys, thresholds), LessOrEqual(index, middle))), wanted)
		return Where(enough, lo, Add(middle, one)), Where(enough, middle, hi)
	})
	return thresholds, cutoffs
}

// halfDifference is half of what two numbers do not share, rounded down: the sum of two int32 may overflow, this cannot.
func halfDifference(a, b, one *Node) *Node { return BitwiseShiftRightArithmetic(BitwiseXor(a, b), one) }

func countRows(condition *Node) *Node {
	return ReduceAndKeep(ConvertDType(condition, dtypes.Int32), ReduceSum, 1)
}

// bisect narrows lo and hi until they are equal in every row, and returns them. fixed is what the step needs to see. It gets
// the number one too, because a graph shares its scalar constants between functions that may not see each other's nodes: the
// loop must make none.
func bisect(lo, hi *Node, fixed []*Node, step func(lo, hi, one *Node, fixed []*Node) (newLo, newHi *Node)) *Node {
	g := lo.Graph()
	initial := append([]*Node{lo, hi, Const(g, int32(1))}, fixed...)
	closure := func(body func(state []*Node) []*Node) *Function {
		return NewClosure(g, func(g *Graph) []*Node {
			state := make([]*Node, len(initial))
			for i, node := range initial {
				state[i] = Parameter(g, fmt.Sprintf("state%d", i), node.Shape())
			}
			return body(state)
		})
	}
	goOn := closure(func(state []*Node) []*Node {
		open := ReduceAllMax(ConvertDType(NotEqual(state[0], state[1]), dtypes.Int32))
		return []*Node{Equal(open, state[2])}
	})
	body := closure(func(state []*Node) []*Node {
		newLo, newHi := step(state[0], state[1], state[2], state[3:])
		open := NotEqual(state[0], state[1])
		return append([]*Node{Where(open, newLo, state[0]), Where(open, newHi, state[1])}, state[2:]...)
	})
	return While(goOn, body, initial...)[0]
}

// isTop tells which elements are among the largest: keys of any shape, their indices, and the threshold and cutoff of their row.
func isTop(keys, index, threshold, cutoff *Node) *Node {
	return Or(GreaterThan(keys, threshold), And(Equal(keys, threshold), LessOrEqual(index, cutoff)))
}
