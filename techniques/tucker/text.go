package tucker

import (
	"errors"
	"strconv"
	"strings"
)

// ParseRank reads a rank, such as 64, or for a bank its layer rank with the rank of its width, such as 36-192. Nothing is read as 0.
func ParseRank(text string, bank bool) (layerRank, rank int, err error) {
	if text == "" {
		return 0, 0, nil
	}
	if bank {
		layers, width, ok := strings.Cut(text, "-")
		layerRank, first := strconv.Atoi(layers)
		rank, second := strconv.Atoi(width)
		if !ok || first != nil || second != nil {
			return 0, 0, errors.New("a bank has a layer rank and a width rank, such as 36-192")
		}
		return layerRank, rank, nil
	}
	if rank, err = strconv.Atoi(text); err != nil {
		return 0, 0, errors.New("a whole number was expected, such as 64 (two, such as 36-192, are for a bank)")
	}
	return 0, rank, nil
}

// ParseRule reads a rule for ranks: evbmf, which takes a matrix for low rank plus noise, or a part of the squared singular values, such as
// energy:0.95. Nothing is no rule.
func ParseRule(text string) (noise bool, energy float64, err error) {
	rule, part, _ := strings.Cut(text, ":")
	switch energy, err = strconv.ParseFloat(part, 64); {
	case text == "":
		return false, 0, nil
	case text == "evbmf":
		return true, 0, nil
	case rule == "energy" && err == nil && energy > 0 && energy <= 1:
		return false, energy, nil
	case rule == "energy":
		return false, 0, errors.New("the energy is above 0 and at most 1, such as energy:0.95")
	}
	return false, 0, errors.New("choose evbmf, or energy:PART such as energy:0.95")
}
