package tucker

import "bertlab/gbert"

// Count is a model of Wang, Ren et al. 2022 and its parameters: in millions as the paper prints them (recalled), and counted.
type Count struct {
	Name    string  `json:"name"`
	Printed float64 `json:"printed"`
	Counted int     `json:"counted"`
}

// printed are the paper's models of BERT-base, with their parameters in millions.
var printed = []struct {
	name  string
	bank  gbert.Bank
	count float64
}{
	{"BERT-base (I)", gbert.Bank{}, 86.0},
	{"III-384", gbert.Bank{LeftRank: 384, RightRank: 384, Core: gbert.FullCore}, 23.0},
	{"IV-72-384", gbert.Bank{LeftRank: 384, RightRank: 384, Core: gbert.MixedCore, Cores: 72}, 12.3},
	{"IV-36-256", gbert.Bank{LeftRank: 256, RightRank: 256, Core: gbert.MixedCore, Cores: 36}, 3.9},
	{"IV-36-128", gbert.Bank{LeftRank: 128, RightRank: 128, Core: gbert.MixedCore, Cores: 36}, 1.9},
	{"III-64", gbert.Bank{LeftRank: 64, RightRank: 64, Core: gbert.FullCore}, 1.8},
}

// Counts counts the paper's models as it does: everything but the word embeddings and the classifier.
func Counts() []Count {
	var list []Count
	for _, p := range printed {
		config := gbert.BERTBase()
		if config.Bank = p.bank; p.bank != (gbert.Bank{}) {
			for l := range config.Layers {
				config.Layers[l].Forms = map[gbert.Role]gbert.Form{}
				for _, role := range gbert.LayerRoles {
					slices := 1
					if role == gbert.FFNIn || role == gbert.FFNOut {
						slices = 4
					}
					config.Layers[l].Forms[role] = gbert.Banked(slices)
				}
			}
		}
		count := Count{Name: p.name, Printed: p.count}
		for _, spec := range config.Weights() {
			if spec.Name != gbert.WordTableName() {
				count.Counted += spec.Size()
			}
		}
		list = append(list, count)
	}
	return list
}
