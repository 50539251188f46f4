package lan2020

import (
	"bertlab/figures"
	"bertlab/papers/experiment"
)

// Figures are counts, accuracies, then how far layers move their input, and time.
func (r edition) Figures() []experiment.Drawing {
	return []experiment.Drawing{
		{Name: "counts", Build: r.CountBars, Caption: r.T("The eight models of table 4: parameters counted from their shapes, beside the printed ones.")},
		{Name: "scores", Build: r.SharedBars, Caption: r.T("Accuracy by what all layers share: of a fine-tuned model that is converted and not trained again, of one that is converted and then fine-tuned, and of one that also learns from the whole model.")},
		{Name: "inits", Build: r.InitBars, Caption: r.T("Accuracy when all layers are shared, by what the shared layer starts from. The mean of the layers minimises the distance to all of them.")},
		{Name: "distances", Build: r.DistanceHeatmap, Caption: r.T("How far each part of each layer is from the mean of all layers. A value near 1 means that the mean keeps next to nothing of the layer.")},
		{Name: "parameters", Build: r.CostScatter, Caption: r.T("Accuracy against the number of parameters, embeddings included, one point for each model.")},
		{Name: "embedding-error", Build: r.ErrorCurve, Caption: r.T("Relative error of the best product of size E for the pretrained word table, given by the singular values that it leaves out.")},
		{Name: "embedding-scores", Build: r.EmbeddingCurves, Caption: r.T("Accuracy with a word table of size E, cut after fine-tuning without further training, or cut before it.")},
		{Name: "distance", Build: func() (*figures.Figure, error) { return r.TransitionCurves(false) }, Caption: r.T("L2 distance of the input and the output of each layer, as in the paper's figure 1.")},
		{Name: "angle", Build: func() (*figures.Figure, error) { return r.TransitionCurves(true) }, Caption: r.T("Angle between the input and the output of each layer, as in the paper's figure 1.")},
		{Name: "storage", Build: r.StorageBars, Caption: r.T("What is left of the parameters, and of the inference time.")},
	}
}
