#!/usr/bin/env bash
# Version: tokenizers 0.23.3, by itself and under transformers 5.24.0 (Python 3.11).
# Behaviour: the id that a file states for an added token is ignored. A token that the vocabulary lacks gets the next free number,
# whether tokenizer.json's added_tokens or tokenizer_config.json's added_tokens_decoder names another one; nothing is said.
# Output (seven words in the vocabulary, the files say 50):
#   tokenizer.json: 7
#   added_tokens_decoder: 7
# Why it matters: whoever cuts a vocabulary, or leaves room in an embedding matrix padded to a round number, writes the row that the
# token's vector lies in and gets another row, one that was perhaps never trained. Read the id back after loading.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q transformers==5.24.0 tokenizers==0.23.3

export HF_HUB_OFFLINE=1 TRANSFORMERS_NO_ADVISORY_WARNINGS=1

got=$(venv/bin/python - <<'EOF'
import json, os
from tokenizers import Tokenizer, models
from transformers import AutoTokenizer

words = "[PAD] [UNK] [CLS] [SEP] [MASK] a dog".split()
entry = dict(content="[ENT]", single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)

state = json.loads(Tokenizer(models.WordPiece({w: i for i, w in enumerate(words)}, unk_token="[UNK]")).to_str())
state["added_tokens"] = [entry | {"id": 50}]
print("tokenizer.json:", *Tokenizer.from_str(json.dumps(state)).encode("[ENT]").ids)

os.mkdir("bert")
with open("bert/vocab.txt", "w") as f:
    f.write("".join(w + "\n" for w in words))
json.dump({"tokenizer_class": "BertTokenizer", "added_tokens_decoder": {"50": entry}}, open("bert/tokenizer_config.json", "w"))
json.dump({"model_type": "bert"}, open("bert/config.json", "w"))
print("added_tokens_decoder:", *AutoTokenizer.from_pretrained("bert")("[ENT]", add_special_tokens=False)["input_ids"])
EOF
)
want='tokenizer.json: 7
added_tokens_decoder: 7'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
