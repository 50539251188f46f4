package layerdrop

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bertlab/gbert"
)

// All are the present numbers of a model's layers.
func All(c *gbert.Config) []int {
	all := make([]int, c.NumHiddenLayers)
	for i := range all {
		all[i] = i
	}
	return all
}

// ParseLayers reads numbers of layers from text such as "9,10,11", in any order. Whether a model has them shows when they are dropped.
func ParseLayers(text string) ([]int, error) {
	layers := []int{}
	if strings.TrimSpace(text) == "" {
		return layers, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		layer, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || layer < 0 {
			return nil, fmt.Errorf("layerdrop: %q is not a list of layers; numbers from 0 with commas between them were expected, such as 9,10,11", text)
		}
		if slices.Contains(layers, layer) {
			return nil, fmt.Errorf("layerdrop: %q names layer %d twice", text, layer)
		}
		layers = append(layers, layer)
	}
	return layers, nil
}
