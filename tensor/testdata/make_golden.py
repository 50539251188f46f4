"""Writes what TensorLy computes on small tensors, for the tests of package tensor: tensorly.json.

Entries of a tensor come from a formula, a smooth part and a rough part, so that the file holds no long lists of input. For each case:
the relative errors of HOSVD and of HOOI (start from HOSVD, tolerance 1e-15, 2000 sweeps) and the projectors U·Uᵀ of HOOI's factors;
and one unfolding of each mode of a tensor of consecutive integers.

usage: python testdata/make_golden.py
tensorly 0.10.0, numpy 2.4.6, scipy 1.17.1, Python 3.11; the versions used are in the file.
"""

import json
import os
import platform

import numpy as np
import scipy
import tensorly as tl
from tensorly.decomposition import partial_tucker
from tensorly.tenalg import multi_mode_dot

CASES = [  # shape, modes, ranks; TensorLy wants modes in ascending order
    ((6, 7, 8), (0, 1, 2), (3, 3, 4)),
    ((6, 7, 8), (0, 1, 2), (2, 5, 3)),
    ((6, 7, 8), (1, 2), (2, 3)),
    ((6, 7, 8), (0,), (2,)),
    ((5, 6), (0, 1), (2, 2)),
    ((3, 4, 5, 4), (0, 1, 2, 3), (2, 2, 3, 2)),
    ((3, 4, 5, 4), (1, 3), (3, 2)),
]


def tensor(shape):
    """1/(1 + Σ (mode+1)·index) + sin(1.7·i²)/2 at the i-th entry in row-major order."""
    index = np.indices(shape)
    smooth = 1 / (1 + sum((mode + 1) * index[mode] for mode in range(len(shape))))
    i = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
    return smooth + np.sin(1.7 * i * i) / 2


def relative(x, core, factors, modes):
    return float(np.linalg.norm(x - multi_mode_dot(core, factors, modes=modes)) / np.linalg.norm(x))


def case(shape, modes, ranks):
    x = tensor(shape)
    hosvd = [np.linalg.svd(tl.unfold(x, mode), full_matrices=False)[0][:, :rank] for mode, rank in zip(modes, ranks)]
    core = multi_mode_dot(x, hosvd, modes=list(modes), transpose=True)
    (best, factors), errors = partial_tucker(x, rank=list(ranks), modes=list(modes), init="svd", tol=1e-15, n_iter_max=2000)
    return {
        "shape": shape,
        "modes": modes,
        "ranks": ranks,
        "norm": float(np.linalg.norm(x)),
        "hosvd_error": relative(x, core, hosvd, list(modes)),
        "hooi_error": relative(x, best, factors, list(modes)),
        "sweeps": len(errors),
        "projectors": [(u @ u.T).tolist() for u in factors],
    }


def main():
    integers = np.arange(24.0).reshape(2, 3, 4)
    golden = {
        "versions": {"tensorly": tl.__version__, "numpy": np.__version__, "scipy": scipy.__version__, "python": platform.python_version()},
        "unfoldings": [tl.unfold(integers, mode).tolist() for mode in range(3)],
        "cases": [case(*arguments) for arguments in CASES],
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tensorly.json")
    with open(path, "w") as f:
        json.dump(golden, f)
        f.write("\n")


if __name__ == "__main__":
    main()
