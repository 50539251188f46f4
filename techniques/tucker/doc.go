// Package tucker approximates the weights of a model by products of smaller ones: truncated singular value decompositions of single
// matrices, and Tucker decompositions of many matrices stacked into one tensor. The algebra is that of package tensor.
//
// What it does. [Factorise] replaces maps of a model by the two factors of their truncated SVD, one factorisation a matrix: form II of
// Wang, Ren et al. 2022 (arXiv:2205.10036). [Moments] measures what the maps meet, and the factors are then the best ones for that.
// [Bank] decomposes all matrices of a model together: forms III and IV, the matrix bank; gbert's Bank says how they are stored. Ranks
// are given, or come from the noise, from the energy to keep or from the parameters to spend.
//
// How to use it: see the examples of [Factorise] and [Bank].
//
// Limits. A bank of a BERT-base takes 1.6 GB while it is made. Factorise and Bank leave embeddings, pooler and heads as they are, and
// ask for fine-tuning or distillation afterwards: a small error of the weights is no small loss of accuracy. Factors are faster than
// their product below the break-even rank at best, since two small products use a processor less well than one.
package tucker
