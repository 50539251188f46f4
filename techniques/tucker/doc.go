// Package tucker approximates weights by products of smaller ones: truncated singular value decompositions of single matrices,
// and Tucker decompositions of many matrices stacked into one tensor. The algebra works on the host, in float64, on gonum.
//
// What it does. A tensor X of N modes becomes X ≈ G ×₁ U₁ ×₂ U₂ … ×_N U_N with a smaller core G and factors U_n of orthonormal
// columns. [HOSVD] takes the leading left singular vectors of each unfolding (De Lathauwer, De Moor and Vandewalle 2000, "A
// Multilinear Singular Value Decomposition", section 3), [STHOSVD] shrinks the tensor mode by mode on the way (Vannieuwenhoven,
// Vandebril and Meerbergen 2012, algorithm 1), [HOOI] improves the factors in turns (De Lathauwer, De Moor and Vandewalle 2000, "On
// the Best Rank-1 and Rank-(R1, …, RN) Approximation", algorithm 4.2; Kolda and Bader 2009, figure 4.4). All three leave modes
// alone when asked to; [Tucker2] is HOOI on two modes (Kim et al. 2015, arXiv:1511.06530, section 3.1).
// [TruncatedSVD] is the best approximation of one matrix (Eckart and Young 1936), [WeightedSVD] the best one for the inputs that
// the matrix meets. The rank comes from the noise ([EVBMF]: Nakajima, Sugiyama, Babacan and Tomioka 2013), from the energy
// to keep ([EnergyRank]) or from the parameters to spend ([BudgetRank], [BudgetRanks]). [Factorise] does it to the maps of a
// model, one factorisation a matrix: form II of Wang, Ren et al. 2022 (arXiv:2205.10036). [Moments] measures what the maps meet.
// [Bank] decomposes all matrices of a model together: forms III and IV, the matrix bank; gbert's Bank says how they are stored.
// [CP] gives the slices diagonal cores.
//
// How to use it.
//
//	bank, err := tucker.Stack(slices, 768, 768) // 144 matrices of 768 × 768
//	d, err := tucker.HOSVD(ctx, bank, []int{72, 384, 384}, tucker.Options{})
//	better, err := tucker.HOOI(ctx, bank, []int{72, 384, 384}, tucker.HOOIOptions{MaxSweeps: 5})
//	fmt.Println(d.Errors[0], better.Errors, d.Parameters())
//	whole, err := better.Reconstruct()
//
//	moments, err := tucker.Moments(ctx, session, prepared, nil) // a *gbert.Session, a *finetune.Prepared
//	smaller, result, err := tucker.Factorise(ctx, model, tucker.FactoriseOptions{Ratio: 0.5, Moments: moments, Ridge: 0.01})
//	fmt.Println(result.ParametersBefore, result.ParametersAfter, result.Maps[0].RelativeError)
//
//	banked, result, err := tucker.Bank(ctx, model, tucker.BankOptions{LayerRank: 72, Rank: 384}) // IV-72-384
//
// Details. Modes are numbered from 0. The columns of an unfolding are in row-major order of the other modes, the last one
// fastest, as in NumPy and TensorLy; Kolda and Bader let the first one run fastest, which permutes columns and changes no left
// singular vector. Singular vectors are unique up to their sign: here the entry of largest absolute value of each left vector
// is positive. Every result says which [Method] computed it: small matrices are decomposed exactly, long ones through the Gram
// matrix of their shorter side, which is summed up block by block without a copy of the unfolding, and matrices that are large
// on both sides by randomised projection.
//
// Limits. The Gram matrix squares the condition: singular values below about 1e-8 of the largest are lost in it. The
// randomised method is near the best approximation, not equal to it. HOOI finds a local optimum. Relative errors of
// decompositions come from ‖X‖² − ‖G‖² and are good to about 1e-8; [Decomposition.RelativeError] computes them entry by entry.
// For one matrix, Tucker and Tucker-2 are the truncated SVD. A bank of a BERT-base takes 1.6 GB while it is made. Factorise and Bank leave embeddings, pooler and heads as they are, and ask
// for fine-tuning or distillation afterwards: a small error of the weights is no small loss of accuracy. Factors are faster than
// their product below the break-even rank at best, since two small products use a processor less well than one.
package tucker
