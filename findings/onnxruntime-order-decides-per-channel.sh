#!/usr/bin/env bash
# Version: onnxruntime 1.32.0, onnx 1.23.2, numpy 2.4.6 (Python 3.11).
# Behaviour: quantize_dynamic with per_channel=True, where a table is read by a Gather and as the weight of a MatMul: the node that comes
# first in the file decides. After the Gather the table has one scale for all, and the MatMul takes it as it is: per_channel is dropped
# without a word. After the MatMul it has a scale for each column, which the Gather cannot use: the call ends with an AssertionError
# without a message. Both orders are valid, and the same model.
# Output:
#   Gather first, one scale: 1 scales
#   Gather first, per_channel: 1 scales
#   MatMul first, one scale: 1 scales
#   MatMul first, per_channel: AssertionError ''
# Why it matters: a word table that is read twice is what tied embeddings and shared banks of factors give. The error of eight bits is larger
# than was asked for in one order, and in the other nothing says what is to be changed.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6

cat >table.py <<'EOF'
import logging

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import quantize_dynamic

logging.disable(logging.WARNING)
table = np.random.default_rng(0).normal(size=(16, 8)).astype(np.float32)
rows = helper.make_node("Gather", ["table", "ids"], ["rows"], name="rows")
mixed = helper.make_node("MatMul", ["weights", "table"], ["mixed"], name="mixed")
for order, nodes in (("Gather first", [rows, mixed]), ("MatMul first", [mixed, rows])):
    graph = helper.make_graph(
        nodes, "tied",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["n"]),
         helper.make_tensor_value_info("weights", TensorProto.FLOAT, ["n", 16])],
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["n", 8]),
         helper.make_tensor_value_info("mixed", TensorProto.FLOAT, ["n", 8])],
        [numpy_helper.from_array(table, "table")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, "model.onnx")
    for asked, per_channel in (("one scale", False), ("per_channel", True)):
        try:
            quantize_dynamic("model.onnx", "quantised.onnx", per_channel=per_channel)
            scale = {i.name: numpy_helper.to_array(i) for i in onnx.load("quantised.onnx").graph.initializer}["table_scale"]
            print(f"{order}, {asked}: {scale.size} scales")
        except Exception as error:
            print(f"{order}, {asked}: {type(error).__name__} {str(error)!r}")
EOF
got=$(venv/bin/python table.py 2>/dev/null)
want="Gather first, one scale: 1 scales
Gather first, per_channel: 1 scales
MatMul first, one scale: 1 scales
MatMul first, per_channel: AssertionError ''"
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
