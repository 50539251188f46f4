#!/usr/bin/env bash
# Version: torch 2.15.0, transformers 5.24.0 (Python 3.11).
# Behaviour: torch.nn.utils.prune masks the weight of one module, and a tied weight is another module's as well: with its mask, BERT's decoder
# reads the pruned matrix and the embeddings read the whole one. prune.remove, which is to make the mask permanent, writes the pruned values
# into the shared parameter: the word table loses them too, and the model is another one than before. Nothing is said. Without tying, remove
# changes no output.
# Output (half of each linear weight pruned; share of zeros in word table and decoder):
#   tied, masked: table 0.00, decoder 0.50
#   tied, removed: table 0.50, decoder 0.50, the same logits False
#   not tied, masked: table 0.00, decoder 0.50
#   not tied, removed: table 0.00, decoder 0.50, the same logits True
# Why it matters: a loop over all linear layers prunes the decoder of masked language modelling with them. What is trained and measured under
# the masks has whole embeddings; what is saved after remove has half of them, and was never measured.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q torch==2.15.0 transformers==5.24.0

export HF_HUB_OFFLINE=1 TRANSFORMERS_NO_ADVISORY_WARNINGS=1
cat >tied.py <<'EOF'
import torch
from torch.nn.utils import prune
from transformers import BertConfig, BertForMaskedLM


def zeros(weight):
    return f"{(weight == 0).float().mean().item():.2f}"


for name, tied in (("tied", True), ("not tied", False)):
    torch.manual_seed(0)
    model = BertForMaskedLM(BertConfig(
        vocab_size=300, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, max_position_embeddings=16,
        initializer_range=0.5, tie_word_embeddings=tied)).eval()
    table, decoder = model.bert.embeddings.word_embeddings, model.cls.predictions.decoder
    assert (table.weight is decoder.weight) == tied
    ids = torch.tensor([[2, 5, 6, 7, 8, 3]])
    linear = [module for module in model.modules() if isinstance(module, torch.nn.Linear)]
    with torch.no_grad():
        for module in linear:
            prune.l1_unstructured(module, "weight", amount=0.5)
        masked = model(ids).logits
        print(f"{name}, masked: table {zeros(table.weight)}, decoder {zeros(decoder.weight)}")
        for module in linear:
            prune.remove(module, "weight")
        removed = model(ids).logits
    print(f"{name}, removed: table {zeros(table.weight)}, decoder {zeros(decoder.weight)}, "
          f"the same logits {torch.allclose(masked, removed, atol=1e-4)}")
EOF
got=$(venv/bin/python -W always tied.py 2>err.txt)
want='tied, masked: table 0.00, decoder 0.50
tied, removed: table 0.50, decoder 0.50, the same logits False
not tied, masked: table 0.00, decoder 0.50
not tied, removed: table 0.00, decoder 0.50, the same logits True'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
if grep -E 'tied|prun' err.txt; then echo 'the behaviour has changed: there is a warning' >&2; exit 1; fi
