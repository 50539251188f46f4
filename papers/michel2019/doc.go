// Package michel2019 repeats the experiments on BERT of Michel, Levy and Neubig 2019, "Are Sixteen Heads Really Better than
// One?" (NeurIPS; arXiv:1905.10650): each head masked alone (section 3.2), all but one head of a layer (3.3), effects in and out
// of domain (3.4), iterative pruning by the importance of equation 2 (4.1), the speed of the pruned model (4.3).
//
// `bertlab reproduce heads` runs it; from Go, the example of experiment.Experiment does.
//
// What differs from the paper. The paper fine-tunes bert-base-uncased (144 heads) on MNLI and tests on MNLI-matched; the default
// here is all-MiniLM-L6-v2 (6 layers of 12 heads) on the movie reviews of Hutto and Gilbert 2014, so that it runs on a laptop;
// both are fields of [Config]. Single heads are tested with McNemar's exact test and a paired bootstrap of the loss instead of
// a t-test. The experiments on machine translation are not repeated.
package michel2019
