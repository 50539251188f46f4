// Package sharing makes encoder layers of a BERT use the same weights.
//
// What it does. Cross-layer parameter sharing (Lan et al. 2020, "ALBERT: A Lite BERT for Self-supervised Learning of Language
// Representations", arXiv:1909.11942, section 3.1) gives one set of maps to several layers: all of them, those of attention alone,
// or those of the feed-forward network alone, with the LayerNorms that follow them. Layers are divided into groups of neighbours, and a group shares. [Tie] converts a
// pretrained model; the shared maps are stored once, loaded once and trained as one. [FactorEmbedding] stores the word table as a
// product V×E · E×H (the paper's "factorized embedding parameterization"). [Counts] counts the parameters of the
// models of ALBERT's tables 1 to 4.
//
// How to use it: see the example of [Tie]. The model that is given back is trained and saved as any other; its Dense has maps of its own
// in every layer again, which compute the same.
//
// Details. The paper gives no numbered equations. A shared map is a weight and its bias, θ. Its gradient is the sum of the gradients
// that the layers would have alone, and it has one place in the optimizer. The paper trains from scratch and needs no
// initialisation from separate layers; [Init] names three. The mean θ̄ of a group is its least-squares solution, which minimises
// Σ_l ‖θ_l − θ̂‖² over all θ̂. The best layer minimises it among the group's own layers: since Σ_j ‖θ_i − θ_j‖² =
// n‖θ_i − θ̄‖² + Σ_j ‖θ_j − θ̄‖², it is the layer nearest to the mean.
// [MeasureTransitions] measures how far layers move their input (the paper's figure 1).
//
// Good to know. Sharing saves storage and the memory of weights and optimizer. It saves no time: every layer is computed as before.
// A converted model has lost what its layers knew apart, and the mean of layers that were trained apart computes little of
// use: train it again. Sharing the feed-forward network costs the paper's models most of the accuracy.
//
// Limits. Ties of the chosen maps that a model already has are replaced by the new groups. Heads that are removed later go from all
// layers of a group: surgery.RemoveHeads refuses other sets. ALBERT's embeddings differ from those of a converted model, see
// [FactorEmbedding].
package sharing
