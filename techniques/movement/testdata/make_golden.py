"""Writes what PyTorch computes of a training with masks, for the test that holds techniques/movement against it.

    golden.json            sentences, labels, and for each run its options, the loss of each step and the share that remains
    golden.safetensors     scores and masked weights after the last step of each run

The model is gbert/testdata/tiny without dropout. Maps of the encoder are masked as in the authors' code (huggingface/transformers,
examples/research_projects/movement-pruning): Top_v of scores or of |W| with the gradient passed straight through, or σ(S) > τ with the
mean of σ(S) as the penalty; AdamW with the scores in a group without decay; one norm of all gradients is clipped; learning rates rise and
fall together; the threshold follows the cubic schedule. Embeddings are frozen.

usage: python make_golden.py
torch 2.15.0, transformers 5.23.0, safetensors 0.8.0, Python 3.11; the versions used are in the file.
"""

import json
import os

import safetensors
import safetensors.torch
import torch
import transformers
from transformers import BertForSequenceClassification, get_linear_schedule_with_warmup

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS, WARMUP, COOL_DOWN, RATE, SCORE_RATE, DECAY, CLIP = 40, 4, 12, 2e-3, 3e-2, 0.01, 1.0
RUNS = [
    {"name": "movement", "kind": "movement", "scope": "local", "remaining": 0.15},
    {"name": "movement, global", "kind": "movement", "scope": "global", "remaining": 0.15},
    {"name": "magnitude", "kind": "magnitude", "scope": "local", "remaining": 0.15},
    {"name": "magnitude, global", "kind": "magnitude", "scope": "global", "remaining": 0.15},
    {"name": "soft", "kind": "soft", "scope": "local", "threshold": 0.45, "lambda": 4.0},
]


class Straight(torch.autograd.Function):
    """A mask whose gradient goes to the scores as it comes."""

    @staticmethod
    def forward(ctx, scores, mask):
        return mask

    @staticmethod
    def backward(ctx, gradient):
        return gradient, None


def top(scores, v):
    flat = torch.zeros(scores.numel())
    flat[scores.flatten().sort(descending=True, stable=True).indices[: int(v * scores.numel())]] = 1
    return flat.view_as(scores)


def cubic(first, last, step):
    if step <= WARMUP:
        return first
    if step >= STEPS - COOL_DOWN:
        return last
    return last + (first - last) * (1 - (step - WARMUP) / (STEPS - WARMUP - COOL_DOWN)) ** 3


def masks(run, weights, scores, step):
    values = {n: w.detach().abs() if run["kind"] == "magnitude" else scores[n].detach() for n, w in weights.items()}
    if run["kind"] == "soft":
        tau = cubic(0.0, run["threshold"], step)
        return {n: (torch.sigmoid(v) > tau).float() for n, v in values.items()}
    v = cubic(1.0, run["remaining"], step)
    if run["scope"] == "local":
        return {n: top(value, v) for n, value in values.items()}
    flat = top(torch.cat([value.flatten() for value in values.values()]), v)
    parts = flat.split([value.numel() for value in values.values()])
    return {n: part.view_as(value) for (n, value), part in zip(values.items(), parts)}


def train(run, inputs, labels, tensors):
    model = BertForSequenceClassification.from_pretrained(os.path.join(HERE, "../../../gbert/testdata/tiny"), dtype=torch.float32).eval()
    names = [n for n, p in model.named_parameters() if ".encoder." in n and n.endswith("weight") and p.dim() == 2]
    parameters = {n: p for n, p in model.named_parameters() if ".embeddings." not in n}
    scores = {} if run["kind"] == "magnitude" else {n: torch.zeros_like(parameters[n], requires_grad=True) for n in names}
    plain = [p for n, p in parameters.items() if not n.endswith(".bias") and "LayerNorm" not in n]
    others = [p for n, p in parameters.items() if n.endswith(".bias") or "LayerNorm" in n]
    groups = [{"params": plain, "lr": RATE, "weight_decay": DECAY}, {"params": others, "lr": RATE, "weight_decay": 0.0}]
    if scores:
        groups.append({"params": list(scores.values()), "lr": SCORE_RATE, "weight_decay": 0.0})
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.999), eps=1e-8)
    schedule = get_linear_schedule_with_warmup(optimizer, WARMUP, STEPS)
    run["losses"], run["kept"] = [], []

    def masked(step):
        found = masks(run, {n: parameters[n] for n in names}, scores, step)
        run["kept"].append(sum(m.sum().item() for m in found.values()) / sum(m.numel() for m in found.values()))
        return {n: parameters[n] * (Straight.apply(scores[n], m) if scores else m) for n, m in found.items()}

    for step in range(STEPS):
        loss = torch.func.functional_call(model, masked(step), kwargs={**inputs, "labels": labels}).loss
        objective = loss
        if run["kind"] == "soft":
            penalty = sum(torch.sigmoid(s).mean() for s in scores.values()) / len(scores)
            objective = loss + run["lambda"] * cubic(0.0, run["threshold"], step) / run["threshold"] * penalty
        optimizer.zero_grad()
        objective.backward()
        torch.nn.utils.clip_grad_norm_([*plain, *others, *scores.values()], CLIP)
        run["losses"].append(loss.item())
        optimizer.step()
        schedule.step()
    for n, w in masked(STEPS).items():
        tensors[f"{run['name']}/weight/{n}"] = w.detach().clone()
    for n, s in scores.items():
        tensors[f"{run['name']}/score/{n}"] = s.detach().clone()


def main():
    torch.use_deterministic_algorithms(True)
    generator = torch.Generator().manual_seed(3)
    # [CLS] is 2 and [SEP] is 3; words are 5 to 59. A label says in which third of the words the first one is.
    sentences = [torch.randint(5, 60, (int(n),), generator=generator).tolist() for n in torch.randint(2, 9, (8,), generator=generator)]
    labels = torch.tensor([min((s[0] - 5) // 18, 2) for s in sentences])
    length = max(len(s) for s in sentences) + 2
    rows = [[2, *s, 3] + [0] * (length - 2 - len(s)) for s in sentences]
    ids = torch.tensor(rows)
    inputs = {"input_ids": ids, "token_type_ids": torch.zeros_like(ids), "attention_mask": (ids != 0).long()}
    tensors = {}
    for run in RUNS:
        train(run, inputs, labels, tensors)
        print(run["name"], run["losses"][0], run["losses"][-1], run["kept"][-1])
    versions = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__, "safetensors": safetensors.__version__}
    settings = {"steps": STEPS, "warmup": WARMUP, "cool_down": COOL_DOWN, "rate": RATE, "score_rate": SCORE_RATE, "decay": DECAY, "clip": CLIP}
    with open(os.path.join(HERE, "golden.json"), "w") as f:
        json.dump({"versions": versions, **settings, "sentences": sentences, "labels": labels.tolist(), "runs": RUNS}, f, separators=(",", ":"))
        f.write("\n")
    safetensors.torch.save_file(tensors, os.path.join(HERE, "golden.safetensors"))


if __name__ == "__main__":
    main()
