package main

import "bertlab/gbert"

// lengthMACs are a classifier's operations for one example of Length tokens.
type lengthMACs struct {
	Length int `json:"length"`
	Before int `json:"before"`
	After  int `json:"after"`
}

// macLengths are the lengths at which operations are counted.
var macLengths = []int{64, 128, 256}

// countMACs counts the operations of a model before and after, at the lengths that it can read; if it can read none of them, at
// its longest.
func countMACs(before, after *gbert.Config) []lengthMACs {
	count := func(length int) lengthMACs {
		return lengthMACs{length, before.MACs(length, true).Total(), after.MACs(length, true).Total()}
	}
	var counts []lengthMACs
	for _, length := range macLengths {
		if length <= before.MaxPositionEmbeddings {
			counts = append(counts, count(length))
		}
	}
	if counts == nil {
		counts = append(counts, count(before.MaxPositionEmbeddings))
	}
	return counts
}
