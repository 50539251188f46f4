package heads

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"bertlab/gbert"
	"bertlab/gbert/surgery"
)

// Head is one attention head: its layer (present number, from 0) and its number in the pretrained layer, from 0.
type Head struct {
	Layer int `json:"layer"`
	Head  int `json:"head"`
}

// String is "layer:head".
func (h Head) String() string { return fmt.Sprintf("%d:%d", h.Layer, h.Head) }

// Set is a set of heads: layer to heads.
type Set map[int][]int

// NewSet makes a set of heads.
func NewSet(heads ...Head) Set {
	set := Set{}
	for _, h := range heads {
		if !slices.Contains(set[h.Layer], h.Head) {
			set[h.Layer] = append(set[h.Layer], h.Head)
		}
	}
	for _, list := range set {
		slices.Sort(list)
	}
	return set
}

// ParseSet reads "layer:head,head;layer:head", such as "0:3,5;2:1", with numbers from 0. The empty text is the empty set.
func ParseSet(text string) (Set, error) {
	var heads []Head
	for part := range strings.SplitSeq(text, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		layerText, list, ok := strings.Cut(part, ":")
		layer, err := strconv.Atoi(strings.TrimSpace(layerText))
		if !ok || err != nil || layer < 0 {
			return nil, fmt.Errorf("heads: %q is not of the form layer:head,head, such as 0:3,5;2:1", part)
		}
		for headText := range strings.SplitSeq(list, ",") {
			head, err := strconv.Atoi(strings.TrimSpace(headText))
			if err != nil || head < 0 {
				return nil, fmt.Errorf("heads: in %q, %q is not a head's number; write layer:head,head, such as 0:3,5;2:1", part, headText)
			}
			heads = append(heads, Head{layer, head})
		}
	}
	return NewSet(heads...), nil
}

// String writes the set as [ParseSet] reads it.
func (s Set) String() string { return surgery.FormatHeads(s) }

// Heads lists the set by layer and head.
func (s Set) Heads() []Head {
	var list []Head
	for _, layer := range slices.Sorted(maps.Keys(s)) {
		for _, head := range slices.Sorted(slices.Values(s[layer])) {
			list = append(list, Head{layer, head})
		}
	}
	return list
}

// Len is the number of heads.
func (s Set) Len() int {
	n := 0
	for _, list := range s {
		n += len(list)
	}
	return n
}

// Check reports heads that the model does not have (any more).
func (s Set) Check(c *gbert.Config) error { return surgery.CheckHeads(c, s) }

// Mask is ξ with 0 for the heads of the set and 1 for the others.
func (s Set) Mask(c *gbert.Config) (gbert.HeadMask, error) {
	if err := s.Check(c); err != nil {
		return nil, err
	}
	mask := gbert.NewHeadMask(c)
	for _, h := range s.Heads() {
		mask[h.Layer][h.Head] = 0
	}
	return mask, nil
}

// All lists the heads that a model has, by layer and head.
func All(c *gbert.Config) []Head {
	var list []Head
	for l, layer := range c.Layers {
		for _, head := range layer.Heads {
			list = append(list, Head{l, head})
		}
	}
	return list
}
