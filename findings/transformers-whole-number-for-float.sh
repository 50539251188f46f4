#!/usr/bin/env bash
# Version: transformers 4.57.1 against transformers 5.24.0 (Python 3.11).
# Behaviour: 5.24 checks the types of config.json strictly: a whole number without a point is refused for initializer_range, and one
# with a point for hidden_size; 4.57 takes both. The rule is not the same for every field: hidden_dropout_prob may be 0.
# Output:
#   4.57.1: initializer_range 0 taken, hidden_size 384.0 taken, hidden_dropout_prob 0 taken
#   5.24.0: initializer_range 0 refused, hidden_size 384.0 refused, hidden_dropout_prob 0 taken
# Why it matters: JSON has one kind of number. A tool in Go or JavaScript writes 0 for 0.0, and a Python script that halves a width by
# 768 / 2 writes 384.0; such folders of smaller models load in version 4 and no longer in version 5.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv new
new/bin/pip install -q transformers==5.24.0 tokenizers==0.23.3
python3 -m venv old
old/bin/pip install -q transformers==4.57.1 tokenizers==0.22.2

export HF_HUB_OFFLINE=1 TRANSFORMERS_NO_ADVISORY_WARNINGS=1

cat >show.py <<'EOF'
import json, os, transformers

def load(key, value):
    os.makedirs("bert", exist_ok=True)
    json.dump({"model_type": "bert", key: value}, open("bert/config.json", "w"))
    try:
        transformers.AutoConfig.from_pretrained("bert")
    except Exception as e:
        if key not in str(e):
            raise
        return f"{key} {value} refused"
    return f"{key} {value} taken"

cases = [("initializer_range", 0), ("hidden_size", 384.0), ("hidden_dropout_prob", 0)]
print(transformers.__version__ + ":", ", ".join(load(*c) for c in cases))
EOF
got=$(old/bin/python show.py && new/bin/python show.py)
want='4.57.1: initializer_range 0 taken, hidden_size 384.0 taken, hidden_dropout_prob 0 taken
5.24.0: initializer_range 0 refused, hidden_size 384.0 refused, hidden_dropout_prob 0 taken'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
