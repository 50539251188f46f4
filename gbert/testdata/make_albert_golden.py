"""Writes what transformers computes with small random ALBERTs, for the tests of gbert.

    tiny-albert/         4 layers in 2 groups, embeddings of size 6, hidden size 16, a classifier of 3 labels
    tiny-albert-inner/   5 runs of 3 groups that hold 2 layers each: 10 layers, groups of unequal length; bare, without a head
    tiny-albert-mlm/     as it is pretrained: masked-language-model head, sentence-order head, pooler
    albert.json          logits and losses, the versions used; inputs are those of golden.json
    albert.safetensors   hidden states, attention, pooled outputs, vocabulary logits, gradient of every parameter

usage: python testdata/make_albert_golden.py
torch 2.15.0, transformers 5.24.0, safetensors 0.8.0, Python 3.11; the versions used are in the file.
"""

import json
import os
import shutil

import safetensors
import safetensors.torch
import torch
import transformers
from transformers import AlbertConfig, AlbertForPreTraining, AlbertForSequenceClassification, AlbertModel

HERE = os.path.dirname(os.path.abspath(__file__))
VERSIONS = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__, "safetensors": safetensors.__version__}


def config(**more):
    sizes = dict(vocab_size=60, embedding_size=6, hidden_size=16, num_hidden_layers=4, num_hidden_groups=2, num_attention_heads=4,
                 intermediate_size=24, max_position_embeddings=32, type_vocab_size=2, attn_implementation="eager")
    return AlbertConfig(**{**sizes, **more})


def randomize(model, seed):
    """Weights much larger than those of a fresh model, so that every part has an effect that can be seen."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            norm = name.endswith("LayerNorm.weight") or name.endswith("layer_norm.weight")
            p.copy_(torch.randn(p.shape, generator=generator) * 0.2 + (1 if norm else 0))
    return model.eval()


def folder(name):
    path = os.path.join(HERE, name)
    shutil.rmtree(path, ignore_errors=True)
    return path


def main():
    torch.set_num_threads(2)
    with open(os.path.join(HERE, "golden.json")) as f:
        golden = json.load(f)
    inputs = {"input_ids": torch.tensor(golden["ids"]), "token_type_ids": torch.tensor(golden["types"]), "attention_mask": torch.tensor(golden["mask"])}
    labels = torch.tensor(golden["labels"])
    tensors = {}

    model = randomize(AlbertForSequenceClassification(config(num_labels=3)), 11)
    model.save_pretrained(folder("tiny-albert"))
    out = model(**inputs, labels=labels, output_hidden_states=True, output_attentions=True)
    for i, hidden in enumerate(out.hidden_states):
        tensors[f"hidden.{i}"] = hidden
    for i, attention in enumerate(out.attentions):
        tensors[f"attention.{i}"] = attention
    tensors["pooled"] = model.albert(**inputs).pooler_output
    out.loss.backward()
    for name, p in model.named_parameters():
        tensors["gradient." + name] = p.grad

    inner = randomize(AlbertModel(config(num_hidden_layers=5, num_hidden_groups=3, inner_group_num=2)), 12)
    inner.save_pretrained(folder("tiny-albert-inner"))
    hidden, pooled = inner(**inputs)[:2]
    tensors["inner.hidden"], tensors["inner.pooled"] = hidden, pooled

    mlm = randomize(AlbertForPreTraining(config(num_labels=2)), 13)
    mlm.save_pretrained(folder("tiny-albert-mlm"))
    tensors["mlm"] = mlm(**inputs).prediction_logits

    with open(os.path.join(HERE, "albert.json"), "w") as f:
        json.dump({"versions": VERSIONS, "logits": [[float("%.9g" % x) for x in row] for row in out.logits.tolist()], "loss": out.loss.item()}, f)
        f.write("\n")
    safetensors.torch.save_file({k: v.detach().contiguous() for k, v in tensors.items()}, os.path.join(HERE, "albert.safetensors"))


main()
