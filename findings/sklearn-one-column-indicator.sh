#!/usr/bin/env bash
# Version: scikit-learn 1.9.1 with numpy 2.4.6 (Python 3.11).
# Behaviour: an indicator matrix of one column is no multi-label target for f1_score but a binary one, whose micro average counts the
# absent label as a class of its own. The same column twice is multi-label. So micro F1 falls when a label is added that is predicted
# exactly as well as the first, and average="samples" fails with one column.
# Output (truth 1 0 1 0, prediction 1 0 0 0):
#   one column: binary, micro 0.750
#   two equal columns: multilabel-indicator, micro 0.667
#   one column, samples: ValueError
# Why it matters: a multi-label task that is cut to one label (one class against the rest, a probe of a single label) is scored by
# accuracy under the name of micro F1, and cannot be compared with the scores of the whole task.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q scikit-learn==1.9.1 numpy==2.4.6

got=$(venv/bin/python - <<'EOF'
import numpy as np
from sklearn.metrics import f1_score
from sklearn.utils.multiclass import type_of_target

truth, said = np.array([[1], [0], [1], [0]]), np.array([[1], [0], [0], [0]])
print(f"one column: {type_of_target(truth)}, micro {f1_score(truth, said, average='micro'):.3f}")
truth2, said2 = np.hstack([truth, truth]), np.hstack([said, said])
print(f"two equal columns: {type_of_target(truth2)}, micro {f1_score(truth2, said2, average='micro'):.3f}")
try:
    print("one column, samples:", f1_score(truth, said, average="samples"))
except ValueError:
    print("one column, samples: ValueError")
EOF
)
want='one column: binary, micro 0.750
two equal columns: multilabel-indicator, micro 0.667
one column, samples: ValueError'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
