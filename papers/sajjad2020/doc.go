// Package sajjad2020 repeats the experiments of Sajjad, Dalvi, Durrani and Nakov, "On the Effect of Dropping Layers of Pre-trained
// Transformer Models" (Computer Speech & Language 2023; arXiv:2004.03844, first of 2020): layers of the pretrained model are
// dropped by position or by contribution, the rest is fine-tuned, and score, parameters and time are compared with the whole model.
//
// `bertlab reproduce layers` runs it; from Go, the example of experiment.Experiment does.
//
// What differs from the paper. The paper drops 2, 4 and 6 of the 12 layers of bert-base-cased and others and tests on GLUE; the
// default here is all-MiniLM-L6-v2 (6 layers, distilled already) on the movie and product reviews of Hutto and Gilbert 2014, so
// that it runs on a laptop; models and tasks, pair tasks such as RTE among them, are fields of [Config]. Differences are tested as
// pairs on the same examples. Only classification tasks are judged.
//
// Limits. Intervals are over test examples and seeds; with fewer than three seeds no strategy is called better than another. Times
// are compared by processor time where the processors compute, which other programs hardly change; steps of training are timed in
// turn, whole and smaller models on the same batch. The paper's table of scores is recalled.
package sajjad2020
