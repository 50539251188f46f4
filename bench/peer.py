"""A peer of the benchmark: PyTorch, its compiler, ONNX Runtime or OpenVINO, driven line by line.

Each line on standard input is a JSON object with a command in "do"; each gets one JSON object on standard output. Times are
seconds of the computation alone: batches are arrays before the clock starts, and the lines are read and written outside it.
"""

import copy
import json
import os
import platform
import sys
import time
import traceback

protocol = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # whatever else prints goes to standard error
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
os.environ["TORCHINDUCTOR_FORCE_DISABLE_CACHES"] = "1"  # compilation counts

import torch
import transformers

transformers.utils.logging.disable_progress_bar()
INPUTS = ["input_ids", "attention_mask", "token_type_ids"]


def load(dir, **options):
    return transformers.AutoModelForSequenceClassification.from_pretrained(dir, dtype=torch.float32, **options).eval()


class Eager:
    """PyTorch as it is."""

    def __init__(self):
        self.device = torch.device("cpu")
        self.model = None  # in evaluation mode, as loaded
        self.trained = None  # a copy in training
        self.optimizer = None
        self.batches = {}

    def hello(self, threads, device, tf32):
        self.threads = threads
        torch.set_num_threads(threads)
        self.device = torch.device(device)
        torch.backends.cuda.matmul.allow_tf32 = tf32  # both sides multiply with the same precision
        return {
            "python": platform.python_version(),
            "version": torch.__version__,
            "transformers": transformers.__version__,
            "threads": torch.get_num_threads(),
            "device": torch.cuda.get_device_name() if device == "cuda" else device,
        }

    def model_(self, dir):
        self.forget()
        self.model = load(dir).to(self.device)
        return {}

    def forget(self):
        """Drops the batches and the model in training."""
        self.batches, self.trained, self.optimizer = {}, None, None
        return {}

    def batch(self, name, ids, types, mask, labels):
        self.batches[name] = {
            "input_ids": torch.tensor(ids, device=self.device),
            "token_type_ids": torch.tensor(types, device=self.device),
            "attention_mask": torch.tensor(mask, device=self.device),
            "labels": torch.tensor(labels, device=self.device),
        }
        return {}

    def forward(self, batch, times):
        """The batch's logits, and the mean time of some passes."""
        inputs = {k: v for k, v in self.batches[batch].items() if k != "labels"}
        began = time.perf_counter()
        with torch.inference_mode():
            for _ in range(times):
                logits = self.model(**inputs).logits.tolist()
        return {"seconds": (time.perf_counter() - began) / times, "logits": logits}

    def train(self, dropout, decay):
        """Begins a training of a copy of the model, with the optimizer and the groups of transformers' Trainer."""
        self.trained = copy.deepcopy(self.model).train()
        if not dropout:
            for module in self.trained.modules():
                if isinstance(module, torch.nn.Dropout):
                    module.p = 0.0
        decayed, rest = [], []
        for name, parameter in self.trained.named_parameters():
            (rest if name.endswith("bias") or "LayerNorm" in name else decayed).append(parameter)
        groups = [{"params": decayed, "weight_decay": decay}, {"params": rest, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=1e-5, betas=(0.9, 0.999), eps=1e-8, fused=True)
        return {}

    def step(self, batch, rate):
        inputs = self.batches[batch]
        began = time.perf_counter()
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = self.trained(**inputs).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.trained.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        value = loss.item()
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return {"seconds": time.perf_counter() - began, "loss": value}

    def pass_(self, batches, layer, head):
        """The mean loss over all batches with one head masked: transformers 5 has no head_mask, so a hook zeroes the head's
        part of what enters attention.output.dense. A negative layer masks nothing."""
        size = self.model.config.hidden_size // self.model.config.num_attention_heads

        def hook(module, arguments):
            context = arguments[0].clone()
            context[..., head * size : (head + 1) * size] = 0
            return (context,) + arguments[1:]

        handle = None
        if layer >= 0:
            handle = self.model.bert.encoder.layer[layer].attention.output.dense.register_forward_pre_hook(hook)
        began = time.perf_counter()
        total, examples = 0.0, 0
        with torch.inference_mode():
            for name in batches:
                inputs = self.batches[name]
                rows = len(inputs["labels"])
                logits = self.model(**{k: v for k, v in inputs.items() if k != "labels"}).logits
                total += torch.nn.functional.cross_entropy(logits, inputs["labels"], reduction="sum").item()
                examples += rows
        seconds = time.perf_counter() - began
        if handle is not None:
            handle.remove()
        return {"seconds": seconds, "loss": total / examples}


class Compiled(Eager):
    """torch.compile with its defaults: shapes are fixed until a second one comes, dynamic from then on."""

    def model_(self, dir):
        super().model_(dir)
        self.model.forward = torch.compile(self.model.forward)
        return {}

    def forget(self):
        torch._dynamo.reset()
        return super().forget()

    def train(self, dropout, decay):
        compiled = self.model.__dict__.pop("forward")  # copied, it would go on computing with the model that it was made of
        super().train(dropout, decay)
        self.model.forward = compiled
        torch._dynamo.reset()
        self.trained.forward = torch.compile(self.trained.forward)
        return {}


class Runtime(Eager):
    """What runs the exported model: eager attention, all axes of the inputs dynamic."""

    def model_(self, dir):
        self.forget()
        path = os.path.join(dir, "exported.onnx")
        if not os.path.exists(path):
            self.export(dir, path)
        self.open(path)
        return {}

    def export(self, dir, path):
        model = load(dir, attn_implementation="eager")

        class Logits(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.model = model

            def forward(self, input_ids, attention_mask, token_type_ids):
                return self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).logits

        ids = torch.randint(1000, 2000, (2, 16))
        axes = {0: torch.export.Dim("batch", min=1, max=1024), 1: torch.export.Dim("length", min=2, max=model.config.max_position_embeddings)}
        torch.onnx.export(
            Logits().eval(), (ids, torch.ones_like(ids), torch.zeros_like(ids)), path + ".part", input_names=INPUTS, output_names=["logits"],
            dynamic_shapes=(axes,) * 3, dynamo=True, external_data=False, verbose=False,
        )
        os.replace(path + ".part", path)  # the other runtime may be looking for it

    def forward(self, batch, times):
        inputs = {name: self.batches[batch][name].numpy() for name in INPUTS}
        began = time.perf_counter()
        for _ in range(times):
            logits = self.run(inputs).tolist()
        return {"seconds": (time.perf_counter() - began) / times, "logits": logits}


class OnnxRuntime(Runtime):
    def hello(self, **arguments):
        import onnxruntime

        self.runtime = onnxruntime
        return super().hello(**arguments) | {"version": onnxruntime.__version__}

    def open(self, path):
        options = self.runtime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.graph_optimization_level = self.runtime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.add_session_config_entry("session.force_spinning_stop", "1")  # between passes its threads rest
        self.session = self.runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def run(self, inputs):
        return self.session.run(None, inputs)[0]


class OpenVINO(Runtime):
    def hello(self, **arguments):
        import openvino

        self.runtime = openvino
        return super().hello(**arguments) | {"version": openvino.__version__}

    def open(self, path):
        # Without the first it computes in bfloat16 where the processor can, and says nothing.
        options = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": self.threads}
        self.request = self.runtime.Core().compile_model(path, "CPU", options).create_infer_request()

    def run(self, inputs):
        return self.request.infer(inputs)[0]


def main():
    peer = {"torch": Eager, "torch-compile": Compiled, "onnxruntime": OnnxRuntime, "openvino": OpenVINO}[sys.argv[1]]()
    commands = {
        "hello": peer.hello, "model": peer.model_, "forget": peer.forget, "batch": peer.batch,
        "forward": peer.forward, "train": peer.train, "step": peer.step, "pass": peer.pass_,
    }
    for line in sys.stdin:
        try:
            arguments = json.loads(line)
            answer = commands[arguments.pop("do")](**arguments)
        except Exception:
            answer = {"error": traceback.format_exc(limit=-3)}
        protocol.write(json.dumps(answer) + "\n")
        protocol.flush()


main()
