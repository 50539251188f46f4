"""Rewrites a graph with weights in eight bits as most exporters write it: python dequantise.py MODEL.onnx.

(x · codes) · scales becomes DequantizeLinear(codes, scales) and MatMul. Version: onnx 1.23.2.
"""

import sys

import onnx

model = onnx.load(sys.argv[1])
graph = model.graph
types = {i.name: i.data_type for i in graph.initializer}
casts = {n.output[0]: n for n in graph.node if n.op_type == "Cast" and types.get(n.input[0]) == onnx.TensorProto.INT8}
readers = {}
for node in graph.node:
    for name in node.input:
        readers.setdefault(name, []).append(node)
gone, nodes, rewritten = set(), [], 0
for node in graph.node:
    if node.op_type == "MatMul" and node.input[1] in casts:
        cast, scale = casts[node.input[1]], readers[node.output[0]][0]
        weight = node.name + "/dequantised"
        nodes.append(onnx.helper.make_node("DequantizeLinear", [cast.input[0], scale.input[1]], [weight], weight, axis=1))
        node.input[1], node.output[0] = weight, scale.output[0]
        gone |= {cast.output[0], scale.output[0]}
        rewritten += 1
        nodes.append(node)
    elif not (node.op_type in ("Cast", "Mul") and node.output[0] in gone):
        nodes.append(node)
kept = [n for n in nodes if n.output[0] not in {c for c in casts if c in gone}]
del graph.node[:]
graph.node.extend(kept)
del graph.value_info[:]
if rewritten == 0:
    sys.exit("no product with weights in eight bits alone is in the graph")
onnx.checker.check_model(model, full_check=True)
onnx.save(model, sys.argv[1])
