#!/usr/bin/env bash
# Version: transformers 4.57.1 against transformers 5.24.0, both with torch 2.15.0 (Python 3.11).
# Behaviour: BERT's forward takes any keyword in 5.24 and drops those that it does not know, without an error or a warning. Version 4 raised a
# TypeError. Among the dropped ones is head_mask, which version 5 has no longer: a mask of zeros for all heads leaves the logits as they
# are, with both implementations of attention. A misspelt mask of the padding is dropped in the same way. Version 5's migration guide says that
# head masking is gone, and not that its argument is still taken.
# Output:
#   4.57.1 eager: all heads masked, the same logits: False; attention_masks: TypeError
#   4.57.1 sdpa: all heads masked, the same logits: False; attention_masks: TypeError
#   5.24.0 eager: all heads masked, the same logits: True; attention_masks: logits as without a mask
#   5.24.0 sdpa: all heads masked, the same logits: True; attention_masks: logits as without a mask
# Why it matters: head_mask is how published scripts rank heads before they prune them (Michel et al. 2019): accuracy with a head masked, or
# with more and more of them. In version 5 they run to the end and find that no head matters, and all could be pruned at no loss.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q torch==2.15.0 transformers==5.24.0
venv/bin/pip install -q --target old transformers==4.57.1

export HF_HUB_OFFLINE=1 TRANSFORMERS_NO_ADVISORY_WARNINGS=1
cat >mask.py <<'EOF'
import torch
import transformers
from transformers import BertConfig, BertForSequenceClassification

for implementation in ("eager", "sdpa"):
    torch.manual_seed(0)
    model = BertForSequenceClassification(BertConfig(
        vocab_size=30, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, max_position_embeddings=16,
        initializer_range=0.5, attn_implementation=implementation)).eval()
    ids = torch.tensor([[2, 5, 6, 3, 0, 0], [2, 7, 8, 9, 10, 3]])
    mask = (ids != 0).long()
    with torch.no_grad():
        without, full = model(input_ids=ids).logits, model(input_ids=ids, attention_mask=mask).logits
        assert not torch.allclose(without, full, atol=1e-3)
        headless = model(input_ids=ids, attention_mask=mask, head_mask=torch.zeros(2, 2)).logits
        try:
            misspelt = model(input_ids=ids, attention_masks=mask).logits
            said = "logits as without a mask" if torch.equal(misspelt, without) else "other logits"
        except TypeError:
            said = "TypeError"
    print(f"{transformers.__version__} {implementation}: all heads masked, the same logits: {torch.equal(headless, full)}; "
          f"attention_masks: {said}")
EOF
got=$(PYTHONPATH=old venv/bin/python mask.py 2>/dev/null; venv/bin/python mask.py 2>err.txt)
want='4.57.1 eager: all heads masked, the same logits: False; attention_masks: TypeError
4.57.1 sdpa: all heads masked, the same logits: False; attention_masks: TypeError
5.24.0 eager: all heads masked, the same logits: True; attention_masks: logits as without a mask
5.24.0 sdpa: all heads masked, the same logits: True; attention_masks: logits as without a mask'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
if grep -E 'head_mask|attention_masks' err.txt; then echo 'the behaviour has changed: there is a warning' >&2; exit 1; fi
