"""The peer of the benchmark: PyTorch and transformers, driven line by line.

Each line on standard input is a JSON object with a command in "do"; each gets one JSON object on standard output. Times are
seconds of the computation alone: batches are tensors before the clock starts, and the lines are read and written outside it.
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

import torch
import transformers

transformers.utils.logging.disable_progress_bar()


class Peer:
    def __init__(self):
        self.device = torch.device("cpu")
        self.model = None  # in evaluation mode, as loaded
        self.trained = None  # a copy in training
        self.optimizer = None
        self.batches = {}

    def hello(self, threads, device, tf32):
        torch.set_num_threads(threads)
        self.device = torch.device(device)
        torch.backends.cuda.matmul.allow_tf32 = tf32  # both sides multiply with the same precision
        return {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "threads": torch.get_num_threads(),
            "device": torch.cuda.get_device_name() if device == "cuda" else device,
        }

    def model_(self, dir):
        self.forget()
        self.model = transformers.AutoModelForSequenceClassification.from_pretrained(dir, dtype=torch.float32).eval()
        self.model = self.model.to(self.device)
        return {"attention": self.model.config._attn_implementation}

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

    def forward(self, batch):
        inputs = {k: v for k, v in self.batches[batch].items() if k != "labels"}
        began = time.perf_counter()
        with torch.inference_mode():
            logits = self.model(**inputs).logits.tolist()
        return {"seconds": time.perf_counter() - began, "logits": logits}

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


def main():
    peer = Peer()
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
