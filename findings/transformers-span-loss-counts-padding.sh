#!/usr/bin/env bash
# Version: transformers 5.24.0, torch 2.15.0 (Python 3.11).
# Behaviour: BertForQuestionAnswering takes the softmax over positions, for its loss, over the padding as well. The logits of the tokens do
# not depend on how far a batch is padded, the loss of the same question does.
# Output (padded length, loss, whether the logits of the nine tokens are those without padding):
#   9 tokens: loss 2.1986, logits as without padding: True
#   16 tokens: loss 2.7910, logits as without padding: True
#   64 tokens: loss 4.1782, logits as without padding: True
# Why it matters: a loss on dev cannot be compared between batch sizes, padding strategies or libraries; a short context that stands beside a
# long one has larger gradients, most of which push down the logits of padding.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q torch==2.15.0 transformers==5.24.0

export HF_HUB_OFFLINE=1 TRANSFORMERS_NO_ADVISORY_WARNINGS=1

got=$(venv/bin/python - <<'EOF'
import torch
from torch.nn.functional import pad
from transformers import BertConfig, BertForQuestionAnswering

torch.manual_seed(0)
model = BertForQuestionAnswering(BertConfig(vocab_size=30, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
                                            intermediate_size=32, max_position_embeddings=64)).eval()
ids = torch.tensor([[2, 5, 6, 3, 7, 8, 9, 10, 3]])
n = ids.shape[1]
first = None
for length in (n, 16, 64):
    more = (0, length - n)
    with torch.no_grad():
        out = model(input_ids=pad(ids, more), attention_mask=pad(torch.ones_like(ids), more),
                    start_positions=torch.tensor([5]), end_positions=torch.tensor([6]))
    logits = out.start_logits[0, :n]
    first = logits if first is None else first
    print(f"{length} tokens: loss {out.loss:.4f}, logits as without padding: {torch.allclose(logits, first, atol=1e-6)}")
EOF
)
want='9 tokens: loss 2.1986, logits as without padding: True
16 tokens: loss 2.7910, logits as without padding: True
64 tokens: loss 4.1782, logits as without padding: True'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
