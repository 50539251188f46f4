// Package wang2022 repeats, on models that a laptop trains, what Wang, Ren et al. (ICLR 2022, arXiv:2205.10036), "Exploring Extreme
// Parameter Compression for Pre-trained Language Models", do to BERT: all matrices of the encoder are decomposed, each by itself (form
// II), with factors that all share (III), or together as a matrix bank (IV), and the small model learns from the whole one.
//
// `bertlab reproduce tucker` runs it; from Go, the example of experiment.Experiment does.
//
// Claims: what sharing does to the reconstruction error at equal parameters, whether that error predicts accuracy, the paper's
// parameter counts, HOOI against HOSVD, what distillation gives back, and time against operations.
//
// Limits. The paper distils for epochs of a large corpus before the task; here there is the task alone. The ranks follow the
// parameters to spend (techniques/tucker, BudgetRanks), which for IV is one choice among many.
package wang2022
