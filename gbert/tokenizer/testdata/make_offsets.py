"""Writes offsets.json: where transformers' tokens stand in their texts, and the windows over long texts, for the tests of this package.

The texts are those of golden.json, the vocabularies vocab.txt and unigram/spiece.model.gz; make_golden.py and make_unigram.py make them.

usage: python testdata/make_offsets.py
transformers 5.24.0, tokenizers 0.23.3, Python 3.11.
"""

import gzip
import hashlib
import json
import os
import shutil
import struct
import tempfile

import tokenizers
import transformers
from transformers import AlbertTokenizer, BertTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
VERSIONS = {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__}
CONFIGS = {
    "uncased": {"do_lower_case": True},
    "cased": {"do_lower_case": False},
    "cased, accents stripped": {"do_lower_case": False, "strip_accents": True},
    "no Chinese": {"do_lower_case": True, "tokenize_chinese_chars": False},
    "albert": {},
    "albert, cased, accents kept": {"do_lower_case": False, "keep_accents": True},
}
WINDOWS = [  # strategy, side, most, stride
    ("only_second", "right", 32, 0), ("only_second", "right", 32, 7), ("only_second", "left", 32, 7), ("only_first", "right", 40, 2),
    ("only_first", "left", 27, 1), ("only_second", "right", 200, 5), ("longest_first", "right", 7, 2), ("longest_first", "left", 7, 0),
]
QUESTION, CONTEXT = "Çà, who sat?", "The un\u00adaffable İstanbul's 中文 café\u0301 [MASK] sat — hello\u200bworld, naïve x\x00yz! " * 2


def random_texts(alphabet, count):
    """The texts of a linear congruential generator, which the test has, too (Knuth's MMIX)."""
    state = 1
    for _ in range(count):
        text = []
        for i in range(24):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            draw = state >> 33
            if i >= 4 and draw % 16 == 0:
                break
            text.append(alphabet[draw // 16 % len(alphabet)])
        yield "".join(text)


def tokenizer(name, options):
    folder = tempfile.mkdtemp()
    if name.startswith("albert"):
        with gzip.open(os.path.join(HERE, "unigram", "spiece.model.gz")) as f, open(folder + "/spiece.model", "wb") as g:
            g.write(f.read())
        return AlbertTokenizer.from_pretrained(folder, **options)
    shutil.copy(os.path.join(HERE, "vocab.txt"), folder)
    return BertTokenizer.from_pretrained(folder, **options)


def flat(offsets):
    return [x for pair in offsets for x in pair]


def windows(tok):
    out = []
    for strategy, side, most, stride in WINDOWS:
        tok.truncation_side = side
        second = strategy != "longest_first"
        texts = (CONTEXT, QUESTION) if strategy == "only_first" else (QUESTION, CONTEXT) if second else (CONTEXT,)
        e = tok(*texts, truncation=strategy, max_length=most, stride=stride, return_overflowing_tokens=True, return_offsets_mapping=True, return_token_type_ids=True)
        parts = [{"ids": ids, "types": types, "offsets": flat(offsets), "texts": [-1 if s is None else s for s in e.sequence_ids(i)]}
                 for i, (ids, types, offsets) in enumerate(zip(e["input_ids"], e["token_type_ids"], e["offset_mapping"]))]
        out.append({"strategy": strategy, "side": side, "most": most, "stride": stride, "a": texts[0], "b": "".join(texts[1:]), "windows": parts})
    tok.truncation_side = "right"
    return out


def describe(tok, texts, alphabet, with_windows):
    cases = []
    for text in texts:
        e = tok(text, return_offsets_mapping=True)
        cases.append({"a": text, "ids": e["input_ids"], "offsets": flat(e["offset_mapping"])})
    digest = hashlib.sha256()
    for text in random_texts(alphabet, 20000):
        e = tok(text, return_offsets_mapping=True)
        offsets = flat(e["offset_mapping"])
        digest.update(struct.pack(f"<I{3 * len(e['input_ids'])}i", len(e["input_ids"]), *e["input_ids"], *offsets))
    return {"cases": cases, "random": digest.hexdigest(), "windows": windows(tok) if with_windows else []}


def main():
    with open(os.path.join(HERE, "golden.json"), encoding="utf-8") as f:
        golden = json.load(f)
    texts = [c["a"] for c in golden["configs"]["cased"]["cases"] if len(c["a"]) < 60]
    out = {"versions": VERSIONS, "configs": {}}
    for name, options in CONFIGS.items():
        out["configs"][name] = {"options": options, **describe(tokenizer(name, options), texts, golden["alphabet"], name in ("uncased", "albert"))}
    with open(os.path.join(HERE, "offsets.json"), "w") as f:
        json.dump(out, f, separators=(",", ":"))
        f.write("\n")


main()
