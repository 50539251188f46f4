"""Writes golden.json: correlations, tests and intervals of SciPy that the Go package is held against.

Usage: python make_golden.py > golden.json
Made with SciPy and NumPy as the file's "versions" says. NaN is null.
"""
import json
import math
import sys
import warnings

import numpy as np
import scipy
import scipy.stats as st

warnings.simplefilter("ignore")
rng = np.random.default_rng(7)


def num(v):
    v = float(v)
    return None if math.isnan(v) else v


def correlation(name, x, y):
    x, y = [float(v) for v in x], [float(v) for v in y]
    r = st.pearsonr(x, y)
    ci = [num(v) for v in r.confidence_interval(0.95)] if not math.isnan(r.statistic) else None
    return {"name": name, "x": x, "y": y, "pearson": num(r.statistic), "spearman": num(st.spearmanr(x, y).statistic), "interval": ci}


def quantiles(name, values):
    values = [float(v) for v in values]
    q = [0, 0.025, 0.25, 1 / 3, 0.5, 0.75, 0.975, 1]
    return {"name": name, "values": values, "q": q, "quantiles": [float(v) for v in np.quantile(values, q)]}


def mean(name, values, level):
    values = [float(v) for v in values]
    ci = st.ttest_1samp(values, 0).confidence_interval(level)
    return {"name": name, "values": values, "level": level, "mean": float(np.mean(values)), "interval": [num(ci.low), num(ci.high)]}


noise = rng.normal(size=30)
base = rng.normal(size=30)

out = {
    "versions": {"scipy": scipy.__version__, "numpy": np.__version__},
    "correlation": [
        correlation("related", base, base + noise),
        correlation("ties", rng.integers(0, 5, 30), rng.integers(0, 4, 30)),
        correlation("constant x", [3] * 6, [1, 2, 3, 4, 5, 6]),
        correlation("constant y", [1, 2, 3, 4, 5, 6], [0.1] * 6),
        correlation("line", [1, 2, 3, 4], [3, 5, 7, 9]),
        correlation("falling curve", [1, 2, 3, 4, 5], [1, 0.5, 0.25, 0.125, 0]),
        correlation("large offset", 1e9 + base, 1e9 + base + noise),
    ],
    "mcnemar": [{"b": b, "c": c, "p": num(st.binomtest(b, b + c, 0.5).pvalue)}
                for b, c in [(1, 0), (0, 5), (5, 5), (6, 5), (10, 3), (3, 17), (40, 80), (200, 190), (900, 700), (5000, 5300), (0, 1500)]],
    "wilson": [{"k": k, "n": n, "level": level, "interval": list(map(num, st.binomtest(k, n).proportion_ci(level, "wilson")))}
               for k, n, level in [(0, 10, 0.95), (10, 10, 0.95), (1, 3, 0.9), (750, 872, 0.95), (858, 1000, 0.99)]],
    "quantiles": [quantiles("one", [3]), quantiles("four", [4, 1, 3, 2]), quantiles("ties", rng.integers(0, 5, 31)), quantiles("many", rng.normal(size=100))],
    "mean": [mean("two", [1, 2], 0.95), mean("five", rng.normal(size=5), 0.95), mean("thirty", base, 0.99)],
}
json.dump(out, sys.stdout, indent=None, separators=(",", ":"))
print()
