#!/usr/bin/env bash
# Version: transformers 5.24.0 (Python 3.11).
# Behaviour: a config.json with label2id and no id2label loses its names and their number: the configuration has LABEL_0 and LABEL_1,
# also where label2id names three classes. No warning is given.
# Output:
#   label2id of three names: 2 labels, LABEL_0 LABEL_1, label2id LABEL_0 LABEL_1
#   the same with id2label: 3 labels, no maybe yes, label2id no maybe yes
# Why it matters: a classifier's head is built from that number. A folder that a tool wrote with one of the two maps gets a head of two
# classes; a student that takes its teacher's configuration over loses a class before training begins.
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

def load(name, **keys):
    os.mkdir(name)
    json.dump({"model_type": "bert"} | keys, open(f"{name}/config.json", "w"))
    c = AutoConfig.from_pretrained(name)
    print(f"{name}: {c.num_labels} labels,", " ".join(c.id2label.values()) + ", label2id", *c.label2id)

names = ["no", "maybe", "yes"]
label2id = {n: i for i, n in enumerate(names)}
load("label2id of three names", label2id=label2id)
load("the same with id2label", label2id=label2id, id2label={str(i): n for i, n in enumerate(names)})
EOF
)
want='label2id of three names: 2 labels, LABEL_0 LABEL_1, label2id LABEL_0 LABEL_1
the same with id2label: 3 labels, no maybe yes, label2id no maybe yes'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
