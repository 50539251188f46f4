"""Writes the ids that transformers makes, for the tests of this package, into the folder of this script.

    vocab.txt     a small vocabulary, for ids that need no real model
    golden.json   ids of nasty strings, hashes over all characters and over random strings, for five configurations
    data.json     for each data file: SHA-256 of all ids (with --data), with the vocabulary of bert-base-uncased

usage: python testdata/make_golden.py [--data DATA_FOLDER --model FOLDER_WITH_tokenizer.json]
transformers 5.23.0, tokenizers 0.23.3, Python 3.11.
"""

import argparse
import hashlib
import json
import os
import struct
import tempfile
import unicodedata

import tokenizers
import transformers
from transformers import AutoTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
VERSIONS = {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__}
CONFIGS = {
    "uncased": {"do_lower_case": True},
    "cased": {"do_lower_case": False},
    "cased, accents stripped": {"do_lower_case": False, "strip_accents": True},
    "uncased, accents kept": {"do_lower_case": True, "strip_accents": False},
    "no Chinese": {"do_lower_case": True, "tokenize_chinese_chars": False},
}
NASTY = [
    "", " ", "\t\n\r", "a", "Hello, World!", "the capital of france is [MASK] .", "[CLS] a [SEP] b [PAD] [UNK]", "[mask] [MASK][MASK]x[MASK]",
    "x[SEP]y", "[ MASK ]", "[[MASK]]", "[MAS", "é è ê ë É ñ Ñ ü Ü ç å ø ß", "e\u0301 e\u0301\u0327 E\u0327\u0301", "Çà et là, déjà-vu", "naïve café",
    "中文 test 中a文", "日本語のテスト かな カナ", "한국어 시험", "\u1112\u1161\u11ab", "\uf900\ufa0e\U0002f800", "\U0002b81f\U0002b820\U0002b920",
    "😀 👩\u200d👩\u200d👧 🇫🇷 👍🏽", "a\u200bb\u200cc\u200dd\ufeffe", "a\u00adb soft\u00adhyphen", "NUL\x00inside", "\ufffd a\ufffdb", "a\x01b\x7fc\x80d\x9fe",
    "a\x0bb\x0cc\x1cd\x85e", "İstanbul I ı i\u0307", "ΣΑΣ σας ΑΣ", "ǅ ǆ Ǆ", "\u1e9e ẞ", "Ω Å K", "ﬁ ﬂ ½ ² ™", "\u0300alone \u0327", "a\u0300\u0316\u0334b",
    "\u0e33 ก\u0e33 กำ", "हिन्दी क्षि", "עִבְרִית", "العَرَبِيَّة", "Ελληνικά ά", "Й й ё Ё", "a\u00a0b\u1680c\u2003d\u2028e\u2029f\u202fg\u205fh\u3000i",
    "a\u180eb", "\u2066a\u2069 \u202eb", "$5.00 + 3 = <8> ^ ` | ~", "a_b-c'd\"e\\f", "“quoted” ‘x’ — … • ·", "¿Qué? ¡Sí!", "\u2e43x\u2e52 \u166d \u1b7d",
    "x" * 99, "x" * 100, "x" * 101, "é" * 100, "é" * 101, "e\u0301" * 100, "中" * 101, "x" * 1000 + " y", "a" * 50 + "." + "b" * 101,
    "unaffable", "##ing", "a ##b", "#", "qqqqzzzz", "\ue000 private \U000f0000", "\u0378 unassigned", "\u0898\u08d4 x", "a\u302e\U0001d165b", "\U00011938",
    "a\U0001d165\u0316\u302eb \u302f\u034f\U0001d165", "\ua7cb \u1c89", "http://x.y/z?a=b&c=d", "ca n't won't", "1,000.5%", "C++ C#", "a\u0345b \u0390",
]


def tiny_vocab(alphabet):
    chars = []
    for text in NASTY + alphabet:
        for form in (text, unicodedata.normalize("NFD", text)):
            for c in form + form.lower():
                if c.isspace() or ord(c) > 0x2FFF and ord(c) < 0xF900 and c not in "中文日本かカ\u302e" or 0xE000 <= ord(c) < 0xF900:
                    continue
                chars.append(c)
    chars = list(dict.fromkeys(chars))
    words = ["the", "hello", "world", "##aff", "##able", "un", "istanbul", "##xx", "[unused0]", "##ing", "na", "##ive", "caf", "##e"]
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + words + [c for c in chars if c not in "qz"] + ["##" + c for c in chars if c not in "qz"]
    tokens = list(dict.fromkeys(tokens))
    return [t for t in tokens if t == t.strip() and t.isprintable()]


ALPHABET = [
    "a", "b", "x", "A", "É", "e", "\u0301", "\u0327", "\u0316", "\u0334", "\u034f", "\u302e", "\u302f", "\U0001d165", "\U0001d16d", "İ", "ß", "Σ", "中", "文",
    "\uf900", "한", "\u200b", "\u00ad", "\x00", "\ufffd", "\t", " ", " ", "\u00a0", "\u3000", "\x85", "\x0b", ".", "'", "$", "“", "\u2e43", "😀", "[MASK]", "[SEP]",
    "[", "]", "\u1b44", "\u08d4", "\U0001e944", "\U0001e94a", "\u0898", "\u0941", "क", "й", "Å", "the", "##", "1",
]


def random_texts(count):
    """The texts of a linear congruential generator, which the test has, too (Knuth's MMIX)."""
    state = 1
    for _ in range(count):
        text = []
        for i in range(24):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            draw = state >> 33
            if i >= 4 and draw % 16 == 0:
                break
            text.append(ALPHABET[draw // 16 % len(ALPHABET)])
        yield "".join(text)


def feed(digest, encoding):
    ids, types = encoding["input_ids"], encoding["token_type_ids"]
    digest.update(struct.pack(f"<I{2 * len(ids)}i", len(ids), *ids, *types))


def tokenizer(vocab, options):
    folder = tempfile.mkdtemp()
    with open(folder + "/vocab.txt", "w", encoding="utf-8") as f:
        f.write("".join(t + "\n" for t in vocab))
    with open(folder + "/tokenizer_config.json", "w") as f:
        json.dump({"tokenizer_class": "BertTokenizer", **options}, f)
    with open(folder + "/config.json", "w") as f:
        json.dump({"model_type": "bert"}, f)
    return AutoTokenizer.from_pretrained(folder)


def characters(tok):
    """SHA-256 over what the normaliser makes of x, c, y and how the splitter sees a, c, b, for every character c."""
    normal, split = hashlib.sha256(), hashlib.sha256()
    normalize, words = tok.backend_tokenizer.normalizer.normalize_str, tok.backend_tokenizer.pre_tokenizer.pre_tokenize_str
    for c in range(0x110000):
        if 0xD800 <= c < 0xE000:
            continue
        normal.update((normalize("x" + chr(c) + "y") + "\n").encode())
        parts = len(words("a" + chr(c) + "b"))
        split.update(b" -p"[(2, 1, 3).index(parts)].to_bytes(1, "big"))
    return {"normalized": normal.hexdigest(), "split": split.hexdigest()}


def golden(vocab):
    out = {"versions": VERSIONS, "alphabet": ALPHABET, "configs": {}}
    for name, options in CONFIGS.items():
        tok = tokenizer(vocab, options)
        assert len(tok) == len(vocab), (len(tok), len(vocab))
        digest = hashlib.sha256()
        for text in random_texts(20000):
            feed(digest, tok(text))
        cases = []
        for i, text in enumerate(NASTY):
            e = tok(text)
            cases.append({"a": text, "ids": e["input_ids"], "decoded": tok.decode(e["input_ids"])})
            other = NASTY[(7 * i + 3) % len(NASTY)]
            if name == "uncased" and other:
                for most in (0, 3, 4, 5, 7, 8, 20, 21):
                    e = tok(text, other, truncation=True, max_length=most) if most else tok(text, other)
                    cases.append({"a": text, "b": other, "max": most, "ids": e["input_ids"], "types": e["token_type_ids"]})
        out["configs"][name] = {"options": options, "characters": characters(tok), "random": digest.hexdigest(), "cases": cases}
    return out


DATA = [  # file, rows to leave out, columns of the text or the two texts
    ("SST-2/train.tsv", 1, [0]), ("SST-2/dev.tsv", 1, [0]), ("CoLA/train.tsv", 0, [3]), ("CoLA/dev.tsv", 0, [3]),
    ("CoLA/in_domain_dev.tsv", 0, [3]), ("CoLA/out_of_domain_dev.tsv", 0, [3]), ("MRPC/train.tsv", 1, [3, 4]), ("MRPC/dev.tsv", 1, [3, 4]),
    ("MRPC/test.tsv", 1, [3, 4]), ("RTE/train.tsv", 1, [0, 1]), ("RTE/dev.tsv", 1, [0, 1]), ("STS-B/sts-train.tsv", 0, [5, 6]),
    ("STS-B/sts-dev.tsv", 0, [5, 6]), ("MNLI/dev_matched.tsv", 1, [1, 2]), ("MNLI/dev_mismatched_1k.tsv", 0, [1, 2]),
    ("reviews/books.tsv", 1, [0]), ("reviews/electronics.tsv", 1, [0]), ("WikiText-2/valid.tokens", 0, [0]), ("WikiText-2/test.tokens", 0, [0]),
]


def data(folder, model):
    tok = AutoTokenizer.from_pretrained(model)
    files = []
    for name, skip, columns in DATA:
        with open(os.path.join(folder, name), encoding="utf-8", newline="\n") as f:
            rows = [line.rstrip("\n").split("\t") for line in f][skip:]
        texts = [[row[c] if c < len(row) else "" for row in rows] for c in columns]
        sums = []
        for most in (0, 32):
            digest = hashlib.sha256()
            e = tok(*texts, truncation=True, max_length=most) if most else tok(*texts, truncation=False)
            for ids, types in zip(e["input_ids"], e["token_type_ids"]):
                feed(digest, {"input_ids": ids, "token_type_ids": types})
            sums.append(digest.hexdigest())
        files.append({"file": name, "skip": skip, "columns": columns, "rows": len(rows), "whole": sums[0], "max32": sums[1]})
    cases = [{"a": text, "ids": tok(text)["input_ids"]} for text in NASTY]
    return {"versions": VERSIONS, "files": files, "cases": cases}


def save(name, value):
    with open(os.path.join(HERE, name), "w") as f:
        json.dump(value, f, separators=(",", ":"))
        f.write("\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data")
    parser.add_argument("--model")
    args = parser.parse_args()
    vocab = tiny_vocab(ALPHABET)
    with open(os.path.join(HERE, "vocab.txt"), "w", encoding="utf-8") as f:
        f.write("".join(t + "\n" for t in vocab))
    save("golden.json", golden(vocab))
    if args.data:
        save("data.json", data(args.data, args.model))


main()
