"""Writes what torch computes with each activation of transformers (ACT2FN) that has no parameters, for the tests of gbert.

    activations.json   names of those with parameters; points; of each activation its values and derivatives there, and the logits of
                       tiny/ with it; the versions used. Inputs of the logits are those of golden.json.

Points are random ones, and the kinks with their neighbours in float32 (of 0, normal numbers: XLA takes subnormal ones for 0). The derivatives at kinks are those of torch's kernels for
arrays, which do not depend on the position.

usage: python testdata/make_activation_golden.py
torch 2.15.0, transformers 5.24.0, Python 3.11; the versions used are in the file.
"""

import json
import os

import numpy
import torch
import transformers
from transformers import BertForSequenceClassification
from transformers.activations import ACT2FN

HERE = os.path.dirname(os.path.abspath(__file__))
KINKS = [-10, -3, -1, 0, 1, 3, 6, 10]


def points():
    torch.manual_seed(1)
    near = [numpy.nextafter(numpy.float32(k), numpy.float32(to)) for k in KINKS if k for to in (-100, 100)] + [-1e-30, 1e-30]
    tails = [-30, -20, 20, 30]
    return torch.cat([torch.tensor([*KINKS, *near, *tails], dtype=torch.float32), torch.randn(40) * 3])


def derivatives(act, x):
    x = x.clone().requires_grad_()
    y = act(x)
    y.sum().backward()
    alone = []
    for value in x.detach():  # one element takes another path in some kernels
        one = value.reshape(1).clone().requires_grad_()
        act(one).sum().backward()
        alone.append(one.grad[0])
    assert torch.allclose(torch.stack(alone), x.grad, atol=1e-6), act
    return y.detach(), x.grad


def logits(name, golden):
    model = BertForSequenceClassification.from_pretrained(os.path.join(HERE, "tiny"), hidden_act=name).eval()
    with torch.no_grad():
        out = model(input_ids=torch.tensor(golden["ids"]), token_type_ids=torch.tensor(golden["types"]), attention_mask=torch.tensor(golden["mask"]))
    return out.logits


def numbers(tensor):
    return [numbers(t) for t in tensor] if tensor.dim() else float("%.9g" % tensor.item())


def main():
    with open(os.path.join(HERE, "golden.json")) as f:
        golden = json.load(f)
    x = points()
    out = {"versions": {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__}, "learned": [], "points": numbers(x), "activations": {}}
    for name in sorted(ACT2FN):
        act = ACT2FN[name]
        if any(True for _ in act.parameters()):
            out["learned"].append(name)
            continue
        values, gradient = derivatives(act, x)
        out["activations"][name] = {"values": numbers(values), "derivatives": numbers(gradient), "logits": numbers(logits(name, golden))}
    with open(os.path.join(HERE, "activations.json"), "w") as f:
        json.dump(out, f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
