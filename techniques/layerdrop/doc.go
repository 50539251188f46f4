// Package layerdrop takes whole encoder layers out of a BERT.
//
// What it does. A dropped layer is gone with its weights; the layer above reads what the layer below it wrote. The dropped model
// is a shallower BERT, which is fine-tuned as any other (Sajjad, Dalvi, Durrani and Nakov 2023, "On the Effect of Dropping Layers
// of Pre-trained Transformer Models", arXiv:2004.03844, section 3). [Select] chooses the layers by position: top, bottom,
// symmetric or alternate. [Measure] and [ByContribution] choose them by how little they change a sentence's representation (their
// contribution-based strategy). [Progressive] drops them one after another while training. [Travel] says how far fine-tuning
// moves each layer.
//
// How to use it: see the package's example.
//
// Details. Layers are numbered from 0, as they are in the model at hand; [surgery.Origins] translates to the pretrained model's numbers,
// and the paper counts from 1. Pooler and heads stay: the pooler reads the layer that is now the last. The paper gives no numbered
// equations; the definitions stand with each [Strategy].
//
// Good to know. Dropping before fine-tuning is the paper's way; dropping after it, without training again, loses much more. Time
// falls with the layers; parameters less, since the embeddings stay.
//
// Limits. Similarity is the mean cosine of examples, not centred kernel alignment. Progressive training begins a learning-rate
// schedule of its own for each part.
package layerdrop
