// Command runtimes compares what runtimes compute of a model in each storage form, and writes the tables of docs/runtimes.md.
//
//	go run ./internal/runtimes -model DIR -data SST-2 -web DIR                  # the tables of forms
//	go run ./internal/runtimes -model DIR -data SST-2 -part int8 -name NAME     # our eight bits beside ONNX Runtime's own
//
// DIR is a model that was fine-tuned on SST-2, SST-2 the folder of its files. BERTLAB_PEER_PYTHON names a Python with openvino and
// onnxruntime; -web a folder in which onnxruntime-web is installed (npm install onnxruntime-web). What is not there is left out.
//
// Each runtime computes in a process of its own, one for each form, driven line by line: so its memory is that of the model, and the
// runtimes can be timed in turn.
package main
