#!/usr/bin/env bash
# Version: transformers 5.24.0 with tokenizers 0.23.3 (Python 3.11).
# Behaviour: with truncation=True a max_length below the number of special tokens switches truncation off instead of cutting to the
# special tokens or failing. A pair has three of them: max_length=3 leaves three tokens, max_length=2 leaves all seven, without a word.
# Output:
#   5: [CLS] a [SEP] not [SEP]
#   4: [CLS] [SEP] not [SEP]
#   3: [CLS] [SEP] [SEP]
#   2: [CLS] a dog [SEP] not good [SEP]
# Why it matters: methods that shorten the input (token pruning, length schedules, sweeps over sequence lengths) count on max_length as
# an upper bound. At the short end of a sweep the longest input of all is measured.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q transformers==5.24.0 tokenizers==0.23.3

export HF_HUB_OFFLINE=1 TRANSFORMERS_NO_ADVISORY_WARNINGS=1

got=$(venv/bin/python - <<'EOF'
import json, os
from transformers import AutoTokenizer

os.mkdir("bert")
with open("bert/vocab.txt", "w") as f:
    f.write("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\ndog\nnot\ngood\n")
json.dump({"tokenizer_class": "BertTokenizer"}, open("bert/tokenizer_config.json", "w"))
json.dump({"model_type": "bert"}, open("bert/config.json", "w"))
tok = AutoTokenizer.from_pretrained("bert")
for n in (5, 4, 3, 2):
    ids = tok("a dog", "not good", truncation=True, max_length=n)["input_ids"]
    print(f"{n}:", *tok.convert_ids_to_tokens(ids))
EOF
)
want='5: [CLS] a [SEP] not [SEP]
4: [CLS] [SEP] not [SEP]
3: [CLS] [SEP] [SEP]
2: [CLS] a dog [SEP] not good [SEP]'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
