// Package gbert is BERT on GoMLX: the configuration, the weights, the encoder and its heads, loading from and saving to
// Hugging Face folders.
//
// The semantics and the names are those of modeling_bert.py in Hugging Face's transformers (Devlin et al. 2019,
// arXiv:1810.04805), so that a reader can hold the two side by side: post-LayerNorm encoder layers, exact (erf) GELU,
// weights stored [out, in], LayerNorm with epsilon 1e-12.
//
// A [Model] is a value on the host: a [Config] and named weights, memory-mapped from the file where possible. Surgery
// (removing heads, layers, neurons; factorising; tying) is model in, new model out; it is package gbert/surgery. A [Session] is the
// same weights on a device, with the programs compiled for them: see the package's example.
//
// # The two seams
//
// Everything that compresses a BERT attaches to it at one of two places.
//
//   - How a weight is stored, the linear seam: the encoder never multiplies by a matrix itself; it asks [Forward.Linear]
//     for the map of a (layer, [Role]). A [Form] says how that map is stored: dense, [Factored] (U·V), [Tied] to another layer's,
//     or [Banked]: slices of the model's [Bank], a Tucker decomposition of all its matrices. A form knows its weights, its product,
//     its operations and its dense equivalent; nothing else tells forms apart.
//   - What passes through, the [Taps]: a head mask ξ, a transform of any weight as it is read, and what to hand back
//     (hidden states, attention probabilities, per-head context). Taps are graph nodes, never Go constants, so one
//     executable serves a whole sweep.
//
// # Programs
//
// A [Program] is a graph function with the weights of a session. Its inputs have names: they are a struct, of nodes in the graph and
// of tensors in a call, see [BatchOf]. What it puts out are [Results], which their holder closes.
//
//	type scaled[T any] struct {
//		gbert.BatchOf[T]
//		Scale T
//	}
//	program, err := gbert.NewProgram[scaled[*tensors.Tensor]](session, "scaled", func(begin func(gbert.Taps) *gbert.Forward, in scaled[*Node]) []*Node {
//		return []*Node{Mul(in.Scale, begin(gbert.Taps{}).Logits(in.BatchOf))}
//	})
//	results, err := program.Consume(scaled[*tensors.Tensor]{batch.Tensors().BatchOf, tensors.FromScalar(float32(2))})
//	defer results.Close()
//
// A [Computation] is the same without a session. A [LayerPass] takes a batch through the model a layer at a time, and a [Prefix] keeps
// what enters the layers, for whoever changes something above them.
//
// # Compressed models are data
//
// A compressed model's shape is written in its config.json under the key "bertlab": for each layer the original numbers of
// the kept heads, the intermediate size and the form of each map, and a history of the operations that led there. Loading
// needs none of the techniques. [Model.Dense] turns any of them back into a plain Hugging Face BERT that computes the same
// function.
//
// ALBERT (Lan et al. 2020, arXiv:1909.11942) is a BERT with [Projected] embeddings whose layers are tied by groups. [Load] reads
// its checkpoints (model_type "albert") and [Model.Save] writes one back as it came, as long as it is one. With anything more, such
// as removed heads, it is saved in bertlab's own layout; its [Model.Dense] is an ALBERT with a group for each layer. In training,
// dropout stands where BERT and the published ALBERT code have it, also after the feed-forward network, where transformers' has none.
//
// # Heads
//
// The class in config.json and the tensors of the file decide which [Head] a model has. Those that classify texts or tokens, find
// spans or predict words are computed; others, such as that of multiple choice, and any other tensor that nothing is computed with,
// are carried from file to file ([Model.Carried]), or an operation that cannot keep them is refused by name.
//
// A model with many zeros keeps its shape. [Model.SaveCompact] writes it without them, [Load] puts them back, and
// [Model.Sizes] measures what that saves.
//
// # Limits
//
// Encoder-only BERT and ALBERT with absolute positions. Float32 arithmetic; float16 and bfloat16 files are converted as they are read.
package gbert
