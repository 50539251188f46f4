"""Writes what transformers makes of a small SentencePiece model, for the tests of this package, into the folder of this script.

    unigram/spiece.model.gz    a Unigram model of 400 pieces with the normalisation of ALBERT (nmt_nfkc), as sentencepiece trains it
    unigram/tokenizer.json.gz  the same as transformers saves it
    unigram.json               ids of the texts of golden.json and hashes over random texts and over all characters

usage: python testdata/make_unigram.py
sentencepiece 0.2.3, protobuf 7.36.2, transformers 5.24.0, tokenizers 0.23.3, Python 3.11.
"""

import gzip
import hashlib
import io
import json
import os
import shutil
import struct
import tempfile

import sentencepiece
import tokenizers
import transformers
from transformers import AlbertTokenizer, PreTrainedTokenizerFast

HERE = os.path.dirname(os.path.abspath(__file__))
VERSIONS = {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__, "sentencepiece": sentencepiece.__version__}
CONFIGS = {"lower": {}, "cased": {"do_lower_case": False}, "accents kept": {"do_lower_case": False, "keep_accents": True}}
MORE = ["(a) b-c (d)", "``quoted'' 'x'", "▁a ▁▁b", "a▁b▁ c", "1,000, 5, x,", "  two  blanks  ", "\r\n \r\n", "license, LICENSE; Licensor", "qqq zzz 中中", "<unk> <pad>",
        "e\u0301e\u0301 \u1100\u1161 \u1112\u1161\u11ab", "\uff21\uff22 \u3300 \u33a2", "the " * 40, "a\u0301\r\nb"]


def train(texts):
    """The license and the test's texts are all that it reads."""
    with open(os.path.join(HERE, "..", "..", "..", "LICENSE"), encoding="utf-8") as f:
        lines = [line.strip() for line in f if line.strip()]
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines + [t for t in texts if t.isprintable() and t.isascii() and t.strip()]), model_writer=model, model_type="unigram", vocab_size=400,
        character_coverage=1.0, pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, control_symbols=["[CLS]", "[SEP]", "[MASK]"], user_defined_symbols=["(", ")", "–"],
        num_threads=1, minloglevel=2)
    return model.getvalue()


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


def feed(digest, ids, types):
    digest.update(struct.pack(f"<I{2 * len(ids)}i", len(ids), *ids, *types))


def encode(tok, a, b=None, most=0):
    e = tok(a, b, truncation=True, max_length=most, return_token_type_ids=True) if most else tok(a, b, return_token_type_ids=True)
    return e["input_ids"], e["token_type_ids"]


def characters(tok):
    """For each block of 4096 characters, SHA-256 over the ids of a, c, b for every character c."""
    blocks = []
    for block in range(0, 0x110000, 4096):
        digest = hashlib.sha256()
        texts = ["a" + chr(c) + "b" for c in range(block, block + 4096) if not 0xD800 <= c < 0xE000]
        for ids in tok(texts)["input_ids"] if texts else []:
            digest.update(struct.pack(f"<I{len(ids)}i", len(ids), *ids))
        blocks.append(digest.hexdigest()[:16])
    return blocks


def describe(tok, texts, alphabet, pairs):
    cases = []
    for i, text in enumerate(texts):
        ids, _ = encode(tok, text)
        cases.append({"a": text, "ids": ids, "decoded": tok.decode(ids)})
        other = texts[(7 * i + 3) % len(texts)]
        if pairs and other:
            for most in (0, 3, 5, 8, 21):
                ids, types = encode(tok, text, other, most)
                cases.append({"a": text, "b": other, "max": most, "ids": ids, "types": types})
    digest = hashlib.sha256()
    for text in random_texts(alphabet, 20000):
        feed(digest, *encode(tok, text))
    return {"cases": cases, "random": digest.hexdigest(), "characters": characters(tok)}


def main():
    with open(os.path.join(HERE, "golden.json"), encoding="utf-8") as f:
        golden = json.load(f)
    texts = [c["a"] for c in golden["configs"]["cased"]["cases"]] + MORE
    model = train(texts)
    os.makedirs(os.path.join(HERE, "unigram"), exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "spiece.model")
        with open(path, "wb") as f:
            f.write(model)
        out = {"versions": VERSIONS, "alphabet": golden["alphabet"], "configs": {}}
        for name, options in CONFIGS.items():
            home = os.path.join(folder, name)
            os.makedirs(home)
            shutil.copy(path, home)
            tok = AlbertTokenizer.from_pretrained(home, **options)
            out["configs"][name] = {"options": options, **describe(tok, texts, golden["alphabet"], name == "lower")}
            if name == "lower":
                tok.save_pretrained(os.path.join(folder, "saved"))
        with open(os.path.join(folder, "saved", "tokenizer.json"), "rb") as f:
            saved = f.read()
        tok = PreTrainedTokenizerFast(tokenizer_file=os.path.join(folder, "saved", "tokenizer.json"))
        out["json"] = describe(tok, texts, golden["alphabet"], False)
    for name, data in (("spiece.model.gz", model), ("tokenizer.json.gz", saved)):
        with open(os.path.join(HERE, "unigram", name), "wb") as f:
            f.write(gzip.compress(data, mtime=0))
    with open(os.path.join(HERE, "unigram.json"), "w") as f:
        json.dump(out, f, separators=(",", ":"))
        f.write("\n")


main()
