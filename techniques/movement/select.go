package movement

import (
	"math"
	"math/bits"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// The order of float32 numbers is that of int32 keys: the bits of the number, with those of a negative one but its sign flipped.
// The flip is its own inverse.

// fromKey is the number of a key, in the graph. Keys below that of −∞ are no numbers; they stand for −∞.
func fromKey(key *Node) *Node {
	key = Max(key, Const(key.Graph(), toKey(float32(math.Inf(-1)))))
	flip := BitwiseShiftRightLogicalScalar(BitwiseShiftRightArithmeticScalar(key, int32(31)), int32(1)) // 0 or 0x7fffffff
	return Bitcast(BitwiseXor(key, flip), dtypes.Float32)
}

// toKey is the key of a number, on the host.
func toKey(x float32) int32 {
	bits := int32(math.Float32bits(x))
	return bits ^ int32(uint32(bits>>31)>>1)
}

// topThresholds find the k largest of each row of values [R, n]; k is int32 [R], 1…n each. An element is among them when it is
// above the threshold, or equal to it with an index (in the row, from 0) up to the cutoff: of equal elements the first are
// taken. Both results are [R], float32 and int32.
//
// The threshold is found two bits of its key at a time: 16 times, the elements that reach each of three keys are counted in one
// pass over the values. That takes a fraction of the time of sorting them, and no loop in the graph, in which XLA would not let
// us reduce.
func topThresholds(values, k *Node) (thresholds, cutoffs *Node) {
	g, sets, n := values.Graph(), values.Shape().Dimensions[0], values.Shape().Dimensions[1]
	rows := 1
	for d := 1; d <= packMask; d++ {
		if n%d == 0 {
			rows = d
		}
	}
	values = Reshape(values, sets, rows, n/rows)
	spread := func(x *Node) *Node { return Reshape(x, sets, 1, 1) }
	key := BroadcastToDims(Const(g, int32(math.MinInt32)), sets)
	for bit := 30; bit >= 0; bit -= 2 {
		var packed *Node
		for i := range 3 {
			candidate := Add(key, Const(g, int32(uint32(i+1)<<bit))) // overflows as it should: keys begin at −2³¹
			reached := Where(GreaterOrEqual(values, spread(fromKey(candidate))), Const(g, int32(1)<<(packBits*i)), Const(g, int32(0)))
			if packed == nil {
				packed = reached
			} else {
				packed = Add(packed, reached)
			}
		}
		counts := ReduceSum(packed, 1) // at most rows ≤ packMask in each part
		digit := ZerosLike(key)
		for i := range 3 {
			part := BitwiseAnd(BitwiseShiftRightLogicalScalar(counts, int32(packBits*i)), Const(g, int32(packMask)))
			digit = Add(digit, ConvertDType(GreaterOrEqual(ReduceSum(part, 1), k), dtypes.Int32))
		}
		key = Add(key, Mul(digit, Const(g, int32(1)<<bit)))
	}
	thresholds = fromKey(key)
	above := ConvertDType(GreaterThan(values, spread(thresholds)), dtypes.Int32)
	equal := ConvertDType(Equal(values, spread(thresholds)), dtypes.Int32)
	wanted := Sub(k, ReduceSum(above, 1, 2))
	row, before := reach(ReduceSum(equal, 2), wanted)
	here := Equal(Iota(g, equal.Shape(), 1), spread(row))
	column, _ := reach(ReduceSum(Where(here, equal, ZerosLike(equal)), 1), Sub(wanted, before))
	return thresholds, Add(MulScalar(row, int32(n/rows)), column)
}

// Three counts of up to packMask share an int32.
const (
	packBits = 10
	packMask = 1<<packBits - 1
)

// reach is the first place where the running sum of each row of counts int32 [R, n] reaches a number [R], and the sum before that
// place; both [R]. Bisection takes little of these short rows, where a running sum would take n² steps on XLA.
func reach(counts, wanted *Node) (place, before *Node) {
	index := Iota(counts.Graph(), counts.Shape(), 1)
	sumBelow := func(end *Node) *Node {
		return ReduceSum(Where(LessThan(index, Reshape(end, -1, 1)), counts, ZerosLike(counts)), 1)
	}
	place = ZerosLike(wanted)
	for bit := bits.Len(uint(counts.Shape().Dimensions[1])) - 1; bit >= 0; bit-- {
		further := AddScalar(place, int32(1)<<bit)
		place = Where(LessThan(sumBelow(further), wanted), further, place)
	}
	return place, sumBelow(place)
}

func element(x *Node, i int) *Node { return Squeeze(Slice(x, AxisElem(i))) }

// isTop tells which elements are among the largest: values of any shape, their indices in the set, and the set's threshold and
// cutoff.
func isTop(values, index, threshold, cutoff *Node) *Node {
	return Or(GreaterThan(values, threshold), And(Equal(values, threshold), LessOrEqual(index, cutoff)))
}
