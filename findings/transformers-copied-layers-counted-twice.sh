#!/usr/bin/env bash
# Version: transformers 4.57.1 against transformers 5.24.0, both with torch 2.15.0 (Python 3.11).
# Behaviour: 5.24 gathers hidden_states and attentions by hooks that it puts on BERT's layers, once, when a model is first asked for them. A
# copy of a layer takes the hook along: a student made of copies of a teacher that was asked before gets a second one, and each state twice. A
# layer that is put in after the first request has none, and one of another class never: its state is missing. The last entry is written
# over with the last hidden state, so that the count is the only sign. Nothing is said; 4.57 gathered the states in its loop over the layers.
# Output (three layers; which state each entry of hidden_states is, and the number of attentions):
#   4.57.1 layers copied before the teacher was asked: embeddings 1 2 3, 3 attentions
#   4.57.1 layers copied after the teacher was asked: embeddings 1 2 3, 3 attentions
#   4.57.1 weights loaded after the teacher was asked: embeddings 1 2 3, 3 attentions
#   4.57.1 layer 2 replaced before the model was asked: embeddings 1 2 3, 3 attentions
#   4.57.1 layer 2 replaced after the model was asked: embeddings 1 2 3, 3 attentions
#   4.57.1 layer 1 of another class: embeddings 1 2 3, 2 attentions
#   4.57.1 layer 3 of another class: embeddings 1 2 3, 2 attentions
#   5.24.0 layers copied before the teacher was asked: embeddings 1 2 3, 3 attentions
#   5.24.0 layers copied after the teacher was asked: embeddings 1 1 2 2 3 3, 6 attentions
#   5.24.0 weights loaded after the teacher was asked: embeddings 1 2 3, 3 attentions
#   5.24.0 layer 2 replaced before the model was asked: embeddings 1 2 3, 3 attentions
#   5.24.0 layer 2 replaced after the model was asked: embeddings 1 3, 2 attentions
#   5.24.0 layer 1 of another class: 1 2 3, 2 attentions
#   5.24.0 layer 3 of another class: embeddings 1 3, 2 attentions
# Why it matters: losses of distillation pair such states by their place: embeddings with embeddings, layer with layer. Initialising a
# student with the layers of its teacher, replacing layers one by one while training, and layers of factors or adapters are what compression
# is made of; the pairs are then of other layers, and a zip of two lists ends with the shorter one. Loading a layer's weights into the
# student's own layer is safe.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q torch==2.15.0 transformers==5.24.0
venv/bin/pip install -q --target old transformers==4.57.1

export HF_HUB_OFFLINE=1 TRANSFORMERS_NO_ADVISORY_WARNINGS=1
cat >states.py <<'EOF'
import copy

import torch
import transformers
from transformers import BertConfig, BertModel

ids = torch.tensor([[2, 5, 6, 3]])


def bert(layers):
    return BertModel(BertConfig(
        vocab_size=30, hidden_size=16, num_hidden_layers=layers, num_attention_heads=2, intermediate_size=32, max_position_embeddings=16,
        attn_implementation="eager")).eval()


class Narrow(torch.nn.Module):
    """A layer in place of BERT's: two factors beside the identity."""

    def __init__(self):
        super().__init__()
        self.down, self.up = torch.nn.Linear(16, 4), torch.nn.Linear(4, 16)

    def forward(self, hidden, *args, **kwargs):
        hidden = hidden + self.up(self.down(hidden))
        return (hidden, None) if transformers.__version__.startswith("4") else hidden


def ask(model):
    with torch.no_grad():
        return model(ids, output_hidden_states=True, output_attentions=True)


def show(what, model):
    first = lambda output: output[0] if isinstance(output, tuple) else output
    true = []
    hooks = [module.register_forward_hook(lambda module, args, output: true.append(first(output)))
             for module in (model.embeddings, *model.encoder.layer)]
    got = ask(model)
    for hook in hooks:
        hook.remove()
    names = [next("embeddings" if i == 0 else str(i) for i, state in enumerate(true) if torch.equal(state, entry))
             for entry in got.hidden_states]
    print(f"{transformers.__version__} {what}: {' '.join(names)}, {sum(entry is not None for entry in got.attentions)} attentions")


torch.manual_seed(0)
for asked in ("before", "after"):
    teacher, student = bert(6), bert(3)
    if asked == "after":
        ask(teacher)
    for i in range(3):
        student.encoder.layer[i] = copy.deepcopy(teacher.encoder.layer[2 * i + 1])
    show(f"layers copied {asked} the teacher was asked", student)

student = bert(3)
for i in range(3):
    student.encoder.layer[i].load_state_dict(teacher.encoder.layer[2 * i + 1].state_dict())
show("weights loaded after the teacher was asked", student)

for asked in ("before", "after"):
    model = bert(3)
    if asked == "after":
        ask(model)
    model.encoder.layer[1] = bert(3).encoder.layer[1]
    show(f"layer 2 replaced {asked} the model was asked", model)

for layer in (1, 3):
    model = bert(3)
    model.encoder.layer[layer - 1] = Narrow()
    show(f"layer {layer} of another class", model)
EOF
got=$(PYTHONPATH=old venv/bin/python states.py 2>/dev/null; venv/bin/python states.py 2>err.txt)
want='4.57.1 layers copied before the teacher was asked: embeddings 1 2 3, 3 attentions
4.57.1 layers copied after the teacher was asked: embeddings 1 2 3, 3 attentions
4.57.1 weights loaded after the teacher was asked: embeddings 1 2 3, 3 attentions
4.57.1 layer 2 replaced before the model was asked: embeddings 1 2 3, 3 attentions
4.57.1 layer 2 replaced after the model was asked: embeddings 1 2 3, 3 attentions
4.57.1 layer 1 of another class: embeddings 1 2 3, 2 attentions
4.57.1 layer 3 of another class: embeddings 1 2 3, 2 attentions
5.24.0 layers copied before the teacher was asked: embeddings 1 2 3, 3 attentions
5.24.0 layers copied after the teacher was asked: embeddings 1 1 2 2 3 3, 6 attentions
5.24.0 weights loaded after the teacher was asked: embeddings 1 2 3, 3 attentions
5.24.0 layer 2 replaced before the model was asked: embeddings 1 2 3, 3 attentions
5.24.0 layer 2 replaced after the model was asked: embeddings 1 3, 2 attentions
5.24.0 layer 1 of another class: 1 2 3, 2 attentions
5.24.0 layer 3 of another class: embeddings 1 3, 2 attentions'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
if grep -iE 'hidden|attention|hook' err.txt; then echo 'the behaviour has changed: there is a warning' >&2; exit 1; fi
