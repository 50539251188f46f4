// Package movement prunes the encoder of a BERT while it is fine-tuned: single weights, blocks, rows, columns, attention heads
// or feed-forward neurons.
//
// What it does. A map computes (W ⊙ M)·x, and the mask M follows from scores S of the weights. [Magnitude] keeps the weights of
// largest |W|. [Movement] learns S with the straight-through gradient ∂L/∂S = ∂L/∂W' ⊙ W, W' = M ⊙ W, and keeps the weights of
// largest S: those that move away from 0 (Sanh, Wolf and Rush 2020, "Movement Pruning", arXiv:2005.07683, equations 2 to 4).
// [Soft] keeps what is above a threshold and pays λ·R(S); [L0] draws masks from the hard concrete distribution and pays for
// their expected number (Louizos, Welling and Kingma 2018, arXiv:1712.01312). The kept share follows a cubic schedule (equation
// 5, [Options.KeepRatio]). Blocks, heads and neurons are those of Lagunas et al. 2021, "Block Pruning For Faster Transformers",
// arXiv:2109.04838: a head or a neuron has one score, shared by all its weights.
//
// How to use it: see the examples, of pruning in training and of pruning without. Where whole heads and neurons were pruned, they then
// go for real ([RemoveEmpty]), and the model is smaller and faster.
//
// Details. Top_v keeps int(v·n) units exactly; of equal scores the first are kept, so the run begins with scores of 0 in a
// defined way. v, thresholds and λ are inputs of the executables: nothing is compiled when they change. Thresholds are found
// once a step: on a processor by counting the bit patterns of the scores, elsewhere by bisection over them in the graph. Where the
// paper and its authors' code differ, the code is followed: masked weights get no gradient, so that only their score can bring them back; Soft's mask is σ(S) > τ; R and E(L0)
// are means; the penalty of L0 reads S, not log S. Remaining is a share of units: with heads and neurons, the share of weights
// may differ, because their matrices do. A magnitude of several weights is their ℓ2 norm, without biases.
//
// Good hyper-parameters. The paper's, for hundreds of thousands of examples: learning rate 3e-5, 6 to 10 epochs, batches of 16,
// scores at 1e-2 (L0: 1e-1), λ of 400 for Soft and 125 for L0. A short run needs larger steps of the weights, such as 1e-3, because
// they are trained anew behind the masks. The rate of Movement's scores hardly matters: only their order counts, and Adam's steps are
// proportional to the rate. Plain steps (ScoreOptimizer) are the paper's equation 4, and give the largest scores of either sign to the
// largest weights, half of which then go first. Without Lambda, Soft and L0 learn their multiplier to reach Remaining, which they then
// miss by a little, on short runs by more (after 400 steps Soft kept 26 % and L0 7 % of the weights, for 10 %): [Count] says what is
// left.
//
// Scores before cuts. Learned scores need about a thousand steps before their order says anything (the paper prunes after 5,400;
// [Options.Advice]). After 400, the masks of two seeds shared 11.5 % of their weights, where chance gives 10.0 %. What is pruned earlier is
// pruned at random. docs/measurements.md has the accuracy of all four kinds on SST-2's dev sentences.
//
// Effect. With masks on all single weights and embeddings frozen, a training step of a BERT of 6 layers, 384 wide, took 1.13 times
// (Magnitude) and 1.27 times (Movement) the processor time on two cores with a batch of 32 x 12 tokens; with more tokens, less:
// masks cost the same whatever the batch. Inference takes what it took.
//
// Limits. Only dense maps are pruned: factored and tied ones are refused. Zeros among the weights save no time; removed heads
// and neurons do. The floor of 0.5 % that the authors' code gives each matrix of Soft is not there.
package movement
