// Package onnx writes and reads the ONNX format (https://onnx.ai), in which models go to other runtimes. It knows nothing of BERT.
//
// A [Graph] is built node by node, in the order of the computation. Every value has a type and a shape whose axes are numbers or
// names ("batch"), and all of them are written into the file: runtimes fuse operators only where shapes are provably equal, and
// many do not infer them.
//
//	g := onnx.New("classifier", 17)
//	x := g.Input("x", onnx.Float32, onnx.Named("batch"), onnx.Size(3))
//	w := g.Float32s("w", []int{3, 2}, values)
//	g.Output("logits", g.MatMul("dense", x, w))
//	err := g.Write("model.onnx")
//
// Nodes take their name from the caller, who says what they are in the model ("encoder/layer.3/attention/query"), and the operator;
// names are made unique. Only operators of the standard domain are used.
//
// [Open] reads the tensors of such a file back. It allocates in proportion to the file, and reads no file beside it but the one with
// its weights.
package onnx
