#!/usr/bin/env bash
# Version: transformers 5.24.0 (Python 3.11).
# Behaviour: an id2label that counts from 1 is accepted as it is. The number of labels is the number of entries, so the model's classes
# are 0 and 1 while the names are those of 1 and 2: class 0 has none, and class 1 bears the first name.
# Output:
#   2 labels, class 0: no name, class 1: negative
# Why it matters: several data sets count their classes from 1. The accuracy by number is right while every printed name is off by one
# class, and a lookup of class 0 is a KeyError; a student with renumbered names seems to contradict its teacher.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q transformers==5.24.0 tokenizers==0.23.3

export HF_HUB_OFFLINE=1 TRANSFORMERS_NO_ADVISORY_WARNINGS=1

got=$(venv/bin/python - <<'EOF'
import json, os
from transformers import AutoConfig

os.mkdir("bert")
json.dump({"model_type": "bert", "id2label": {"1": "negative", "2": "positive"}}, open("bert/config.json", "w"))
c = AutoConfig.from_pretrained("bert")
print(f"{c.num_labels} labels, class 0: {c.id2label.get(0, 'no name')}, class 1: {c.id2label.get(1, 'no name')}")
EOF
)
want='2 labels, class 0: no name, class 1: negative'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
