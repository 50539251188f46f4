#!/usr/bin/env bash
# Version: torch 2.15.0, onnx 1.23.2, onnxscript 0.7.2 (Python 3.11).
# Behaviour: torch.onnx.export with dynamo=False exports in evaluation mode, and afterwards sets every module below the exported one to
# the mode of the exported one. A model in evaluation mode inside a wrapper that was never switched is in training mode after its export.
# With dynamo=True, today's default, all modes stay.
# Output (mode of the inner model's dropout, and whether the model gives the same numbers twice):
#   before: training False, the same twice True
#   after dynamo=True: training False, the same twice True
#   after dynamo=False: training True, the same twice False
# Why it matters: wrappers that pick the logits out of a transformers model are how BERT is exported. Who exports, and then compares the
# file with the model in memory or evaluates that model, measures it with dropout.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q torch==2.15.0 onnx==1.23.2 onnxscript==0.7.2

cat >modes.py <<'EOF'
import warnings

import torch

warnings.simplefilter("ignore")


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear, self.dropout = torch.nn.Linear(8, 8), torch.nn.Dropout(0.5)

    def forward(self, x):
        return self.dropout(self.linear(x))


class Wrapper(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model(x)


def say(when):
    x = torch.ones(1, 8)
    print(f"{when}: training {model.dropout.training}, the same twice {bool((model(x) == model(x)).all())}")


model = Model().eval()
say("before")
for dynamo in (True, False):
    torch.onnx.export(Wrapper(model), (torch.ones(1, 8),), "model.onnx", dynamo=dynamo, verbose=False)
    say(f"after dynamo={dynamo}")
EOF
got=$(venv/bin/python modes.py 2>/dev/null)
want='before: training False, the same twice True
after dynamo=True: training False, the same twice True
after dynamo=False: training True, the same twice False'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
