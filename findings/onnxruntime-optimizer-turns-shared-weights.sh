#!/usr/bin/env bash
# Version: onnxruntime 1.32.0, onnx 1.23.2, numpy 2.4.6, sympy 1.14.0 (Python 3.11).
# Behaviour: onnxruntime.transformers.optimizer folds a Transpose of a weight that feeds a MatMul by turning the weight itself, in place,
# once for each such node. Where several Transpose nodes read one weight, it is turned as often: an odd number gives the right file, an even
# number leaves the weight as it was, without its Transpose. If it is square, the file then computes something else, without an error or a
# warning. One Transpose node that feeds all products is folded rightly.
# Output (products with the transposed weight, and whether the answers are those of the file before):
#   a Transpose for each product: 1 True, 2 False, 3 True, 4 False
#   one Transpose for all: 1 True, 2 True, 3 True, 4 True
# Why it matters: models whose layers share weights, as ALBERT's do, read one matrix many times, and the matrices of attention are square.
# An exporter that writes a Transpose at each use gives a file that this optimizer changes where the number of layers is even.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6 sympy==1.14.0

cat >turned.py <<'EOF'
import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.transformers import optimizer

random = np.random.default_rng(0)
weight, x = (random.normal(size=size).astype(np.float32) for size in ((4, 4), (3, 4)))


def write(products, each):
    nodes, last = [], "x"
    for i in range(products):
        if each or i == 0:
            nodes.append(helper.make_node("Transpose", ["weight"], [f"turned{i}"], name=f"turn{i}", perm=[1, 0]))
        nodes.append(helper.make_node("MatMul", [last, f"turned{i if each else 0}"], [f"product{i}"], name=f"multiply{i}"))
        nodes.append(helper.make_node("Tanh", [f"product{i}"], [f"layer{i}"], name=f"bend{i}"))
        last = f"layer{i}"
    graph = helper.make_graph(
        nodes, "layers", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 4])],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, ["rows", 4])], [numpy_helper.from_array(weight, "weight")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), "before.onnx")


def run(path):
    return ort.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]


for title, each in (("a Transpose for each product", True), ("one Transpose for all", False)):
    same = []
    for products in (1, 2, 3, 4):
        write(products, each)
        optimizer.optimize_model("before.onnx", model_type="bert", opt_level=0).save_model_to_file("after.onnx")
        same.append(f"{products} {bool(np.abs(run('before.onnx') - run('after.onnx')).max() < 1e-5)}")
    print(f"{title}: " + ", ".join(same))
EOF
got=$(venv/bin/python turned.py 2>/dev/null)
want='a Transpose for each product: 1 True, 2 False, 3 True, 4 False
one Transpose for all: 1 True, 2 True, 3 True, 4 True'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
