// Package distill trains a small model to do what a larger one, its teacher, does.
//
// What it does. Soft targets (Hinton, Vinyals and Dean 2015, arXiv:1503.02531, section 2): with the logits z of the student, v
// of the teacher and a temperature T, the loss is
//
//	(1−α)·CE(y, z) + α·T²·KL(softmax(v/T) ‖ softmax(z/T))
//
// The factor T² keeps the size of the gradients independent of T. Hidden states and attention maps (TinyBERT, Jiao et al. 2020,
// arXiv:1909.10351): mean squared errors between a student's layer and the teacher's that it is mapped to (equations 7 and 8).
//
// How to use it: see the examples, of soft targets alone, of layers and then predictions in two stages, as TinyBERT does it, and of
// both together with pruning.
//
// Good to know. T = 2 and α = 0.9 are those of block pruning (Lagunas et al. 2021). Soft targets cost nothing a step. FromTeacher
// runs the teacher in every step and keeps its weights on the device, and the student's last layer is computed at all positions.
//
// Limits. Attention maps are probabilities; TinyBERT takes the scores before the softmax. The teacher is not run with dropout.
// Both models read the same tokens, so they need the same vocabulary. Soft targets are for
// classes, at least two: of texts, of tokens, and for spans the places of an answer's first and last token; of a multi-label task each
// class is there or not. A regression has none.
package distill
