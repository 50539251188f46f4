"""Writes losses.json: losses and their gradients of token classification, question answering and multi-label classification, as
transformers computes them (BertForTokenClassification, BertForQuestionAnswering, BertForSequenceClassification with problem_type
multi_label_classification): PyTorch's cross entropies on the same logits.

usage: python make_losses.py > losses.json
"""
import json
import sys

import torch
from torch.nn import BCEWithLogitsLoss, CrossEntropyLoss

torch.manual_seed(5)
B, S, N = 3, 4, 3


def case(kind, logits, labels, loss, rows):
    loss.backward()
    return {"kind": kind, "logits": logits.detach().tolist(), "labels": labels, "loss": loss.item(), "gradient": logits.grad.tolist(), "rows": rows}


out = []
logits = torch.randn(B, S, N, dtype=torch.float64, requires_grad=True)
tags = torch.tensor([[-100, 2, -100, 0], [-100, 1, 1, -100], [-100, -100, -100, -100]])
loss = CrossEntropyLoss()(logits.view(-1, N), tags.view(-1))
rows = [CrossEntropyLoss()(logits[i], tags[i]).item() if (tags[i] >= 0).any() else 0 for i in range(B)]
out.append(case("tagging", logits, [[max(t, -1) for t in row] for row in tags.tolist()], loss, rows))

logits = torch.randn(B, S, 2, dtype=torch.float64, requires_grad=True)
first, last = torch.tensor([1, 0, 3]), torch.tensor([2, 0, 3])
start, end = (x.squeeze(-1) for x in logits.split(1, dim=-1))
loss = (CrossEntropyLoss()(start, first) + CrossEntropyLoss()(end, last)) / 2
rows = [((CrossEntropyLoss()(start[i], first[i]) + CrossEntropyLoss()(end[i], last[i])) / 2).item() for i in range(B)]
here = [[[int(s == first[i]), int(s == last[i])] for s in range(S)] for i in range(B)]
out.append(case("spans", logits, here, loss, rows))

logits = torch.randn(B, N, dtype=torch.float64, requires_grad=True)
with torch.no_grad():
    logits[0, 0] = 0  # where the absolute value has no derivative
sets = torch.tensor([[1.0, 0, 1], [0, 0, 0], [1, 1, 1]], dtype=torch.float64)
loss = BCEWithLogitsLoss()(logits, sets)
rows = BCEWithLogitsLoss(reduction="none")(logits, sets).mean(dim=1).tolist()
out.append(case("multilabel", logits, sets.tolist(), loss, rows))
json.dump({"versions": {"torch": torch.__version__}, "cases": out}, sys.stdout, separators=(",", ":"))
