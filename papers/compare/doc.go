// Package compare puts any set of models on one table: what they can, what they take, how sure that is.
//
// All models read the same examples, on the same machine, in one run. Measured are the task's metric with its interval, the loss
// that is made by compressing, parameters, the file's size (as float32, as it is stored, and that after gzip), operations, the
// time of a forward pass at several batch sizes, and the peak memory of a process that has nothing but this model. The first
// model is the original; the others are compared with it in pairs, example by example (McNemar's exact test, paired bootstrap).
//
// The example of [Run] shows a table, a figure and advice.
//
// Details. Models are timed in turn, round by round, each round beginning with another one, on rows without padding; medians with
// quartiles, and the ratio to the original's time of the same round. The drop is the original's metric minus the model's; its
// resamples are kept, so that [Comparison.Advise] can say how probable it is that the drop is within a limit. Peak memory is
// measured in a child process, which the environment starts, because a process's peak never falls again. Each measurement is a step
// of a plan, so that further models, pairs and batch sizes keep what is there; [Plan] adds them to that of an experiment.
//
// Good to know. Several models are held against one original: of twenty true zeros, one p value is below 0.05 by chance.
//
// Limits. Memory is the host's. Other work on the machine makes times longer: the quartiles show it. Intervals are over examples;
// they do not include what another training run would change.
package compare
