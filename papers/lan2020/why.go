package lan2020

import (
	"fmt"

	"gonum.org/v1/gonum/stat"

	"bertlab/gbert"
)

// Why are the numbers by which the narrative says why sharing the feed-forward network costs more than sharing attention: how many of a
// layer's parameters each has, how far their matrices are from the mean of the layers, and what sharing each costs.
func (r edition) Why() map[string]any {
	parts := r.of(Scheme{})[0].Parts
	attention, ffn := r.apart(gbert.Query, gbert.Key, gbert.Value, gbert.AttentionOutput), r.apart(gbert.FFNIn, gbert.FFNOut)
	numbers := map[string]any{
		"ffnPart":        fmt.Sprintf("%.0f", 100*float64(parts.FFN)/float64(parts.FFN+parts.Attention)),
		"attentionApart": fmt.Sprintf("%.2f", attention), "ffnApart": fmt.Sprintf("%.2f", ffn), "ffnIsFarther": ffn > attention, "compared": false,
	}
	first, ok := r.between(shareAttention, Scheme{})
	second, also := r.between(shareFFN, Scheme{})
	if ok && also {
		numbers["compared"], numbers["ffnIsWorse"] = true, second.Value < first.Value
		numbers["attentionLost"], numbers["ffnLost"] = first.Points(), second.Points()
		apart, _ := r.between(shareAttention, shareFFN)
		numbers["toldApart"], numbers["between"] = apart.Low > 0 || apart.High < 0, apart.Points()
	}
	return numbers
}

// apart is how far matrices are from the mean of the pretrained layers, ‖θ − θ̄‖ / ‖θ‖, mean over layers and roles.
func (r *Result) apart(roles ...gbert.Role) float64 {
	var list []float64
	for _, layer := range r.Distances {
		for _, role := range roles {
			list = append(list, layer.Roles[role])
		}
	}
	return stat.Mean(list, nil)
}
