#!/usr/bin/env bash
# Version: transformers 5.24.0 with tokenizers 0.23.3 (Python 3.11).
# Behaviour: where special_tokens_map.json and tokenizer_config.json name different tokens, special_tokens_map.json wins, unless
# tokenizer_config.json has a key added_tokens_decoder: then the map is not read at all, even if that key holds an empty object.
# Output (the configuration says [MASK], the map says <m>):
#   without added_tokens_decoder: <m>
#   with an empty added_tokens_decoder: [MASK]
# Why it matters: tools that rewrite a tokenizer's folder (a vocabulary that was cut, a converted checkpoint) carry the old map along
# or add an empty decoder. The mask token, and with it masked language modelling, changes by a key without content.
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

def mask(folder, config):
    os.mkdir(folder)
    with open(f"{folder}/vocab.txt", "w") as f:
        f.write("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n<m>\na\n")
    json.dump({"tokenizer_class": "BertTokenizer", "mask_token": "[MASK]"} | config, open(f"{folder}/tokenizer_config.json", "w"))
    json.dump({"mask_token": "<m>"}, open(f"{folder}/special_tokens_map.json", "w"))
    json.dump({"model_type": "bert"}, open(f"{folder}/config.json", "w"))
    return AutoTokenizer.from_pretrained(folder).mask_token

print("without added_tokens_decoder:", mask("without", {}))
print("with an empty added_tokens_decoder:", mask("with", {"added_tokens_decoder": {}}))
EOF
)
want='without added_tokens_decoder: <m>
with an empty added_tokens_decoder: [MASK]'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
