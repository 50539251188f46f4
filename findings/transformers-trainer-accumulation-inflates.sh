#!/usr/bin/env bash
# Version: transformers 4.57.1 against transformers 5.24.0, both with torch 2.15.0 and accelerate 1.15.0 (Python 3.11).
# Behaviour: Trainer with gradient_accumulation_steps=k gives BERT a loss and a gradient that are k times too large in 5.24. It does not divide
# by k where forward takes arbitrary keywords, since the model then divides by num_items_in_batch; BERT's heads take the keyword and drop
# it. In 4.57 they took no such keywords, and Trainer divided. Setting model.accepts_loss_kwargs to False restores that. Issue 47688 of
# transformers describes it for other heads.
# Output (one step over the same 16 texts; batch × steps; logged loss, norm of the gradient, times the norm in one batch):
#   4.57.1 BertForSequenceClassification: 16 × 1 0.69 0.11 1.0, 4 × 4 0.69 0.11 1.0
#   4.57.1 BertForTokenClassification: 16 × 1 0.70 0.59 1.0, 4 × 4 0.70 0.59 1.0
#   5.24.0 BertForSequenceClassification: 16 × 1 0.69 0.11 1.0, 4 × 4 2.77 0.44 4.0
#   5.24.0 BertForTokenClassification: 16 × 1 0.70 0.59 1.0, 4 × 4 2.80 2.35 4.0
#   5.24.0 with accepts_loss_kwargs False: 16 × 1 0.70 0.59 1.0, 4 × 4 0.70 0.59 1.0
# Why it matters: accumulation is meant to change nothing but memory. The default clipping to a norm of 1 now cuts gradients that lie below it,
# and SGD takes steps of k times the length; AdamW hides the factor, all but that clipping. A logged loss of a student that is trained with
# another k than its teacher cannot be compared.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q torch==2.15.0 transformers==5.24.0 accelerate==1.15.0
venv/bin/pip install -q --target old transformers==4.57.1

export HF_HUB_OFFLINE=1 TRANSFORMERS_NO_ADVISORY_WARNINGS=1
cat >steps.py <<'EOF'
import torch
import transformers
from transformers import BertConfig, BertForSequenceClassification, BertForTokenClassification, Trainer, TrainingArguments

source = torch.Generator().manual_seed(0)
ids = torch.randint(5, 30, (16, 8), generator=source)
classes = torch.randint(0, 2, (16,), generator=source)


def step(head, batch, steps, told):
    torch.manual_seed(0)
    model = head(BertConfig(vocab_size=30, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
                            max_position_embeddings=16, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0))
    if told:
        model.accepts_loss_kwargs = False
    labels = classes if head is BertForSequenceClassification else ids % 2
    trainer = Trainer(model, TrainingArguments(
        output_dir="run", per_device_train_batch_size=batch, gradient_accumulation_steps=steps, max_steps=1, logging_steps=1,
        report_to=[], use_cpu=True, disable_tqdm=True, save_strategy="no"),
        train_dataset=[{"input_ids": i, "labels": l} for i, l in zip(ids, labels)])
    trainer.train()
    log = trainer.state.log_history[0]
    return float(log["loss"]), float(log["grad_norm"])


def compare(name, head, told=False):
    (loss, norm), (loss4, norm4) = step(head, 16, 1, told), step(head, 4, 4, told)
    print(f"{transformers.__version__} {name}: 16 × 1 {loss:.2f} {norm:.2f} 1.0, 4 × 4 {loss4:.2f} {norm4:.2f} {norm4 / norm:.1f}",
          file=answers)


with open("answers.txt", "a", encoding="utf-8") as answers:
    for head in (BertForSequenceClassification, BertForTokenClassification):
        compare(head.__name__, head)
    if transformers.__version__.startswith("5"):
        compare("with accepts_loss_kwargs False", BertForTokenClassification, told=True)
EOF
for path in old ''; do
  PYTHONPATH=$path venv/bin/python steps.py >log.txt 2>&1 || { cat log.txt >&2; exit 1; }
done
got=$(cat answers.txt)
want='4.57.1 BertForSequenceClassification: 16 × 1 0.69 0.11 1.0, 4 × 4 0.69 0.11 1.0
4.57.1 BertForTokenClassification: 16 × 1 0.70 0.59 1.0, 4 × 4 0.70 0.59 1.0
5.24.0 BertForSequenceClassification: 16 × 1 0.69 0.11 1.0, 4 × 4 2.77 0.44 4.0
5.24.0 BertForTokenClassification: 16 × 1 0.70 0.59 1.0, 4 × 4 2.80 2.35 4.0
5.24.0 with accepts_loss_kwargs False: 16 × 1 0.70 0.59 1.0, 4 × 4 0.70 0.59 1.0'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
