"""Writes golden.json: metrics, losses and tests of scikit-learn, SciPy and PyTorch that the Go package is held against.

Usage: python make_golden.py > golden.json
Made with scikit-learn 1.9.1, SciPy 1.17.1, NumPy and PyTorch as the file's "versions" says. NaN is null.
"""
import json
import math
import sys
import warnings

import numpy as np
import scipy
import scipy.stats as st
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


def correlation(name, x, y):
    x, y = [float(v) for v in x], [float(v) for v in y]
    r = st.pearsonr(x, y)
    ci = [num(v) for v in r.confidence_interval(0.95)] if not math.isnan(r.statistic) else None
    return {"name": name, "x": x, "y": y, "pearson": num(r.statistic), "spearman": num(st.spearmanr(x, y).statistic), "interval": ci}


labels2, labels3 = rng.integers(0, 2, 40), rng.integers(0, 3, 40)
noise = rng.normal(size=30)
base = rng.normal(size=30)
logits = rng.normal(scale=8, size=(12, 3)).astype(np.float32)
logits[0] = [1000, -1000, 0]
logits[1] = [-1000, 1000, 999]
targets = rng.integers(0, 3, 12)
losses = torch.nn.functional.cross_entropy(torch.tensor(logits).double(), torch.tensor(targets), reduction="none")

out = {
    "versions": {"sklearn": sklearn.__version__, "scipy": scipy.__version__, "numpy": np.__version__, "torch": torch.__version__},
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
    "correlation": [
        correlation("related", base, base + noise),
        correlation("ties", rng.integers(0, 5, 30), rng.integers(0, 4, 30)),
        correlation("constant x", [3] * 6, [1, 2, 3, 4, 5, 6]),
        correlation("constant y", [1, 2, 3, 4, 5, 6], [0.1] * 6),
        correlation("line", [1, 2, 3, 4], [3, 5, 7, 9]),
        correlation("falling curve", [1, 2, 3, 4, 5], [1, 0.5, 0.25, 0.125, 0]),
        correlation("large offset", 1e9 + base, 1e9 + base + noise),
    ],
    "cross_entropy": {"logits": logits.tolist(), "labels": targets.tolist(), "losses": losses.tolist()},
    "mcnemar": [{"b": b, "c": c, "p": num(st.binomtest(b, b + c, 0.5).pvalue)}
                for b, c in [(1, 0), (0, 5), (5, 5), (6, 5), (10, 3), (3, 17), (40, 80), (200, 190), (900, 700), (5000, 5300), (0, 1500)]],
    "wilson": [{"k": k, "n": n, "level": level, "interval": list(map(num, st.binomtest(k, n).proportion_ci(level, "wilson")))}
               for k, n, level in [(0, 10, 0.95), (10, 10, 0.95), (1, 3, 0.9), (750, 872, 0.95), (858, 1000, 0.99)]],
}
json.dump(out, sys.stdout, indent=None, separators=(",", ":"))
print()
