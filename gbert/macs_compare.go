package gbert

// LengthMACs are the operations of two models, one made from the other, for one example of Length tokens.
type LengthMACs struct {
	Length int `json:"length"`
	Before int `json:"before"`
	After  int `json:"after"`
}

// CompareMACs counts the operations of a model before and after, at 64, 128 and 256 tokens as far as it reads so many; if it reads fewer
// than 64, at its longest.
func CompareMACs(before, after *Model) []LengthMACs {
	var counts []LengthMACs
	most := before.Config.MaxPositionEmbeddings
	for _, length := range []int{64, 128, 256} {
		if length <= most || counts == nil {
			length = min(length, most)
			counts = append(counts, LengthMACs{length, before.MACs(length).Total(), after.MACs(length).Total()})
		}
	}
	return counts
}
