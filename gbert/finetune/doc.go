// Package finetune trains a BERT on a task and evaluates it.
//
// The recipe is that of Devlin et al. 2019 (arXiv:1810.04805, appendix A.3) as transformers' run_glue has it: AdamW with
// decoupled weight decay on everything but biases and LayerNorms (Loshchilov and Hutter 2019, arXiv:1711.05101), linear
// warm-up and decay, clipping by the global norm, dropout.
//
// Examples of similar length share a batch, and batches are padded to a few lengths chosen for the data, so that little is
// computed for padding. The same options and seed on the same backend give the same weights, also when a run was killed and
// went on from its checkpoint.
//
// # Limits
//
// One device, float32. Every weight that is not frozen has its two Adam moments on the device: 16 bytes a parameter.
package finetune
