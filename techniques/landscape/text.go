package landscape

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"bertlab/gbert"
)

// PartNames are the names of the parts that [PartNamed] knows.
var PartNames = []string{"whole", "low", "middle", "high", "embeddings"}

// PartNamed is the part of a name: one of [Thirds], the embeddings alone, or else [Whole].
func PartNamed(c *gbert.Config, name string) Part {
	for _, part := range Thirds(c) {
		if part.Name == name {
			return part
		}
	}
	if name == "embeddings" {
		return Part{Name: name, Embeddings: true}
	}
	return Whole(c)
}

// ParseRange reads the ends of an axis, such as -1,2.
func ParseRange(text string) (low, high float64, err error) {
	first, second, ok := strings.Cut(text, ",")
	low, err1 := strconv.ParseFloat(strings.TrimSpace(first), 64)
	high, err2 := strconv.ParseFloat(strings.TrimSpace(second), 64)
	if !ok || err1 != nil || err2 != nil || !(low < high && math.Abs(low) <= Farthest && math.Abs(high) <= Farthest) {
		return 0, 0, fmt.Errorf("two ascending numbers from −%g to %g were expected, such as -1,2", Farthest, Farthest)
	}
	return low, high, nil
}

// Lowest is the smallest loss of a set among the points of the grid, and where it is.
func (s *Surface) Lowest(set int) (loss float64, at Point) {
	loss = math.Inf(1)
	for j, row := range s.Sets[set].Loss {
		for i, v := range row {
			if v < loss {
				loss, at = v, Point{Alpha: s.Alpha[i], Beta: s.rows()[j]}
			}
		}
	}
	return loss, at
}
