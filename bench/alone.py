"""What a user of PyTorch and transformers writes for one task, as a process of its own whose memory and time are measured.

alone.py evaluate|ablate|train MODEL FILE.tsv EXAMPLES THREADS: one JSON object on standard output.
"""

import csv
import json
import os
import random
import sys

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch
import transformers

transformers.utils.logging.disable_progress_bar()
task, folder, file, examples, threads = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
torch.set_num_threads(threads)
SIZE, LENGTH, STEPS = 32, 128, 60

with open(file, encoding="utf-8", newline="") as lines:
    rows = [(row["sentence"], int(row["label"])) for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]
rows = rows[:examples] if examples else rows
tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
model = transformers.AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32)


def batches(rows):
    for at in range(0, len(rows), SIZE):
        part = rows[at : at + SIZE]
        inputs = tokenizer([text for text, _ in part], padding=True, truncation=True, max_length=LENGTH, return_tensors="pt")
        yield dict(inputs), torch.tensor([label for _, label in part])


@torch.inference_mode()
def evaluate():
    total, right = 0.0, 0
    for inputs, labels in batches(sorted(rows, key=lambda row: len(row[0]))):
        logits = model(**inputs).logits
        total += torch.nn.functional.cross_entropy(logits, labels, reduction="sum").item()
        right += (logits.argmax(-1) == labels).sum().item()
    return {"loss": total / len(rows), "accuracy": right / len(rows)}


def ablate():
    """The first head of each layer, one after another: all heads take no more memory."""
    size = model.config.hidden_size // model.config.num_attention_heads
    losses = []
    for layer in model.bert.encoder.layer:

        def hook(module, arguments):
            context = arguments[0].clone()
            context[..., :size] = 0
            return (context,) + arguments[1:]

        handle = layer.attention.output.dense.register_forward_pre_hook(hook)
        losses.append(evaluate()["loss"])
        handle.remove()
    return {"losses": losses}


def train():
    """Some steps of an epoch of random batches."""
    model.train()
    random.Random(1).shuffle(rows)
    decayed, rest = [], []
    for name, parameter in model.named_parameters():
        (rest if name.endswith("bias") or "LayerNorm" in name else decayed).append(parameter)
    groups = [{"params": decayed, "weight_decay": 0.01}, {"params": rest, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=2e-5, fused=True)
    losses = []
    for inputs, labels in batches(rows[: STEPS * SIZE]):
        loss = model(**inputs, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return {"steps": len(losses), "loss": sum(losses) / len(losses)}


model.eval()
print(json.dumps({"evaluate": evaluate, "ablate": ablate, "train": train}[task]()))
