// Package landscape looks at the loss around a fine-tuned BERT: along the way from the pretrained weights, and across it.
//
// What it does. With θ₀ before and θ₁ after fine-tuning, and θ₂ after fine-tuning on another data set (Hao, Dong, Wei and Xu 2019,
// "Visualizing and Understanding the Effectiveness of BERT", arXiv:1908.05620):
//
//	δ₁ = θ₁ − θ₀        δ₂ = (θ₂ − θ₀) · ‖δ₁‖/‖θ₂ − θ₀‖
//	f(α) = J(θ₀ + αδ₁)        f(α, β) = J(θ₀ + αδ₁ + βδ₂)
//
// J is the loss of the task with the learned classification head, which stays as it is at every point; dropout is off; every point
// is evaluated on the same examples. [Explorer.Sweep] measures a grid, [Explorer.Rollback] sets a group of layers back to θ₀,
// [Project] places weights on the way, [Space.Geometries] has lengths and angles, [Width] and [Rise] say how wide an optimum is
// and how smooth the way to it.
//
// How to use it: see the example of [Explorer.Sweep].
//
// Details. Everything moves but the head: embeddings, all layers with their LayerNorms, and the pooler where θ₀ has one. The ends
// of the space stay on the device; a point is their weighted sum (1−α−β')θ₀ + αθ₁ + β'θ₂, β' = β‖δ₁‖/‖θ₂−θ₀‖, made by one
// executable that all points and all layers share, so θ₀ and θ₁ are met to the bit, no weight leaves the device, and nothing is
// compiled on the way. What lies below a moving part is computed once.
//
// Good to know. A second seed is not another data set: the paper's δ₂ comes from another task. The directions are compared after
// one scaling of the whole, not filter by filter, so surfaces of models of different norms are drawn in units of their own δ₁. Far
// from [0, 1] losses grow large: see [LargestLoss]. Classification only.
package landscape
