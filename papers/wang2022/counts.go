package wang2022

import (
	"bertlab/gbert"
)

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

// counts counts the paper's models as it does: everything but the word embeddings and the classifier.
func counts() ([]Count, error) {
	var list []Count
	for _, p := range printed {
		config, err := gbert.ParseConfig([]byte(`{"model_type": "bert", "vocab_size": 30522, "hidden_size": 768, "num_hidden_layers": 12,
			"num_attention_heads": 12, "intermediate_size": 3072, "max_position_embeddings": 512, "type_vocab_size": 2}`))
		if err != nil {
			return nil, err
		}
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
	return list, nil
}
