// Package heads finds out which attention heads of a BERT matter, and takes the others out.
//
// What it does. ξ multiplies each head's output: MHAtt(x) = Σ_h ξ_h Att_h(x). A head is masked with ξ_h = 0, without
// retraining (Michel, Levy and Neubig 2019, "Are Sixteen Heads Really Better than One?", arXiv:1905.10650, section 2.3).
// [Measure] estimates each head's importance from gradients (their equation 2), [Ablate] masks each head alone, [KeepOne] all
// but one of a layer, [Prune] ever more of them, [Entropy] says how widely a head attends. [surgery.RemoveHeads] takes heads out for
// good: the matrices become smaller, and the model computes what it computed with those heads masked.
//
// How to use it: see the package's example.
//
// Details. Heads are numbered from 0, layers too, as in the pretrained model, also after others were removed. One executable
// serves all masks. Ablations compute what lies below the changed layer once, and all variants of a layer together.
//
// Good to know. Measure on training data and test on other data. Effects of single heads are mostly smaller than the noise of
// a dev set: compare as pairs, and look at the loss beside the accuracy. Masking saves no time; removing does, up to the
// heads' share of the computation (about a third).
package heads
