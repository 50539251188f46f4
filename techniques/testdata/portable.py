"""Compares graphs of ONNX in onnx's checker, ONNX Runtime, OpenVINO and what ONNX Runtime's optimizer of transformers makes of them, with
logits that were computed elsewhere.

python portable.py DIR: each folder in DIR has onnx/model.onnx and batch.json: input_ids, attention_mask, token_type_ids, logits.
Prints the largest difference of each folder; exits 1 if one is above 1e-5, or a graph does not pass the checker.
Versions: onnx 1.23.2, onnxruntime 1.32.0, openvino 2026.4.1.
"""

import json
import logging
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
import openvino
from onnxruntime.transformers import optimizer

logging.disable(logging.WARNING)  # the optimizer says of each layer which number of heads it found
core = openvino.Core()
bad = False
for folder in sorted(p for p in pathlib.Path(sys.argv[1]).iterdir() if p.is_dir()):
    path = str(folder / "onnx" / "model.onnx")
    onnx.checker.check_model(path, full_check=True)
    onnx.shape_inference.infer_shapes(onnx.load(path), strict_mode=True, check_type=True)
    batch = json.loads((folder / "batch.json").read_text())
    want = np.array(batch.pop("logits"), dtype=np.float32)
    feed = {name: np.array(values, dtype=np.int64) for name, values in batch.items()}
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    got = session.run(["logits"], feed)[0]
    compiled = core.compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    also = compiled(feed)["logits"]
    config = json.loads((folder / "config.json").read_text())
    fused = optimizer.optimize_model(path, model_type="bert", num_heads=config["num_attention_heads"], hidden_size=config["hidden_size"], opt_level=0)
    fused.save_model_to_file(str(folder / "fused.onnx"))
    session = onnxruntime.InferenceSession(str(folder / "fused.onnx"), providers=["CPUExecutionProvider"])
    tuned = session.run(["logits"], {i.name: feed[i.name] for i in session.get_inputs()})[0]
    rows = want.shape[0]  # the rest is padding
    far = [float(np.abs(x[:rows] - want).max()) for x in (got, also, tuned)]
    counts = fused.get_fused_operator_statistics()
    print(folder.name, "onnxruntime %.1e openvino %.1e optimizer %.1e" % tuple(far), "attention fused %d" % counts["Attention"])
    bad = bad or not max(far) <= 1e-5
sys.exit(bad)
