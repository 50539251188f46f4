// Package tensor decomposes matrices and tensors: truncated singular value decompositions, Tucker decompositions and the canonical
// polyadic one, and ranks for them. It works on the host, in float64, and needs gonum alone.
//
// # What it does
//
// A tensor X of N modes becomes X ≈ G ×₁ U₁ ×₂ U₂ … ×_N U_N with a smaller core G and factors U_n of orthonormal columns.
// [HOSVD] takes the leading left singular vectors of each unfolding (De Lathauwer, De Moor and Vandewalle 2000, "A Multilinear
// Singular Value Decomposition", section 3), [STHOSVD] shrinks the tensor mode by mode on the way (Vannieuwenhoven, Vandebril and
// Meerbergen 2012, algorithm 1), [HOOI] improves the factors in turns (De Lathauwer, De Moor and Vandewalle 2000, "On the Best Rank-1
// and Rank-(R1, …, RN) Approximation", algorithm 4.2; Kolda and Bader 2009, figure 4.4). All three leave modes alone when asked to;
// [Tucker2] is HOOI on two modes (Kim et al. 2015, arXiv:1511.06530, section 3.1). [CP] gives each matrix of a stack a diagonal core.
//
// [TruncatedSVD] is the best approximation of one matrix (Eckart and Young 1936), [WeightedSVD] the best one for the inputs that the
// matrix meets. The rank comes from the noise ([EVBMF]: Nakajima, Sugiyama, Babacan and Tomioka 2013), from the energy to keep
// ([EnergyRank]) or from the parameters to spend ([BudgetRank], [BudgetRanks]).
//
// How to use it, the examples of the functions show.
//
// # Details
//
// Modes are numbered from 0. The columns of an unfolding are in row-major order of the other modes, the last one fastest, as in
// NumPy and TensorLy; Kolda and Bader let the first one run fastest, which permutes columns and changes no left singular vector.
// Singular vectors are unique up to their sign: here the entry of largest absolute value of each left vector is positive. Every result
// says which [Method] computed it: small matrices are decomposed exactly, long ones through the Gram matrix of their shorter side,
// which is summed up block by block without a copy of the unfolding, and matrices that are large on both sides by randomised
// projection. The same input gives the same result, whatever the machine's number of cores.
//
// # Limits
//
// The Gram matrix squares the condition: singular values below about 1e-8 of the largest are lost in it. The randomised method is near
// the best approximation, not equal to it. HOOI and CP find local optima. Relative errors of decompositions come from ‖X‖² − ‖G‖² and
// are good to about 1e-8; [Decomposition.RelativeError] computes them entry by entry. For one matrix, Tucker and Tucker-2 are the
// truncated SVD.
package tensor
