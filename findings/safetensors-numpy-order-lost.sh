#!/usr/bin/env bash
# Version: safetensors 0.7.0 against safetensors 0.8.0, both with numpy 2.4.6 (Python 3.11).
# Behaviour: safetensors.numpy writes the bytes of an array as they lie in memory, from its first entry on, beside the array's shape. Where the
# array is a view (a transposed matrix, some of its columns) or in Fortran's order, the file holds other numbers or the same in another order,
# and nothing is said. 0.7.0 wrote what the array holds. The documentation asks for contiguous arrays in both. Issue 825 of safetensors, open,
# describes it for Fortran's order.
# Output (a matrix w of rank 16 and some noise, its SVD u, s, v; is each array read back as it was; error of the factors relative to w):
#   0.7.0: w True, w.T True, Fortran's order True, u[:, :16] True, v[:16] True; error before 0.11, after 0.11
#   0.8.0: w True, w.T False, Fortran's order False, u[:, :16] False, v[:16] True; error before 0.11, after 1.07
# Why it matters: the left factor of a low-rank matrix is such a view, as are a weight without the columns that were pruned by a slice and a
# weight transposed between PyTorch's order and that of ONNX or Flax. The model in memory is measured, and the file that is shipped holds
# another one, with the right names, shapes and size.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q safetensors==0.8.0 numpy==2.4.6
venv/bin/pip install -q --target old --no-deps safetensors==0.7.0

cat >order.py <<'EOF'
import numpy as np
import safetensors
from safetensors.numpy import load_file, save_file

random = np.random.default_rng(0)
w = (random.normal(size=(96, 16)) @ random.normal(size=(16, 384)) + random.normal(size=(96, 384)) / 2).astype(np.float32)
u, s, v = np.linalg.svd(w, full_matrices=False)
u *= s
arrays = {"w": w, "w.T": w.T, "Fortran's order": np.asfortranarray(w), "u[:, :16]": u[:, :16], "v[:16]": v[:16]}
save_file(arrays, "arrays.safetensors")
read = load_file("arrays.safetensors")
assert all(read[name].shape == array.shape and read[name].dtype == array.dtype for name, array in arrays.items())


def error(from_):
    return f"{np.linalg.norm(w - from_['u[:, :16]'] @ from_['v[:16]']) / np.linalg.norm(w):.2f}"


print(f"{safetensors.__version__}: {', '.join(f'{name} {np.array_equal(read[name], array)}' for name, array in arrays.items())}; "
      f"error before {error(arrays)}, after {error(read)}")
EOF
got=$(PYTHONPATH=old venv/bin/python -W always order.py 2>/dev/null; venv/bin/python -W always order.py 2>err.txt)
want="0.7.0: w True, w.T True, Fortran's order True, u[:, :16] True, v[:16] True; error before 0.11, after 0.11
0.8.0: w True, w.T False, Fortran's order False, u[:, :16] False, v[:16] True; error before 0.11, after 1.07"
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
if [ -s err.txt ]; then cat err.txt; echo 'the behaviour has changed: there is a warning' >&2; exit 1; fi
