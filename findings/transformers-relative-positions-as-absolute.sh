#!/usr/bin/env bash
# Version: transformers 5.24.0, torch 2.15.0 (Python 3.11).
# Behaviour: BERT no longer has relative positions, but a configuration that asks for them (position_embedding_type relative_key, Shaw et al.
# 2018, or relative_key_query, Huang et al. 2020) is taken without an error or a warning, and the model is computed with absolute positions. The
# field stays in the configuration.
# Output:
#   absolute: outputs as without the field: True, the configuration says absolute
#   relative_key: outputs as without the field: True, the configuration says relative_key
#   relative_key_query: outputs as without the field: True, the configuration says relative_key_query
# Why it matters: checkpoints with relative positions are on the hub. They load, their distance embeddings count as unexpected weights, and
# what is evaluated, pruned or distilled is another model than the one that was trained.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q torch==2.15.0 transformers==5.24.0

export HF_HUB_OFFLINE=1 TRANSFORMERS_NO_ADVISORY_WARNINGS=1 TRANSFORMERS_VERBOSITY=error

got=$(venv/bin/python - 2>/dev/null <<'EOF'
import json
import torch
from transformers import AutoModel, BertConfig, BertModel

torch.manual_seed(0)
BertModel(BertConfig(vocab_size=30, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
                     max_position_embeddings=16)).save_pretrained("bert")
ids = torch.tensor([[2, 5, 6, 7, 8, 3]])


def outputs():
    model = AutoModel.from_pretrained("bert").eval()
    with torch.no_grad():
        return model.config, model(ids).last_hidden_state


_, plain = outputs()
for kind in ("absolute", "relative_key", "relative_key_query"):
    config = json.load(open("bert/config.json"))
    config["position_embedding_type"] = kind
    json.dump(config, open("bert/config.json", "w"))
    read, got = outputs()
    print(f"{kind}: outputs as without the field: {torch.equal(got, plain)}, the configuration says {read.position_embedding_type}")
EOF
)
want='absolute: outputs as without the field: True, the configuration says absolute
relative_key: outputs as without the field: True, the configuration says relative_key
relative_key_query: outputs as without the field: True, the configuration says relative_key_query'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
