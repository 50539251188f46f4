#!/usr/bin/env bash
# Version: transformers 5.24.0 with tokenizers 0.23.3 (Python 3.11).
# Behaviour: a pair whose second text is empty is a pair in a batch and a single text in a single call. tok("a dog", "") drops the
# empty text and its [SEP]; tok(["a dog"], [""]) keeps both, with type 1 for the second [SEP]. An empty first text is kept in both.
# Output:
#   single [CLS] a dog [SEP] types 0 0 0 0
#   batch [CLS] a dog [SEP] [SEP] types 0 0 0 0 1
#   single, first text empty [CLS] [SEP] not good [SEP] types 0 0 1 1 1
# Why it matters: pairs with an empty text occur in GLUE's QQP. The same pair gets other logits when it is tokenised alone (serving)
# than in a batch (the dataset's map before training), so that a compressed model that is compared with its teacher one example at a
# time seems to have changed where only the tokens have.
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

def show(name, ids, types):
    print(name, *tok.convert_ids_to_tokens(ids), "types", *types)

one = tok("a dog", "")
show("single", one["input_ids"], one["token_type_ids"])
many = tok(["a dog"], [""])
show("batch", many["input_ids"][0], many["token_type_ids"][0])
first = tok("", "not good")
show("single, first text empty", first["input_ids"], first["token_type_ids"])
EOF
)
want='single [CLS] a dog [SEP] types 0 0 0 0
batch [CLS] a dog [SEP] [SEP] types 0 0 0 0 1
single, first text empty [CLS] [SEP] not good [SEP] types 0 0 1 1 1'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
