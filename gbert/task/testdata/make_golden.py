"""Writes golden.json: metrics of scikit-learn and losses of PyTorch that the Go package is held against.

Usage: python make_golden.py > golden.json
Made with scikit-learn, NumPy and PyTorch as the file's "versions" says. NaN is null.
"""
import json
import math
import sys
import warnings

import numpy as np
import sklearn
import sklearn.metrics as m
import torch

warnings.simplefilter("ignore")
rng = np.random.default_rng(7)


def num(v):
    v = float(v)
    return None if math.isnan(v) else v


def classification(name, classes, gold, predicted):
    gold, predicted = [int(v) for v in gold], [int(v) for v in predicted]
    f1 = m.f1_score(gold, predicted, zero_division=0, **({} if classes == 2 else {"average": "macro"}))
    return {"name": name, "classes": classes, "gold": gold, "predicted": predicted,
            "accuracy": num(m.accuracy_score(gold, predicted)), "f1": num(f1), "matthews": num(m.matthews_corrcoef(gold, predicted))}


labels2, labels3 = rng.integers(0, 2, 40), rng.integers(0, 3, 40)
logits = rng.normal(scale=8, size=(12, 3)).astype(np.float32)
logits[0] = [1000, -1000, 0]
logits[1] = [-1000, 1000, 999]
targets = rng.integers(0, 3, 12)
losses = torch.nn.functional.cross_entropy(torch.tensor(logits).double(), torch.tensor(targets), reduction="none")

out = {
    "versions": {"sklearn": sklearn.__version__, "numpy": np.__version__, "torch": torch.__version__},
    "classification": [
        classification("binary", 2, labels2, np.where(rng.random(40) < 0.7, labels2, 1 - labels2)),
        classification("three classes", 3, labels3, np.where(rng.random(40) < 0.6, labels3, rng.integers(0, 3, 40))),
        classification("third class never occurs", 3, labels2, rng.integers(0, 2, 40)),
        classification("always class 0", 2, labels2, [0] * 40),
        classification("always class 1", 2, labels2, [1] * 40),
        classification("all gold 0, one predicted 1", 2, [0] * 5, [0, 0, 1, 0, 0]),
        classification("all gold and predicted 0", 2, [0] * 4, [0] * 4),
        classification("all right", 2, labels2, labels2),
        classification("all wrong", 2, labels2, 1 - labels2),
        classification("one example", 2, [1], [1]),
    ],
    "cross_entropy": {"logits": logits.tolist(), "labels": targets.tolist(), "losses": losses.tolist()},
}
json.dump(out, sys.stdout, indent=None, separators=(",", ":"))
print()
