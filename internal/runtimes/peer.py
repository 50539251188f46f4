"""A runtime with one model, driven line by line: python peer.py openvino|onnxruntime MODEL.onnx BATCHES.json THREADS.

Its requests and answers are those of compute.go. Versions: onnxruntime 1.32.0, openvino 2026.4.1.
"""

import json
import sys
import time

import numpy as np

kind, graph, file, threads = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
NAMES = {"input_ids": "IDs", "attention_mask": "Mask", "token_type_ids": "Types"}
with open(file) as text:
    batches = [
        {name: np.array(b[key], dtype=np.int64).reshape(b["Rows"], b["Length"]) for name, key in NAMES.items()} for b in json.load(text)
    ]

if kind == "openvino":
    import openvino

    version = openvino.__version__.split("-")[0]
    core = openvino.Core()
    f32 = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
    settings = {"": {**f32, "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0"}, "f32": f32, "defaults": {}}

    def load(name):
        request = core.compile_model(graph, "CPU", settings[name]).create_infer_request()
        return lambda feed: request.infer(feed)["logits"]

else:
    import onnxruntime

    version = onnxruntime.__version__

    def load(name):
        session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
        return lambda feed: session.run(["logits"], feed)[0]


def reply(request):
    if request["do"] == "open":
        opened[""] = load("")
    if request["do"] == "logits":
        name = request.get("settings", "")
        run = opened.get(name) or load(name)
        return {"logits": [run(b).tolist() for b in batches[1:]]}
    times = request.get("times", 1)
    began = time.perf_counter()
    for _ in range(times):
        opened[""](batches[0])
    return {"seconds": (time.perf_counter() - began) / times}


opened = {}
print(json.dumps({"version": version}), flush=True)
for line in sys.stdin:
    try:
        said = reply(json.loads(line))
    except Exception as error:
        said = {"error": str(error)[:2000]}
    print(json.dumps(said), flush=True)
