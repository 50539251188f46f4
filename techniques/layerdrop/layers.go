package layerdrop

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"bertlab/gbert"
)

// Origins are the numbers in the pretrained model, from 0, of layers given by their present numbers, in the same order.
func Origins(c *gbert.Config, layers []int) []int {
	origins := make([]int, len(layers))
	for i, layer := range layers {
		origins[i] = c.Layers[layer].Origin
	}
	return origins
}

// All are the present numbers of a model's layers.
func All(c *gbert.Config) []int {
	all := make([]int, c.NumHiddenLayers)
	for i := range all {
		all[i] = i
	}
	return all
}

// Without are the layers 0…layers−1 that are not dropped, ascending.
func Without(layers int, drop []int) []int {
	kept := []int{}
	for layer := range layers {
		if !slices.Contains(drop, layer) {
			kept = append(kept, layer)
		}
	}
	return kept
}

// FormatLayers writes layers as [ParseLayers] reads them: "9,10,11".
func FormatLayers(layers []int) string {
	parts := make([]string, len(layers))
	for i, layer := range layers {
		parts[i] = strconv.Itoa(layer)
	}
	return strings.Join(parts, ",")
}

// ParseLayers reads numbers of layers from text such as "9,10,11", in any order. Whether a model has them shows in [Drop].
func ParseLayers(text string) ([]int, error) {
	layers := []int{}
	if strings.TrimSpace(text) == "" {
		return layers, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		layer, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || layer < 0 {
			return nil, fmt.Errorf("layerdrop: %q is no list of layers; numbers from 0 with commas between them were expected, such as 9,10,11", text)
		}
		if slices.Contains(layers, layer) {
			return nil, fmt.Errorf("layerdrop: %q names layer %d twice", text, layer)
		}
		layers = append(layers, layer)
	}
	return layers, nil
}

// splitLayer takes the name of an encoder layer's weight apart into the layer's number and the rest.
func splitLayer(name string) (layer int, rest string, ok bool) {
	prefix, _ := strings.CutSuffix(gbert.LayerPrefix(0), "0.")
	tail, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return 0, "", false
	}
	number, rest, ok := strings.Cut(tail, ".")
	layer, err := strconv.Atoi(number)
	return layer, rest, ok && err == nil
}
