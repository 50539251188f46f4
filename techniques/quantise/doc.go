// Package quantise stores the encoder's maps and the word table of a BERT as eight-bit integers, and multiplies such numbers.
//
// What it does. A matrix W becomes codes from −127 to 127 with a scale for each row, its largest absolute value over 127. What enters a
// map becomes codes too, as it passes: over the range of the whole batch (gbert's DynamicInputs), over that of each token (RowInputs), or
// over one that was measured beforehand on a calibration sample and is stored (StaticInputs: [Observe], then a [Rule]). The product is one
// of whole numbers, of which float32 is made once ([Quantise]). Quantisation-aware training (Zafrir et al. 2019, "Q8BERT: Quantized 8Bit
// BERT", arXiv:1910.06188, section 2) computes with rounded weights and inputs while float32 weights are trained; the gradient passes
// straight through the rounding (Bengio et al. 2013, arXiv:1308.3432): [Training] is a method of fine-tuning that combines with others,
// such as distillation.
//
// How to use it:
//
//	observed, err := quantise.Observe(ctx, session, sample, nil)
//	ranges, err := observed.Ranges(quantise.Percentile(99.99))
//	o := quantise.Options{Inputs: gbert.StaticInputs, Ranges: ranges}
//	small, report, err := quantise.Quantise(model, o)
//
//	method, err := quantise.Training(model, o) // or with training
//	result, err := finetune.Train(ctx, backend, model, train, dev, finetune.Options{Method: method})
//	small, report, err = quantise.Quantise(result.Model, o)
//
// Details. Codes and products are those of ONNX Runtime: float32 with every operation rounded, halves to the even number, unsigned codes
// of inputs with a zero point (gbert's Int8Matrix.Multiply computes them to the bit). On XLA the same is computed but for the last bits,
// since it fuses operations. A dynamic range is that of the whole batch, padding included, so an example's logits change by some
// thousandths with its neighbours; with ranges of a row, and with stored ones, they do not. [Sweep] measures what each map alone costs, in
// one executable, and [Sensitivities.Keep] names those that are better left in float32.
//
// Good hyper-parameters. Dynamic ranges need no data. For stored ones a few hundred training examples do; the percentile matters more
// than their number, because a few activations of BERT are far larger than all others. Training as for the task itself, with the
// rate of fine-tuning or a half of it, from the fine-tuned model or from the pretrained one as the paper does.
//
// Limits. The pooler, the classifier, LayerNorms, biases, positions, the products of the attention and slices of a bank stay in float32.
// The paper keeps averages of ranges while it trains; here training uses the ranges of the batch, or the stored ones. Evaluation in the
// course of a training sees rounded weights, but not rounded inputs. NaN and infinite weights are refused: they would become ordinary codes.
package quantise
