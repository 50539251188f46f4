#!/usr/bin/env bash
# Version: transformers 4.57.1 against transformers 5.24.0 (Python 3.11).
# Behaviour: where config.json's num_labels contradicts the length of id2label, both versions print the same warning on standard error
# and then do the opposite: 4.57 keeps the names and drops the number, 5.24 keeps the number and drops the names.
# Output (num_labels 3, id2label of no and yes):
#   4.57.1: 2 labels, no yes
#   5.24.0: 3 labels, LABEL_0 LABEL_1 LABEL_2
# Why it matters: a fine-tuned head of two classes, loaded by 4.57, does not fit the configuration that 5.24 makes of the same file.
# Tools that change the number of classes of a student have to write both keys.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv new
new/bin/pip install -q transformers==5.24.0 tokenizers==0.23.3
python3 -m venv old
old/bin/pip install -q transformers==4.57.1 tokenizers==0.22.2

export HF_HUB_OFFLINE=1 TRANSFORMERS_NO_ADVISORY_WARNINGS=1

mkdir bert
echo '{"model_type": "bert", "num_labels": 3, "id2label": {"0": "no", "1": "yes"}}' >bert/config.json
cat >show.py <<'EOF'
import transformers

c = transformers.AutoConfig.from_pretrained("bert")
print(f"{transformers.__version__}: {c.num_labels} labels,", *c.id2label.values())
EOF
got=$(old/bin/python show.py && new/bin/python show.py)
want='4.57.1: 2 labels, no yes
5.24.0: 3 labels, LABEL_0 LABEL_1 LABEL_2'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
