"""Writes half.json: float16 and bfloat16 as NumPy and PyTorch convert them; half.go is compared with it.

    widened   SHA-256 of all 65,536 numbers as float32 (little-endian), NaNs left out
    narrowed  [float32 bits, float16 bits, bfloat16 bits] for values around every rounding boundary; NaNs are checked by kind

usage: python testdata/make_golden.py          (torch 2.x, numpy 2.x, safetensors 0.x; the versions used are in the file)
It also writes written_by_python.safetensors with the reference implementation.
"""

import hashlib
import json
import os

import numpy
import safetensors
import safetensors.torch
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
ALL = numpy.arange(65536, dtype=numpy.uint32).astype(numpy.uint16)


def widened(values):
    return hashlib.sha256(values[~numpy.isnan(values)].astype("<f4").tobytes()).hexdigest()


def bits32():
    """Both neighbours of, and the exact, numbers that lie on or half-way between half-precision numbers; extremes; random."""
    half = ALL.view(numpy.float16).astype(numpy.float64)
    half = numpy.sort(half[numpy.isfinite(half)])
    picked = numpy.concatenate([half[:: 97], half[numpy.abs(half) < 2e-6], half[numpy.abs(half) > 65000], ((half[1:] + half[:-1]) / 2)[:: 89]])
    picked = numpy.concatenate([picked, [65519.99, 65520, 65504, 2**-24, 2**-25, 2**-26, 3 * 2**-25, 2**-14, 2**-126, 2**-149, 3.4e38, 3.3953e38, 3.3895314e38]])
    exact = picked.astype(numpy.float32).view(numpy.uint32)
    around = numpy.concatenate([exact, exact + 1, exact - 1])
    special = numpy.array([0, 0x80000000, 0x7F800000, 0xFF800000, 0x7F7FFFFF, 0x7F7F8000, 0x7F7F7FFF, 1, 0x00008000, 0x00018000, 0x00007FFF, 0x3F808000, 0x3F818000], dtype=numpy.uint32)
    random = numpy.random.RandomState(1).randint(0, 2**32, 2000, dtype=numpy.uint64).astype(numpy.uint32)
    bits = numpy.unique(numpy.concatenate([around, special, random]))
    return bits[~numpy.isnan(bits.view(numpy.float32))]


def main():
    bf16 = torch.from_numpy(ALL.view(numpy.int16).copy()).view(torch.bfloat16).to(torch.float32).numpy()
    bits = bits32()
    floats = torch.from_numpy(bits.view(numpy.float32).copy())
    to16 = floats.to(torch.float16).view(torch.int16).numpy().view(numpy.uint16)
    with numpy.errstate(over="ignore"):
        assert (to16 == bits.view(numpy.float32).astype(numpy.float16).view(numpy.uint16)).all()
    tobf = floats.to(torch.bfloat16).view(torch.int16).numpy().view(numpy.uint16)
    out = {
        "versions": {"torch": torch.__version__.split("+")[0], "numpy": numpy.__version__, "safetensors": safetensors.__version__},
        "widened": {"F16": widened(ALL.view(numpy.float16).astype(numpy.float32)), "BF16": widened(bf16)},
        "narrowed": [[int(a), int(b), int(c)] for a, b, c in zip(bits, to16, tobf)],
    }
    with open(os.path.join(HERE, "half.json"), "w") as f:
        json.dump(out, f, separators=(",", ":"))
        f.write("\n")
    tensors = {
        "f32": torch.tensor([[1.5, -2.0, 3.25]]), "f16": torch.tensor([1.5, -2.0, 3.25], dtype=torch.float16),
        "bf16": torch.tensor([1.5, -2.0, 3.25], dtype=torch.bfloat16), "f64": torch.tensor([1.5, -2.0, 3.25], dtype=torch.float64),
        "i64": torch.tensor([1, -2, 3]), "bool": torch.tensor([True, False]), "scalar": torch.tensor(7.0), "empty": torch.zeros(0, 4),
    }
    safetensors.torch.save_file(tensors, os.path.join(HERE, "written_by_python.safetensors"), {"format": "pt"})


main()
