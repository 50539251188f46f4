package movement

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// The order of float32 numbers is that of int32 keys: the bits of the number, with those of a negative one but its sign flipped.
// The flip is its own inverse.

// fromKey is the number of a key, in the graph.
func fromKey(key *Node) *Node {
	flip := BitwiseShiftRightLogicalScalar(BitwiseShiftRightArithmeticScalar(key, int32(31)), int32(1)) // 0 or 0x7fffffff
	return Bitcast(BitwiseXor(key, flip), dtypes.Float32)
}

// toKey is the key of a number, on the host.
func toKey(x float32) int32 {
	bits := int32(math.Float32bits(x))
	return bits ^ int32(uint32(bits>>31)>>1)
}

// topThresholds find, for each set of arrays, the k largest among all elements of the set; k is int32 [sets], 1…n each. An
// element is among them when it is above the threshold, or equal to it with an index up to the cutoff: of equal elements the
// first are taken. The index counts from 0 through the arrays of the set, one after the other. Both results are [sets],
// float32 and int32.
//
// The threshold is found by bisection over the keys, 32 counts of each array. That is faster than sorting, works array by
// array without a copy, and needs no loop in the graph, which XLA does not let us reduce in.
func topThresholds(sets [][]*Node, k *Node) (thresholds, cutoffs *Node) {
	g, n := k.Graph(), len(sets)
	full := func(value int32) *Node { return BroadcastToDims(Const(g, value), n) }
	lo, hi := full(toKey(float32(math.Inf(-1)))), full(toKey(float32(math.Inf(1))))
	for range 32 {
		middle := Sub(BitwiseOr(lo, hi), BitwiseShiftRightArithmeticScalar(BitwiseXor(lo, hi), int32(1))) // ⌈(lo + hi)/2⌉, safe of overflow
		enough := GreaterOrEqual(count(sets, fromKey(middle), GreaterOrEqual), k)
		lo, hi = Where(enough, middle, lo), Where(enough, hi, SubScalar(middle, int32(1)))
	}
	thresholds = fromKey(lo)
	wanted := Sub(k, count(sets, thresholds, GreaterThan))
	each := make([]*Node, n)
	for i, arrays := range sets {
		each[i] = Reshape(nth(arrays, element(thresholds, i), element(wanted, i)), 1)
	}
	return thresholds, Concatenate(each, 0)
}

// count counts, for each set, the elements that compare with the set's threshold, int32 [sets].
func count(sets [][]*Node, thresholds *Node, compare func(x, y *Node) *Node) *Node {
	counts := make([]*Node, len(sets))
	for i, arrays := range sets {
		var total *Node
		for _, x := range arrays {
			n := ReduceAllSum(ConvertDType(compare(x, element(thresholds, i)), dtypes.Int32))
			if total == nil {
				total = n
			} else {
				total = Add(total, n)
			}
		}
		counts[i] = Reshape(total, 1)
	}
	return Concatenate(counts, 0)
}

// nth is the index of the wanted-th element (from 1) that equals a value, counted through all arrays. It counts the elements
// row by row, and then looks into one row only.
func nth(arrays []*Node, value, wanted *Node) *Node {
	g := value.Graph()
	result, offset := Const(g, int32(0)), int32(0)
	for _, x := range arrays {
		size := x.Shape().Size()
		columns := size
		if x.Rank() > 1 {
			columns = x.Shape().Dimensions[x.Rank()-1]
		}
		rows := Reshape(ConvertDType(Equal(x, value), dtypes.Int32), size/columns, columns)
		row, before := reach(ReduceSum(rows, 1), wanted)
		inRow := ReduceSum(Where(Equal(Iota(g, rows.Shape(), 0), row), rows, ZerosLike(rows)), 0)
		column, _ := reach(inRow, Sub(wanted, before))
		at := AddScalar(Add(MulScalar(row, int32(columns)), column), offset)
		here := And(GreaterThan(wanted, Const(g, int32(0))), LessOrEqual(wanted, ReduceAllSum(rows)))
		result = Where(here, at, result)
		wanted = Sub(wanted, ReduceAllSum(rows)) // no longer positive once it was found
		offset += int32(size)
	}
	return result
}

// reach is the first place where the running sum of counts [n] reaches a number, and the sum before it.
func reach(counts, wanted *Node) (place, before *Node) {
	sums := CumSum(counts, 0)
	short := ConvertDType(LessThan(sums, wanted), dtypes.Int32)
	return ReduceAllSum(short), ReduceAllSum(Mul(short, counts))
}

func element(x *Node, i int) *Node { return Squeeze(Slice(x, AxisElem(i))) }

// isTop tells which elements are among the largest: values of any shape, their indices in the set, and the set's threshold and
// cutoff.
func isTop(values, index, threshold, cutoff *Node) *Node {
	return Or(GreaterThan(values, threshold), And(Equal(values, threshold), LessOrEqual(index, cutoff)))
}
