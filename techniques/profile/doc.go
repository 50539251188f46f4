// Package profile says what a model takes, component by component: parameters, multiply-accumulates, memory and time, over a grid
// of batch sizes and lengths, as Ganesh et al. 2021 ("Compressing Large-Scale Transformer-Based Models: A Case Study on BERT", TACL
// 9:1061, section 3; arXiv:2002.11985) do for BERT-base. It takes any model that gbert loads, compressed ones too.
//
// What is measured is [Pass]: every layer at every position. A classifier computes [CLS] alone in its last layer
// (gbert.Forward.Layers), which is less; papers count the full encoder, and so does this package.
//
// Operations. With B examples, S positions, hidden size D, A heads of size d, intermediate size F, a layer takes
//
//	query, key, value   3·B·S·D·A·d
//	attention           2·B·S²·A·d      Q·Kᵀ and probabilities · V
//	attention output    B·S·A·d·D
//	feed-forward        2·B·S·D·F
//
// and the pooler B·D². Factored, tied and removed parts count as they are computed (gbert.Config.MACs). Each number stands beside a
// count of the products in the graph that is compiled, which knows nothing of the formulas, and beside XLA's own analysis, which
// counts sums, softmax and activations, too, and two operations for a multiply-accumulate.
//
// Memory. Activations are the results of matrix products, softmax, activation, LayerNorm and pooler, as float32: training keeps
// them all. Inference needs less; that is XLA's own account of the compiled pass, beside what the process was seen to take.
//
// Time. XLA fuses across components, so each has executables of its own: one for all layers that are alike, called with the
// weights of one layer after the other, in the order of the pass. A round times the whole pass and then each component; rounds are
// repeated, and medians with quartiles reported. What a call costs by itself is measured and taken off.
//
// ONNX Runtime runs a model as one graph and fuses across components: [MeasureONNX] times the whole pass there.
//
// Limits. A call takes its scratch memory anew, sometimes from the system: where a component has large intermediate results, such as
// the scores of long texts, it pays for that once a layer, the whole pass once. Inputs come from memory, where in the whole pass they may come from a cache; and what the whole pass fuses across
// components shows as a remainder, which may be negative. Everything is float32. Peak memory of the host is that of the process,
// and is told by Linux only.
package profile
