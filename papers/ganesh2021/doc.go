// Package ganesh2021 repeats the profile in Ganesh, Chen, Lou, Khan, Yang, Sajjad, Nakov, Chen and Winslett, "Compressing
// Large-Scale Transformer-Based Models: A Case Study on BERT" (TACL 9:1061–1080, 2021; arXiv:2002.11985, section 3): what each
// component of the model takes in parameters, operations, memory and time, which says where compression can gain something.
//
// `bertlab reproduce profile` runs it; from Go, the example of experiment.Experiment does.
//
// With B examples, S positions, hidden size D, L layers, A heads of size d = D/A and intermediate size F = 4·D, the pass takes
//
//	query, key, value   L·3·B·S·D²      multiply-accumulates
//	attention           L·2·B·S²·D
//	attention output    L·B·S·D²
//	feed-forward        L·2·B·S·D·F
//	pooler              B·D²
//
// What differs from the paper. The paper profiles BERT-base on a GPU and a CPU; here it is all-MiniLM-L6-v2 (6 layers of width 384),
// so that it runs on a laptop. BERT-base stands beside it, counted from its shape, and in the full protocol timed, too, with random
// weights, on whose values no time depends. The paper's numbers are in figures only: its claims are compared, not its values.
// Batches have no padding.
//
// Limits. Whether a GPU takes more memory than a CPU is told only where there is a GPU: then both are measured. Times are those of
// one machine; a busy one leaves claims about time open.
package ganesh2021
