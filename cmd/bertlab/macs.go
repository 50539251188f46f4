package main

import "bertlab/gbert"

// lengthMACs are a model's operations for one example of Length tokens.
type lengthMACs struct {
	Length int `json:"length"`
	Before int `json:"before"`
	After  int `json:"after"`
}

// macLengths are the lengths at which operations are counted.
var macLengths = []int{64, 128, 256}

// countMACs counts the operations of a model before and after, at the lengths that it can read; if it can read none of them, at
// its longest.
func countMACs(before, after *gbert.Model) []lengthMACs {
	count := func(length int) lengthMACs {
		return lengthMACs{length, macsOf(before, length), macsOf(after, length)}
	}
	var counts []lengthMACs
	for _, length := range macLengths {
		if length <= before.Config.MaxPositionEmbeddings {
			counts = append(counts, count(length))
		}
	}
	if counts == nil {
		counts = append(counts, count(before.Config.MaxPositionEmbeddings))
	}
	return counts
}

// macsOf are a model's operations for one example.
func macsOf(m *gbert.Model, length int) int { return m.MACs(length).Total() }
