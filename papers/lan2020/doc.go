// Package lan2020 repeats, from a pretrained BERT, what can be repeated of "ALBERT: A Lite BERT for Self-supervised Learning of Language
// Representations" (Lan, Chen, Goodman, Gimpel, Sharma and Soricut, ICLR 2020, arXiv:1909.11942): what it costs that layers share
// their weights (section 3.1, table 4), what a factorised word table costs (table 3), how many parameters that saves (tables 1, 3
// and 4), how far layers move their input (figure 1), and what becomes of the time (table 2).
//
// The paper trains its models from scratch on 16 GB of text. Here a pretrained model is converted, once for each [Scheme], and then
// fine-tuned as it is, or with the fine-tuned whole model as a teacher. So a sharing model begins with weights that were not made to
// be shared, and its loss includes what fine-tuning does not bring back.
//
// `bertlab reproduce sharing` runs it; from Go, the example of experiment.Experiment does.
//
// Limits. Pretraining itself, its data, and the sentence-order loss (table 5) are out of reach of this protocol. One classification task
// at a time, so the paper's averages over five tasks are not compared number by number: the order of the variants is.
package lan2020
