// Package hao2019 repeats the experiments of Hao, Dong, Wei and Xu 2019, "Visualizing and Understanding the Effectiveness of BERT"
// (EMNLP 2019, arXiv:1908.05620), on a model that is fine-tuned here: the loss along fine-tuning and across it, from pretrained and
// from random weights; the trajectories of both; the error on other data over the same plane; low, middle and high layers on their
// own; layers rolled back to the pretrained ones; and the paper's claims with what becomes of them.
//
// `bertlab reproduce landscape` runs it; from Go, the example of experiment.Experiment does.
//
// A run that was stopped resumes, and so does a surface, at its last point.
//
// Limits: the paper's BERT-large and its tasks are replaced by what a laptop can train; its claim that fine-tuning large models is
// robust to over-fitting is not tested.
package hao2019
