// Package sanh2020 repeats the experiments of Sanh, Wolf and Rush 2020, "Movement Pruning: Adaptive Sparsity by Fine-Tuning"
// (NeurIPS; arXiv:2005.07683): magnitude, movement, soft movement and L0 pruning while fine-tuning (table 1, equation 5), their
// accuracy at ever fewer remaining weights (table 2, figure 2), the weights that remain (figure 4), scores and weights, local
// and global selection and where it prunes (figure 6), distillation (table 3). Beside them stands the speed of a model whose
// heads and neurons are pruned and removed (Lagunas et al. 2021, arXiv:2109.04838).
//
// `bertlab reproduce movement` runs it; from Go, the example of experiment.Experiment does.
//
// What differs from the paper. The paper prunes bert-base-uncased on SQuAD, MNLI and QQP in tens of thousands of steps; the default
// here is all-MiniLM-L6-v2 on the movie reviews of Hutto and Gilbert 2014, in thousands (Full) or hundreds (Quick): both are fields
// of [Config]. Quick uses the two lowest layers of the model. Learning rates are larger than the paper's 3e-5, because what is left of
// the model after the cut has to be trained anew in a hundredth of the steps. Soft movement and L0 learn their multiplier to reach the
// remaining share, where the paper tries values of λ. Lagunas' attention is pruned in blocks; here it is pruned in heads, because only
// those can be removed.
//
// When scores say something. A score is a sum of noisy gradients, divided by their size. Two trainings of the two lowest layers of
// all-MiniLM-L6-v2 on SST-2 (400 steps of 32 phrases, learning rate 1e-3, 10 % of the weights) with other seeds kept 11.5 % of the
// same weights, where masks at random share 10.0 %, and those of magnitude pruning shared 78 %. What remains is trained anew, so that
// accuracy alone does not tell learned masks from random ones. The result lists how far the masks of two seeds agree ([Agreement]), and
// verdicts that noise could bring about are taken back where the masks agree little more than by chance, and below 2,000 steps.
// With 4,000 steps, the first cut after 1,600 of them, and 3 % left, movement was above magnitude with each of three seeds, though not
// significantly: +0.8 points [−0.7, +2.4] on SST-2's dev set (docs/measurements.md).
//
// Limits. Paired tests compare predictions, right or wrong, whatever the task's primary metric is.
package sanh2020
