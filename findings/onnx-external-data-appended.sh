#!/usr/bin/env bash
# Version: onnx 1.23.2, onnxruntime 1.32.0, numpy 2.4.6, sympy 1.14.0 (Python 3.11).
# Behaviour: onnx.save with save_as_external_data appends the weights to a data file that is there already. The documented FileExistsError is
# meant to prevent that, but the location, which is relative to the model, is looked up in the working directory: a model that is saved into a
# folder from elsewhere is never refused. The new model reads its own weights at the end of the file; those of all models before lie in front
# of them, and nothing reads them. quantize_dynamic of ONNX Runtime goes the same way.
# Output (bytes of out/model.onnx.data, bytes that the model refers to, whether it reads its own weights):
#   onnx.save of float32: file 2359296, referred to 2359296, own weights True
#   onnx.save of float16: file 3538944, referred to 1179648, own weights True
#   onnx.save of int8: file 4128768, referred to 589824, own weights True
#   quantize_dynamic, first time: file 589824, referred to 589824
#   quantize_dynamic, second time: file 1179648, referred to 589824
#   onnx.save within out: FileExistsError
# Why it matters: experiments write one size after the other to the same place, and the size on disk is the result. A quarter of the weights is
# measured as one and three quarters of them, with the right answers, and a sweep that is repeated grows by each run.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6 sympy==1.14.0

cat >external.py <<'EOF'
import logging
import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import quantize_dynamic

logging.disable(logging.WARNING)
os.mkdir("out")


def model(kind):
    table = np.random.default_rng(0).integers(-9, 9, size=(768, 768)).astype(kind)
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "ids"], ["rows"])], "table",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["n"])],
        [helper.make_tensor_value_info("rows", helper.np_dtype_to_tensor_dtype(table.dtype), ["n", 768])],
        [numpy_helper.from_array(table, "table")])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(made)
    return made, table


def sizes(path):
    referred = sum(int(entry.value) for tensor in onnx.load(path, load_external_data=False).graph.initializer
                   for entry in tensor.external_data if entry.key == "length")
    return f"file {os.path.getsize(path + '.data')}, referred to {referred}"


for kind in ("float32", "float16", "int8"):
    made, table = model(kind)
    onnx.save(made, "out/model.onnx", save_as_external_data=True, location="model.onnx.data")
    read = numpy_helper.to_array(onnx.load("out/model.onnx").graph.initializer[0])
    print(f"onnx.save of {kind}: {sizes('out/model.onnx')}, own weights {read.dtype == kind and np.array_equal(read, table)}")

onnx.save(model("float32")[0], "float.onnx")
for time in ("first", "second"):
    quantize_dynamic("float.onnx", "out/dynamic.onnx", use_external_data_format=True)
    print(f"quantize_dynamic, {time} time: {sizes('out/dynamic.onnx')}")

os.chdir("out")
try:
    onnx.save(model("int8")[0], "model.onnx", save_as_external_data=True, location="model.onnx.data")
    print("onnx.save within out: saved")
except FileExistsError:
    print("onnx.save within out: FileExistsError")
EOF
got=$(venv/bin/python external.py 2>/dev/null)
want='onnx.save of float32: file 2359296, referred to 2359296, own weights True
onnx.save of float16: file 3538944, referred to 1179648, own weights True
onnx.save of int8: file 4128768, referred to 589824, own weights True
quantize_dynamic, first time: file 589824, referred to 589824
quantize_dynamic, second time: file 1179648, referred to 589824
onnx.save within out: FileExistsError'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
