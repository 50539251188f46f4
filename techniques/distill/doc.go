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
// How to use it.
//
//	prepared, err := finetune.Prepare(backend, teacher, train, 128, 32, 1)
//	logits, err := prepared.Logits(ctx, teacherSession, nil, nil) // once; the teacher is not needed again
//	method, err := distill.SoftTargets(logits, distill.Options{})
//	result, err := finetune.Train(ctx, backend, student, train, dev, finetune.Options{Method: method})
//
// With layers, in two stages, as TinyBERT does it: first the layers alone, then the predictions.
//
//	first, err := distill.FromTeacher(teacher, student, distill.Options{HiddenStates: 1, Attention: 1, LayersOnly: true})
//	second, err := distill.SoftTargets(logits, distill.Options{Alpha: 1})
//
// Together with pruning:
//
//	both, err := finetune.Combine(pruning, method)
//
// Good to know. T = 2 and α = 0.9 are those of block pruning (Lagunas et al. 2021). Soft targets cost nothing a step. FromTeacher
// runs the teacher in every step and keeps its weights on the device, and the student's last layer is computed at all positions.
//
// Limits. Attention maps are probabilities; TinyBERT takes the scores before the softmax. The teacher is not run with dropout.
// Both models read the same tokens, so they need the same vocabulary. Soft targets are for
// classes, at least two: of texts, of tokens, and for spans the places of an answer's first and last token; of a multi-label task each
// class is there or not. A regression has none.
package distill
