// Package zafrir2019 repeats the experiment of Zafrir, Boudoukh, Izsak and Wasserblat 2019, "Q8BERT: Quantized 8Bit BERT" (NeurIPS
// EMC² workshop; arXiv:1910.06188): quantisation-aware training (section 2) against dynamic quantisation after training (section 3.2,
// table 1), and the size of the model.
//
// `bertlab reproduce quantise` runs it; from Go, the example of experiment.Experiment does.
//
// What differs from the paper. The paper fine-tunes bert-base-uncased and large on eight tasks of GLUE and SQuAD with five seeds; the
// default here is all-MiniLM-L6-v2 on two sentiment tasks that are free to download, with three; all are fields of [Config]. Weights have
// a scale for each row where the paper has one for each matrix, because ONNX Runtime computes so. While training, the range of inputs is
// the batch's, where the paper keeps an exponential average. Static ranges and those of rows are added, as are the cost of each matrix
// alone and the speed in ONNX Runtime. The paper's table was not at hand: its numbers are recalled, but for two that were found.
package zafrir2019
