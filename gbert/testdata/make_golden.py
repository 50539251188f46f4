"""Writes what transformers and torch compute, for the tests of gbert and of gbert/finetune.

    tiny/ tiny-…/          a small random BERT as Hugging Face folders: as saved by transformers, and in the variants that exist
    golden.json            inputs, logits and losses of the tiny models
    golden.safetensors     hidden states, attention, pooled output, masked-language-model logits, gradient of every parameter
    real.json              (with --models) logits of all-MiniLM-L6-v2 and bert-base-uncased with a classifier made by a formula
    sst2.json              (with --sst2)   the same for 64 sentences of SST-2's dev set, by their numbers
    ../finetune/testdata/  weights after steps of torch.optim.AdamW; learning rates of the linear schedule, warm-up as Trainer counts it

usage: python testdata/make_golden.py [--models FOLDER [--sst2 dev.tsv]]
torch 2.15.0, transformers 5.23.0, safetensors 0.8.0, numpy 2.4.6, Python 3.11; the versions used are in the files.
"""

import argparse
import json
import math
import os
import shutil
from types import SimpleNamespace

import safetensors
import safetensors.torch
import torch
import transformers
from transformers import (AutoTokenizer, BertConfig, BertForMaskedLM, BertForSequenceClassification, BertModel,
                          TrainingArguments, get_linear_schedule_with_warmup)

HERE = os.path.dirname(os.path.abspath(__file__))
FINETUNE = os.path.join(HERE, "..", "finetune", "testdata")
VERSIONS = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__, "safetensors": safetensors.__version__}
SENTENCES = [
    ("A gripping, beautifully acted film that never lets go.", None), ("Dull.", None), ("", None),
    ("I have seen worse, but not this year.", None), ("It's a charming and often affecting journey!", None),
    ("the acting, costumes, music, cinematography and sound are all astounding given the production's austere locales .", None),
    ("No movement, no yuks, not much of anything.", None), ("Zürich café, naïve résumé: 中文 and 😀 in one line.", None),
    ("What is the capital of France?", "Paris is the capital of France."), ("A man plays a guitar.", "Somebody makes music."),
    ("The company said sales rose 5.5 % to $1,234.56 million.", "Sales fell."), ("One.", "Two words, three, four, five; six? Seven! Eight."),
    ("The quick brown fox jumps over the lazy dog. " * 6, "It does so again and again. " * 8),
    ("supercalifragilisticexpialidocious antidisestablishmentarianism", None), ("word " * 200, None), ("a b c d e f g h i j k l m n o p", "z"),
]
MASKED = ["the capital of france is [MASK] .", "the man worked as a [MASK] .", "paris is the [MASK] of france .",
          "she opened the [MASK] and walked in .", "two plus two equals [MASK] ."]


def dump(path, value):
    with open(path, "w") as f:
        json.dump(value, f, separators=(",", ":"))
        f.write("\n")


def numbers(tensor):
    """A float32 tensor as a list of the shortest decimals that give the same float32 back."""
    return [numbers(t) for t in tensor] if tensor.dim() else float("%.9g" % tensor.item())


def config(**more):
    return BertConfig(vocab_size=60, hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=24,
                      max_position_embeddings=32, type_vocab_size=2, attn_implementation="eager", **more)


def randomize(model, seed):
    """Weights much larger than those of a fresh model, so that every part has an effect that can be seen."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(torch.randn(p.shape, generator=generator) * 0.2 + (1 if "LayerNorm.weight" in name else 0))
    return model.eval()


def folder(name):
    path = os.path.join(HERE, name)
    shutil.rmtree(path, ignore_errors=True)
    return path


def tiny_inputs():
    generator = torch.Generator().manual_seed(7)
    lengths, first = [12, 7, 3, 9], [12, 4, 3, 5]
    ids = torch.randint(5, 60, (4, 12), generator=generator)
    types, mask = torch.zeros(4, 12, dtype=torch.long), torch.zeros(4, 12, dtype=torch.long)
    for row, (length, a) in enumerate(zip(lengths, first)):
        ids[row, length:] = 0
        mask[row, :length] = 1
        types[row, a:length] = 1
    return {"input_ids": ids, "token_type_ids": types, "attention_mask": mask}


def tiny():
    inputs = tiny_inputs()
    labels, targets = torch.tensor([0, 2, 1, 2]), torch.tensor([0.5, -1.25, 2.0, 0.0])
    golden = {"versions": VERSIONS, "ids": inputs["input_ids"].tolist(), "types": inputs["token_type_ids"].tolist(),
              "mask": inputs["attention_mask"].tolist(), "labels": labels.tolist(), "targets": targets.tolist(), "logits": {}, "losses": {}}
    tensors = {}

    def record(name, model, gold=labels):
        with torch.no_grad():
            out = model(**inputs, labels=gold)
        golden["logits"][name], golden["losses"][name] = numbers(out.logits), float(out.loss)

    model = randomize(BertForSequenceClassification(config(num_labels=3)), 1)
    model.save_pretrained(folder("tiny"))
    record("tiny", model)
    out = model(**inputs, labels=labels, output_hidden_states=True, output_attentions=True)
    for i, hidden in enumerate(out.hidden_states):
        tensors[f"hidden.{i}"] = hidden
    for i, attention in enumerate(out.attentions):
        tensors[f"attention.{i}"] = attention
    tensors["pooled"] = model.bert(**inputs).pooler_output
    out.loss.backward()
    for name, p in model.named_parameters():
        tensors["gradient." + name] = p.grad
    model.zero_grad()

    model.save_pretrained(folder("tiny-sharded"), max_shard_size="10KB")
    assert os.path.exists(os.path.join(HERE, "tiny-sharded", "model.safetensors.index.json"))
    path = folder("tiny-gamma")
    os.mkdir(path)
    shutil.copy(os.path.join(HERE, "tiny", "config.json"), path)
    safetensors.torch.save_file({k.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): v
                                 for k, v in model.state_dict().items()}, os.path.join(path, "model.safetensors"), {"format": "pt"})
    model.bert.save_pretrained(folder("tiny-bare"))
    for dtype, name in ((torch.float16, "tiny-float16"), (torch.bfloat16, "tiny-bfloat16")):
        BertForSequenceClassification.from_pretrained(os.path.join(HERE, "tiny"), dtype=dtype).save_pretrained(folder(name))
        record(name, BertForSequenceClassification.from_pretrained(os.path.join(HERE, name), dtype=torch.float32).eval())
    regression = randomize(BertForSequenceClassification(config(num_labels=1)), 2)
    regression.save_pretrained(folder("tiny-regression"))
    record("tiny-regression", regression, targets)
    mlm = randomize(BertForMaskedLM(config()), 3)
    mlm.save_pretrained(folder("tiny-mlm"))
    with torch.no_grad():
        tensors["mlm"] = mlm(**inputs).logits
    dump(os.path.join(HERE, "golden.json"), golden)
    safetensors.torch.save_file({k: v.detach().contiguous() for k, v in tensors.items()}, os.path.join(HERE, "golden.safetensors"))


def adamw():
    """Steps of AdamW as transformers' Trainer configures it, on the two batches that the inputs make (4 rows, then 1)."""
    inputs, labels = tiny_inputs(), torch.tensor([0, 2, 1, 2])
    runs = [
        {"name": "warmup", "lr": 1e-2, "warmup": 0.2, "decay": 0.01, "clip": 1.0, "steps": 10, "after": [2, 5]},
        {"name": "clipped", "lr": 5e-3, "warmup": 0.0, "decay": 0.1, "clip": 0.1, "steps": 6, "after": [1, 3]},
    ]
    tensors = {}
    for run in runs:
        model = BertForSequenceClassification.from_pretrained(os.path.join(HERE, "tiny"), dtype=torch.float32).eval()
        plain = [p for n, p in model.named_parameters() if not n.endswith(".bias") and "LayerNorm" not in n]
        others = [p for n, p in model.named_parameters() if n.endswith(".bias") or "LayerNorm" in n]
        optimizer = torch.optim.AdamW([{"params": plain, "weight_decay": run["decay"]}, {"params": others, "weight_decay": 0.0}],
                                      lr=run["lr"], betas=(0.9, 0.999), eps=1e-8)
        schedule = get_linear_schedule_with_warmup(optimizer, int(run["warmup"] * run["steps"]), run["steps"])
        run["losses"], run["norms"] = [], []
        for step in range(max(run["after"])):
            rows = slice(0, 4) if step % 2 == 0 else slice(1, 2)
            loss = model(**{k: v[rows] for k, v in inputs.items()}, labels=labels[rows]).loss
            optimizer.zero_grad()
            loss.backward()
            run["norms"].append(float(torch.nn.utils.clip_grad_norm_(model.parameters(), run["clip"])))
            run["losses"].append(loss.item())
            optimizer.step()
            schedule.step()
            if step + 1 in run["after"]:
                for name, p in model.named_parameters():
                    tensors[f"{run['name']}/{step + 1}/{name}"] = p.detach().clone()
    rates = []
    for steps, ratio in ((3, 0.1), (10, 0.1), (10, 0.0), (7, 0.5), (30, 0.1), (33, 0.06)):
        warmup = TrainingArguments.get_warmup_steps(SimpleNamespace(warmup_steps=ratio), steps)  # without its devices
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=2e-5)
        schedule = get_linear_schedule_with_warmup(optimizer, warmup, steps)
        values = []
        for _ in range(steps):
            values.append(schedule.get_last_lr()[0])
            optimizer.step()
            schedule.step()
        rates.append({"steps": steps, "warmup": ratio, "peak": 2e-5, "rates": values})
    os.makedirs(FINETUNE, exist_ok=True)
    dump(os.path.join(FINETUNE, "adamw.json"), {"versions": VERSIONS, "runs": runs, "schedules": rates})
    safetensors.torch.save_file(tensors, os.path.join(FINETUNE, "adamw.safetensors"))


def with_formula_head(path):
    """BertForSequenceClassification whose classifier has weight 0.02·sin(1 + i) and bias 0.1·sin(1 + i) at the flat index i."""
    model = BertForSequenceClassification.from_pretrained(path, num_labels=2, dtype=torch.float32).eval()
    with torch.no_grad():
        for p, scale in ((model.classifier.weight, 0.02), (model.classifier.bias, 0.1)):
            p.copy_(torch.tensor([scale * math.sin(1 + i) for i in range(p.numel())]).reshape(p.shape))
    return model


def encode(tokenizer, a, b, length):
    return tokenizer(a, b, truncation="longest_first", max_length=length, padding=False, return_tensors="pt")


def real(models, sst2):
    tokenizer = AutoTokenizer.from_pretrained(os.path.join(models, "all-MiniLM-L6-v2"))
    with open(os.path.join(models, "all-MiniLM-L6-v2", "vocab.txt")) as f, open(os.path.join(models, "bert-base-uncased", "vocab.txt")) as g:
        assert f.read() == g.read()
    out = {"versions": VERSIONS, "max_length": 128, "sentences": [{"a": a, "b": b or "", "pair": b is not None} for a, b in SENTENCES],
           "labels": [i % 2 for i in range(len(SENTENCES))], "logits": {}, "loss": {}}
    dev = {"versions": VERSIONS, "max_length": 128, "index": list(range(0, 64 * 13, 13)), "logits": {}, "loss": {}}
    rows = []
    if sst2:
        with open(sst2, encoding="utf-8", newline="") as f:
            rows = [line.rstrip("\n").split("\t") for line in f][1:]
    for name in ("all-MiniLM-L6-v2", "bert-base-uncased"):
        model = with_formula_head(os.path.join(models, name))

        def run(pairs, labels):
            with torch.no_grad():
                logits = torch.cat([model(**encode(tokenizer, a, b, 128)).logits for a, b in pairs])
            return numbers(logits), float(torch.nn.functional.cross_entropy(logits.double(), torch.tensor(labels)))

        out["logits"][name], out["loss"][name] = run(SENTENCES, out["labels"])
        if rows:
            picked = [rows[i] for i in dev["index"]]
            dev["logits"][name], dev["loss"][name] = run([(text, None) for text, _ in picked], [int(label) for _, label in picked])
    mlm = BertForMaskedLM.from_pretrained(os.path.join(models, "bert-base-uncased"), dtype=torch.float32).eval()
    out["masked"] = []
    for text in MASKED:
        inputs = encode(tokenizer, text, None, 128)
        with torch.no_grad():
            logits = mlm(**inputs).logits[0]
        at = inputs["input_ids"][0].tolist().index(tokenizer.mask_token_id)
        top = logits[at].double().softmax(-1).topk(5)
        out["masked"].append({"text": text, "tokens": tokenizer.convert_ids_to_tokens(top.indices), "probabilities": numbers(top.values),
                              "logits": numbers(logits[at][top.indices])})
    dump(os.path.join(HERE, "real.json"), out)
    if rows:
        dump(os.path.join(HERE, "sst2.json"), dev)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--models")
    parser.add_argument("--sst2")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    tiny()
    adamw()
    if arguments.models:
        real(arguments.models, arguments.sst2)


main()
