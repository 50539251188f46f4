"""Spearman's correlation of cosines by sentence-transformers, for folders that bertlab wrote.

python embed.py DIR GRAPH PAIRS: DIR has weights, GRAPH onnx/model.onnx, and PAIRS is JSON, [[text, text, target], ...]. Prints JSON: {"torch": ρ, "cosines": [...], "onnx": ρ}; onnx is left
out where optimum-onnx, which that backend needs, is not installed. Versions: sentence-transformers 6.2.0 and 5.2.0, scipy 1.17.1,
optimum-onnx 0.1.0.
"""

import importlib.util
import json
import sys

import numpy as np
from scipy.stats import spearmanr
from sentence_transformers import SentenceTransformer

pairs = json.load(open(sys.argv[3]))
answer = {}
for backend in "torch", "onnx":
    if backend == "onnx" and importlib.util.find_spec("optimum") is None:
        continue
    model = SentenceTransformer(sys.argv[1 + (backend == "onnx")], device="cpu", backend=backend)
    a, b = (model.encode([p[i] for p in pairs], normalize_embeddings=True, batch_size=16) for i in (0, 1))
    cosines = np.sum(a.astype(np.float64) * b.astype(np.float64), axis=1)
    answer[backend] = spearmanr(cosines, [p[2] for p in pairs]).statistic
    if backend == "torch":
        answer["cosines"] = cosines.tolist()
print(json.dumps(answer))
