package profile

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
)

// products are the matrix products of a graph.
type products struct {
	macs  int
	bytes int // of their results
}

// contracting finds the summed axes in GoMLX's description of a product, which it does not hand out otherwise.
var contracting = regexp.MustCompile(`lhsContractingAxes=\[([0-9 ]*)\]`)

// countProducts counts the multiply-accumulates of a graph: for each product the size of its result times the number of terms in
// each sum.
func countProducts(g *Graph) (products, error) {
	var p products
	for _, node := range g.Nodes() {
		if node.Type() != NodeTypeDotGeneral {
			continue
		}
		axes := contracting.FindStringSubmatch(node.String())
		inputs := node.Inputs()
		if axes == nil || len(inputs) < 2 {
			return p, fmt.Errorf("profile: a product cannot be read from its description %q", node)
		}
		terms := 1
		for _, axis := range strings.Fields(axes[1]) {
			i, err := strconv.Atoi(axis)
			if err != nil || i >= inputs[0].Rank() {
				return p, fmt.Errorf("profile: a product cannot be read from its description %q", node)
			}
			terms *= inputs[0].Shape().Dimensions[i]
		}
		p.macs += terms * node.Shape().Size()
		p.bytes += int(node.Shape().ByteSize())
	}
	return p, nil
}
