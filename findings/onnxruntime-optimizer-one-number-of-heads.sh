#!/usr/bin/env bash
# Version: onnxruntime 1.32.0, torch 2.15.0, transformers 5.24.0, onnx 1.23.2, onnxscript 0.7.2, numpy 2.4.6 (Python 3.11).
# Behaviour: onnxruntime.transformers.optimizer gives the num_heads that it is called with to every attention that it fuses in a file of
# torch.onnx.export with dynamo=False, with fixed or dynamic axes. A BERT of which a layer has fewer heads is fused all the same: that
# layer is cut into as many heads of another size, and computes something else, without an error or a warning. Without num_heads nothing
# is fused, and a warning asks for the number.
# Output (heads of each fused attention, warnings of the fusion, whether the answers are those of the model before):
#   dynamic axes, num_heads 4: fused [4, 4], warnings 0, the same answers False
#   dynamic axes, no num_heads: fused [], warnings 2, the same answers True
#   fixed axes, num_heads 4: fused [4, 4], warnings 0, the same answers False
#   fixed axes, no num_heads: fused [], warnings 2, the same answers True
# Why it matters: models without some of their heads are what head pruning makes, and this optimizer is what ONNX Runtime's guides
# run over a BERT before it is deployed. The size of the file and the speed look right.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q onnxruntime==1.32.0 torch==2.15.0 transformers==5.24.0 onnx==1.23.2 onnxscript==0.7.2 numpy==2.4.6

cat >heads.py <<'EOF'
import logging
import warnings

import numpy as np
import onnxruntime as ort
import torch
from onnxruntime.transformers import optimizer
from transformers import BertConfig, BertModel

warnings.simplefilter("ignore")


class Count(logging.Handler):
    def __init__(self):
        super().__init__()
        self.seen = 0

    def emit(self, record):
        self.seen += record.levelno >= logging.WARNING


count = Count()
logging.getLogger("fusion_attention").addHandler(count)
logging.getLogger("fusion_attention").propagate = False

torch.manual_seed(0)
model = BertModel(BertConfig(
    vocab_size=50, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=128, max_position_embeddings=32,
    initializer_range=0.2, attn_implementation="eager"), add_pooling_layer=False).eval()

# The second layer keeps its heads 0 and 2.
attention = model.encoder.layer[1].attention
kept = torch.cat([torch.arange(0, 16), torch.arange(32, 48)])
for part in (attention.self.query, attention.self.key, attention.self.value):
    part.weight, part.bias = torch.nn.Parameter(part.weight[kept].clone()), torch.nn.Parameter(part.bias[kept].clone())
attention.output.dense.weight = torch.nn.Parameter(attention.output.dense.weight[:, kept].clone())
attention.self.num_attention_heads, attention.self.all_head_size = 2, 32


class Wrapper(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask):
        return self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state


tokens, mask = torch.randint(0, 50, (2, 7)), torch.ones(2, 7, dtype=torch.long)
mask[1, 5:] = 0
feed = {"input_ids": tokens.numpy(), "attention_mask": mask.numpy()}
with torch.no_grad():
    want = model(input_ids=tokens, attention_mask=mask).last_hidden_state.numpy()
for kind, axes in (("dynamic", {"input_ids": {0: "batch", 1: "length"}, "attention_mask": {0: "batch", 1: "length"}}), ("fixed", {})):
    torch.onnx.export(Wrapper().eval(), (tokens, mask), "model.onnx", input_names=["input_ids", "attention_mask"], output_names=["hidden"],
                      dynamo=False, opset_version=17, dynamic_axes=axes)
    for heads in (4, 0):
        count.seen = 0
        fused = optimizer.optimize_model("model.onnx", model_type="bert", num_heads=heads, hidden_size=16 * heads, opt_level=0)
        fused.save_model_to_file("fused.onnx")
        options = ort.SessionOptions()
        options.log_severity_level = 3
        got = ort.InferenceSession("fused.onnx", options, providers=["CPUExecutionProvider"]).run(None, feed)[0]
        numbers = [a.i for n in fused.model.graph.node if n.op_type == "Attention" for a in n.attribute if a.name == "num_heads"]
        asked = f"num_heads {heads}" if heads else "no num_heads"
        print(f"{kind} axes, {asked}: fused {numbers}, warnings {count.seen}, the same answers {bool(np.abs(got - want).max() < 1e-4)}")
EOF
got=$(venv/bin/python heads.py 2>/dev/null)
want='dynamic axes, num_heads 4: fused [4, 4], warnings 0, the same answers False
dynamic axes, no num_heads: fused [], warnings 2, the same answers True
fixed axes, num_heads 4: fused [4, 4], warnings 0, the same answers False
fixed axes, no num_heads: fused [], warnings 2, the same answers True'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
