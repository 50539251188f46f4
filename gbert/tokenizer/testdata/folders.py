"""Tokenizer folders in every layout, and what transformers makes of texts with them, for the tests of this package.

    folders.json.gz   made by: python testdata/folders.py > testdata/folders.json.gz
    random folders, for a test that compares as many as one likes: python testdata/folders.py --random SEED COUNT

A folder is a list of files. A file is its text, or one of the bases with parts replaced: vocab (vocab.txt of the words below), json (a
tokenizer.json of these words), unigram (unigram/tokenizer.json.gz), spiece (unigram/spiece.model.gz). Texts
are [text], [text, second] or [text, second or null, most tokens]; an answer has the ids of one, and the types where they are not all 0. "error"
says that transformers cannot load the folder.

transformers 5.24.0, tokenizers 0.23.3, sentencepiece 0.2.3, protobuf 7.36.2, Python 3.11. Needs no network.
"""

import copy
import gzip
import json
import os
import random
import sys
import tempfile
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"
warnings.filterwarnings("ignore")

import tokenizers
import transformers
from transformers import AutoTokenizer

transformers.utils.logging.set_verbosity(50)
HERE = os.path.dirname(os.path.abspath(__file__))
WORDS = ("[PAD] [UNK] [CLS] [SEP] [MASK] the cat dog sat on mat good bad film a b c d e ##s ##e ##a ##b ##c not . , ! [ ] Paris paris cafe café The naïve naive "
         "##iv 中 文 ##中 i ##̇ ß ss fi ﬁ ##1 1 2 ##2 12 [E1] [/E1] <s> </s> mask sep ' 5 / - _ e1 é É ▁the ▁ ▁cat ▁good un ##aff ##able x ##x \" half ½ ' ` new york new_york").split()
WORDS = list(dict.fromkeys(WORDS))
SINGLES = [
    "", " ", "the cat sat on the mat", "The Cat, sat!  on\tthe\nmat.", "Paris café naïve É ﬁ ½ x²", "cafe\u0301 e\u0301\u0327 \u0130 ß SS", "中文 test 中a文",
    "the [MASK] cat[SEP]x [mask] [E1] the[E1]cat [/E1]  dog", "[CLS] [PAD] [UNK] <s> </s> <pad> <unk>", "new york new_york  New York NEW YORKx the", "12 1a2 ½ 3.5%",
    "unaffable cats dogsss", "a\u200bb \u00ad\ufeff \ufffd \x00c\x85d", "x" * 7 + " " + "x" * 120, "``the'' cat's ▁the▁ cat ▁", "foo-bar_baz/5 'quoted' \"a\"", "\u3000the\u00a0cat\u2028good",
]
PAIRS = [("the cat", "a good film"), ("the cat", ""), ("", "bad"), ("the cat sat on the mat good bad film", "a b c"), ("a", "the cat sat on the mat, not good!"), ("[E1] the", "cat [SEP] café")]
CUTS = [[SINGLES[2], SINGLES[3], 4], [*PAIRS[3], 6], [*PAIRS[4], 5], [*PAIRS[3], 4], [SINGLES[2], SINGLES[3], 8], [SINGLES[11], None, 5], [SINGLES[7], None, 7]]


def base_json():
    t = tokenizers.Tokenizer(tokenizers.models.WordPiece({w: i for i, w in enumerate(WORDS)}, unk_token="[UNK]"))
    t.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    t.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    t.post_processor = template("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", "[CLS]", "[SEP]")
    t.decoder = tokenizers.decoders.WordPiece()
    t.add_special_tokens(WORDS[:5])
    return json.loads(t.to_str())


def template(single, pair, *special):
    return tokenizers.processors.TemplateProcessing(single=single, pair=pair, special_tokens=[(s, WORDS.index(s)) for s in special])


def step(x):
    """The JSON of a normalizer, pre-tokenizer or post-processor."""
    return json.loads(x.__getstate__()) if x is not None else None


def unzipped(name):
    with gzip.open(os.path.join(HERE, "unigram", name)) as f:
        return f.read()


BASES = {"vocab": lambda: "\n".join(WORDS) + "\n", "json": base_json, "unigram": lambda: json.loads(unzipped("tokenizer.json.gz")), "spiece": lambda: unzipped("spiece.model.gz")}


def content(file):
    if isinstance(file, str):
        return file.encode()
    base = BASES[file["base"]]()
    if isinstance(base, dict):
        base.update(copy.deepcopy(file.get("top", {})))
        base["model"].update(copy.deepcopy(file.get("model", {})))
        base["added_tokens"] = base["added_tokens"] + file.get("tokens", [])
        return json.dumps(base).encode()
    return base.encode() if isinstance(base, str) else base


def folder(name, config=None, layout="vocab", top=None, model=None, tokens=None, special=None, added=None, facts=None):
    """A folder: tokenizer_config.json, the files of the layout, special_tokens_map.json, added_tokens.json, config.json."""
    files = {"config.json": json.dumps({"model_type": "bert", "transformers_version": "5.24.0", **(facts or {})})}
    if config is not None:
        files["tokenizer_config.json"] = json.dumps(config)
    for part in layout.split("+"):
        file = {"vocab": "vocab.txt", "json": "tokenizer.json", "unigram": "tokenizer.json", "spiece": "spiece.model"}[part]
        files[file] = {"base": part}
        if file == "tokenizer.json":
            files[file].update({k: v for k, v in (("top", top), ("model", model), ("tokens", tokens)) if v})
    if special is not None:
        files["special_tokens_map.json"] = json.dumps(special)
    if added is not None:
        files["added_tokens.json"] = json.dumps(added)
    return {"name": name, "files": files}


def token(text, **flags):
    return {"content": text, "lstrip": False, "rstrip": False, "single_word": False, "normalized": False, "special": False, **flags}


def numbered(i, text, **flags):
    return {"id": i, **token(text, **flags)}


N, P, R, Regex = tokenizers.normalizers, tokenizers.pre_tokenizers, tokenizers.processors, tokenizers.Regex
NORMALIZERS = {
    "null": None, "cased": N.BertNormalizer(lowercase=False), "lower, accents": N.BertNormalizer(lowercase=True, strip_accents=False), "dirty": N.BertNormalizer(clean_text=False),
    "no Chinese": N.BertNormalizer(handle_chinese_chars=False), "NFC": N.NFC(), "NFD": N.NFD(), "NFKC": N.NFKC(), "NFKD": N.NFKD(), "Lowercase": N.Lowercase(),
    "StripAccents": N.StripAccents(), "NFD, StripAccents, Lowercase": N.Sequence([N.NFD(), N.StripAccents(), N.Lowercase()]), "Replace": N.Replace("cat", "dog"),
    "Replace expression": N.Replace(Regex(r"\s+"), " "), "Replace digits": N.Replace(Regex(r"\d"), "5"), "Replace by nothing": N.Replace("'", ""), "Prepend": N.Prepend("x"), "Strip": N.Strip(),
    "Strip left": N.Strip(right=False), "Nmt, NFKC": N.Sequence([N.Nmt(), N.NFKC()]), "Prepend, Replace": N.Sequence([N.Prepend("▁"), N.Replace(" ", "▁")]),
    "nested": N.Sequence([N.Sequence([N.NFKC()]), N.BertNormalizer()]), "empty": N.Sequence([]),
}
PRETOKENIZERS = {
    "null": None, "Whitespace": P.Whitespace(), "WhitespaceSplit": P.WhitespaceSplit(), "Punctuation": P.Punctuation(), "Punctuation removed": P.Punctuation("removed"),
    "Punctuation merged": P.Sequence([P.WhitespaceSplit(), P.Punctuation("merged_with_previous")]), "Punctuation next": P.Sequence([P.WhitespaceSplit(), P.Punctuation("merged_with_next")]),
    "Punctuation contiguous": P.Sequence([P.WhitespaceSplit(), P.Punctuation("contiguous")]), "Metaspace": P.Metaspace(), "Metaspace first": P.Metaspace(prepend_scheme="first"),
    "Metaspace never": P.Metaspace(prepend_scheme="never"), "Metaspace whole": P.Metaspace(split=False), "Digits": P.Sequence([P.BertPreTokenizer(), P.Digits(individual_digits=True)]),
    "Digits together": P.Sequence([P.WhitespaceSplit(), P.Digits()]), "Split text": P.Split("a", "isolated"), "Split blanks": P.Split(Regex(r"\s+"), "removed"),
    "Split inverted": P.Split(Regex(r"\w+|[^\w\s]+"), "removed", invert=True), "Split previous": P.Split(" ", "merged_with_previous"), "Split next": P.Split(" ", "merged_with_next"),
    "Delimiter": P.CharDelimiterSplit(" "), "WhitespaceSplit, Metaspace": P.Sequence([P.WhitespaceSplit(), P.Metaspace()]), "empty": P.Sequence([]),
}
PROCESSORS = {
    "null": None, "BertProcessing": R.BertProcessing(("[SEP]", 3), ("[CLS]", 2)), "RobertaProcessing": R.RobertaProcessing(("</s>", WORDS.index("</s>")), ("<s>", WORDS.index("<s>"))),
    "bos and eos": template("<s> $A </s>", "<s> $A </s> $B:1 </s>:1", "<s>", "</s>"), "bos alone": template("<s> $A", "<s> $A $B", "<s>"),
    "second first": template("[CLS] $A", "[CLS] $B:1 [SEP]:1 $A:0", "[CLS]", "[SEP]"), "a Sequence of one": R.Sequence([template("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", "[CLS]", "[SEP]")]),
    "doubled": template("[CLS] [CLS] $A [SEP]", "[CLS] $A [SEP] [SEP] $B:1 [SEP]:1", "[CLS]", "[SEP]"),
}
B, G = {"tokenizer_class": "BertTokenizer"}, {"tokenizer_class": "PreTrainedTokenizerFast", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]", "mask_token": "[MASK]"}
A = {"tokenizer_class": "AlbertTokenizer"}
ALBERT = {"model_type": "albert"}


def bert_folders():
    for layout in ("vocab", "json", "vocab+json"):
        for name, config in {"no configuration": None, "no class": {}, "BertTokenizer": B, "BertTokenizerFast": {"tokenizer_class": "BertTokenizerFast"}, "cased": {**B, "do_lower_case": False},
                             "accents kept": {**B, "strip_accents": False}, "cased, accents stripped": {**B, "do_lower_case": False, "strip_accents": True},
                             "strip_accents null": {**B, "strip_accents": None}, "no Chinese": {**B, "tokenize_chinese_chars": False}, "left": {**B, "truncation_side": "left"},
                             "ElectraTokenizer": {"tokenizer_class": "ElectraTokenizer"}, "DistilBertTokenizer": {"tokenizer_class": "DistilBertTokenizer"}}.items():
            yield folder(f"{layout}: {name}", config, layout)
    yield folder("tokenizer_class in config.json", {}, "json", top={"normalizer": None}, facts={"tokenizer_class": "PreTrainedTokenizerFast"})
    yield folder("BertTokenizer in an ALBERT", B, "vocab", facts=ALBERT)
    yield folder("do_lower_case null", {**B, "do_lower_case": None})
    yield folder("a class of its own, vocab.txt", {"tokenizer_class": "MyTokenizer"})
    for name, more in {
        "additional_special_tokens": {"additional_special_tokens": ["[E1]", "[/E1]"]}, "extra_special_tokens": {"extra_special_tokens": ["[E1]", "[/E1]"]},
        "extra and additional": {"extra_special_tokens": ["[E1]"], "additional_special_tokens": ["[/E1]"]}, "extra empty": {"extra_special_tokens": [], "additional_special_tokens": ["[/E1]"]},
        "extra by name": {"extra_special_tokens": {"first": "[E1]", "second": "[/E1]"}}, "extra beyond the vocabulary": {"extra_special_tokens": ["[E9]", "york"]},
        "extra with options": {"extra_special_tokens": [{"__type": "AddedToken", **token("[E1]", lstrip=True, special=True)}]}, "another token by name": {"image_token": "[E1]"},
        "bos and eos": {"bos_token": "<s>", "eos_token": "</s>"}, "add_bos_token": {"bos_token": "<s>", "eos_token": "</s>", "add_bos_token": True, "add_eos_token": True},
        "split_special_tokens": {"split_special_tokens": True}, "split and extra": {"split_special_tokens": True, "additional_special_tokens": ["[E1]"]},
        "model_input_names": {"model_input_names": ["input_ids", "attention_mask"]}, "model_input_names with types": {"model_input_names": ["input_ids", "token_type_ids"]},
        "never_split": {"never_split": ["café"], "do_basic_tokenize": False}, "model_max_length": {"model_max_length": 4}, "endless": {"model_max_length": int(1e30)},
        "other names": {"cls_token": "<s>", "sep_token": "</s>"}, "cls null": {"cls_token": None}, "mask with options": {"mask_token": {"__type": "AddedToken", **token("[MASK]", lstrip=True, normalized=True)}},
        "mask null": {"mask_token": None}, "unk other": {"unk_token": "x"}, "pad other": {"pad_token": "</s>"}, "padding left": {"padding_side": "left"}, "a wrong side": {"truncation_side": "up"},
    }.items():
        yield folder("BertTokenizer: " + name, {**B, **more})
        yield folder("BertTokenizer, json: " + name, {**B, **more}, "json")
        yield folder("general: " + name, {**G, **more}, "json")
    decoders = {
        "all": {i: token(w, special=True) for i, w in enumerate(WORDS[:5])}, "empty": {}, "lstrip": {4: token("[MASK]", lstrip=True, special=True)}, "rstrip": {4: token("[MASK]", rstrip=True, special=True)},
        "single_word": {WORDS.index("york"): token("york", single_word=True)}, "normalized": {WORDS.index("york"): token("york", normalized=True)}, "not normalized": {WORDS.index("york"): token("york")},
        "new york": {len(WORDS): token("new york", normalized=True)}, "new york as is": {len(WORDS): token("New York")}, "special, normalized": {len(WORDS): token("CAT", normalized=True, special=True)},
        "two": {len(WORDS): token("[E9]", special=True), len(WORDS) + 1: token("the cat", normalized=True, lstrip=True, rstrip=True)}, "accents": {len(WORDS): token("Café", normalized=True)},
        "prefix of another": {len(WORDS): token("foo"), len(WORDS) + 1: token("foo-bar")}, "blanks": {len(WORDS): token("  ")},
    }
    for name, decoder in decoders.items():
        decoder = {str(k): v for k, v in decoder.items()}
        for kind, config, layout in (("BertTokenizer", B, "vocab"), ("BertTokenizer, json", B, "json"), ("general", G, "json")):
            yield folder(f"{kind}: added_tokens_decoder {name}", {**config, "added_tokens_decoder": decoder}, layout)
        yield folder(f"BertTokenizer: added_tokens_decoder {name}, split", {**B, "added_tokens_decoder": decoder, "split_special_tokens": True})
        listed = [numbered(int(k), **{"text": v["content"], **{f: x for f, x in v.items() if f != "content"}}) for k, v in decoder.items() if int(k) > 4]
        if listed:
            yield folder(f"general: tokens of tokenizer.json: {name}", G, "json", tokens=listed)
            yield folder(f"BertTokenizer: tokens of tokenizer.json: {name}", B, "json", tokens=listed)
    yield folder("added_tokens.json", B, added={"new york": len(WORDS), "[E9]": len(WORDS) + 1})
    yield folder("added_tokens.json, special", {**B, "additional_special_tokens": ["[E9]"]}, added={"[E9]": len(WORDS)})
    yield folder("added_tokens.json beside tokenizer.json", B, "json", added={"new york": len(WORDS)})
    yield folder("added_tokens.json, general", G, "json", added={"new york": len(WORDS)})
    maps = {"names": {"sep_token": "</s>", "cls_token": token("<s>", lstrip=True)}, "mask": {"mask_token": token("[MASK]", lstrip=True)}, "additional": {"additional_special_tokens": ["[E1]", "york"]}, "extra": {"extra_special_tokens": ["[E1]", {"content": "york", "rstrip": True}]}}
    for name, special in maps.items():
        yield folder(f"special_tokens_map: {name}", B, special=special)
        yield folder(f"special_tokens_map, general: {name}", G, "json", special=special)
        yield folder(f"special_tokens_map against configuration: {name}", {**B, "sep_token": "x", "additional_special_tokens": ["[/E1]"]}, special=special)
        yield folder(f"special_tokens_map beside added_tokens_decoder: {name}", {**B, "added_tokens_decoder": {}}, special=special)
    for name, n in NORMALIZERS.items():
        yield folder(f"general: normalizer {name}", G, "json", top={"normalizer": step(n)})
    for name, p in PRETOKENIZERS.items():
        yield folder(f"general: pre_tokenizer {name}", G, "json", top={"pre_tokenizer": step(p)})
    for name, p in PROCESSORS.items():
        yield folder(f"general: post_processor {name}", G, "json", top={"post_processor": step(p)})
        yield folder(f"general, types: post_processor {name}", {**G, "model_input_names": ["input_ids", "token_type_ids", "attention_mask"]}, "json", top={"post_processor": step(p)})
    for name, (top, model) in {
        "normalizer null": ({"normalizer": None}, {}), "lowercase false": ({"normalizer": step(N.BertNormalizer(lowercase=False))}, {}), "max_input_chars_per_word": ({}, {"max_input_chars_per_word": 3}),
        "continuing_subword_prefix": ({}, {"continuing_subword_prefix": "@@"}), "unk_token": ({}, {"unk_token": "x"}), "pre_tokenizer null": ({"pre_tokenizer": None}, {}),
        "Whitespace": ({"pre_tokenizer": step(P.WhitespaceSplit())}, {}), "bos and eos": ({"post_processor": step(PROCESSORS["bos and eos"])}, {}), "post_processor null": ({"post_processor": None}, {}),
        "decoder null": ({"decoder": None}, {}),
        "truncation": ({"truncation": {"direction": "Left", "max_length": 4, "strategy": "LongestFirst", "stride": 0}}, {}),
        "padding": ({"padding": {"strategy": {"Fixed": 20}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"}}, {}),
    }.items():
        for kind, config in (("BertTokenizer", B), ("general", G), ("left", {**G, "truncation_side": "left"}), ("MyTokenizer", {**G, "tokenizer_class": "MyTokenizer"}), ("TokenizersBackend", {**G, "tokenizer_class": "TokenizersBackend"})):
            yield folder(f"{kind}: {name}", config, "json", top=top, model=model)
    for name in ("RobertaTokenizer", "MPNetTokenizer", "BertJapaneseTokenizer", "ConvBertTokenizer"):
        yield {**folder(name, {"tokenizer_class": name}, "json"), "refused": "the tokenizer_class is"}


def albert_folders():
    for layout in ("spiece", "unigram", "spiece+unigram"):
        for name, config in {"no configuration": None, "AlbertTokenizer": A, "AlbertTokenizerFast": {"tokenizer_class": "AlbertTokenizerFast"}, "cased": {**A, "do_lower_case": False}, "accents kept": {**A, "keep_accents": True},
                             "cased, accents kept": {**A, "do_lower_case": False, "keep_accents": True}, "no prefix": {**A, "add_prefix_space": False}, "left": {**A, "truncation_side": "left"},
                             "types": {**A, "model_input_names": ["input_ids", "token_type_ids"]}, "extra": {**A, "extra_special_tokens": ["quoted", "(a)"]},
                             "additional": {**A, "additional_special_tokens": ["[E9]"]}, "split": {**A, "split_special_tokens": True}, "other names": {**A, "cls_token": "▁the", "sep_token": "."},
                             "mask": {**A, "mask_token": {"__type": "AddedToken", **token("[MASK]", lstrip=True)}},
                             "decoder": {**A, "added_tokens_decoder": {"0": token("<pad>", special=True), "4": token("[MASK]", lstrip=True, special=True)}},
                             "bos": {**A, "add_bos_token": True, "add_eos_token": True}}.items():
            yield folder(f"{layout}: {name}", config, layout, facts=ALBERT)
    g = {"tokenizer_class": "PreTrainedTokenizerFast", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "<pad>", "unk_token": "<unk>"}
    for name, (top, config) in {
        "as it is": ({}, {}), "normalizer null": ({"normalizer": None}, {}), "NFKC": ({"normalizer": step(N.NFKC())}, {}), "Metaspace": ({"pre_tokenizer": step(P.Metaspace())}, {}), "pre_tokenizer null": ({"pre_tokenizer": None}, {}),
        "post_processor null": ({"post_processor": None}, {}), "Whitespace": ({"pre_tokenizer": step(P.Whitespace())}, {}), "first": ({"pre_tokenizer": step(P.Metaspace(prepend_scheme="first"))}, {}),
        "split": ({}, {"split_special_tokens": True}), "additional": ({}, {"additional_special_tokens": ["quoted"]}), "Lowercase, two blanks": ({"normalizer": step(N.Sequence([N.Lowercase(), N.Replace(Regex(" {2,}"), " ")]))}, {}),
    }.items():
        yield folder(f"general Unigram: {name}", {**g, **config}, "unigram", top=top, facts=ALBERT)
        yield folder(f"AlbertTokenizer over {name}", {**A, **config}, "unigram", top=top, facts=ALBERT)
    yield folder("AlbertTokenizer in a BERT", A, "unigram")
    yield folder("general Unigram in a BERT", g, "unigram")


def random_folder(rng, number):
    """A folder with options drawn at random."""
    def maybe(p):
        return rng.random() < p

    flags = lambda: {f: maybe(0.3) for f in ("lstrip", "rstrip", "single_word", "normalized", "special")}
    words = ["york", "new york", "[E1]", "[/E1]", "[E9]", "[E10]", "Café", "the cat", "DOG", "中", "12", "ss", "cat", "x", "a", "é", "  ", "-"]
    albert = maybe(0.25)
    layout = rng.choice(["spiece", "unigram"] if albert else ["vocab", "json", "json", "vocab+json"])
    general = maybe(0.5) and ("json" in layout or layout == "unigram")
    config = {}
    if general:
        config = dict(G, tokenizer_class=rng.choice(["PreTrainedTokenizerFast", "TokenizersBackend", "SomeTokenizer", "SomeTokenizerFast"]))
        if albert:
            config.update(pad_token="<pad>", unk_token="<unk>")
    elif maybe(0.8):
        config["tokenizer_class"] = ("AlbertTokenizer" if albert else "BertTokenizer") + rng.choice(["", "Fast"])
    for key, values in {"do_lower_case": [True, False], "strip_accents": [True, False, None], "tokenize_chinese_chars": [True, False], "keep_accents": [True, False], "truncation_side": ["left", "right"],
                        "split_special_tokens": [True, False], "model_max_length": [3, 512, int(1e30)], "add_prefix_space": [True, False], "add_bos_token": [True, False], "bos_token": ["[E1]", "x", None],
                        "eos_token": ["[/E1]", "a"], "image_token": ["york", "[E1]"], "model_input_names": [["input_ids"], ["input_ids", "token_type_ids"]], "clean_up_tokenization_spaces": [True]}.items():
        if maybe(0.25):
            config[key] = rng.choice(values)
    if config.get("add_bos_token") and config.get("bos_token") is None:
        config.pop("add_bos_token")
    listed = lambda: [w if maybe(0.6) else {"__type": "AddedToken", **token(w, **flags())} for w in rng.sample(words, rng.randint(1, 3))]
    if maybe(0.3):
        config["additional_special_tokens"] = listed()
    if maybe(0.3):
        config["extra_special_tokens"] = listed() if maybe(0.7) else {f"t{i}": w for i, w in enumerate(rng.sample(words, 2))}
    for key in ("cls_token", "sep_token", "mask_token"):
        if maybe(0.15):
            name = {"cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}[key]
            config[key] = name if maybe(0.3) else {"__type": "AddedToken", **token(name, **flags())}
    vocabulary = {p[0]: i for i, p in enumerate(BASES["unigram"]()["model"]["vocab"])} if albert else {w: i for i, w in enumerate(WORDS)}

    def chosen(special):
        found, top = {}, len(vocabulary)
        for w in rng.sample(words + special, rng.randint(1, 5)):
            if w not in vocabulary:
                found[top], top = w, top + 1
            else:
                found[vocabulary[w]] = w
        return dict(sorted(found.items()))

    names = ["[CLS]", "[SEP]", "[MASK]"]
    tokens = special = added = top = model = None
    if "json" in layout or layout == "unigram":
        top, model = {}, {}
        if maybe(0.3):
            tokens = [numbered(i, w, **flags()) for i, w in chosen([]).items()]
        if general and not albert:
            for key, pool in (("normalizer", NORMALIZERS), ("pre_tokenizer", PRETOKENIZERS), ("post_processor", PROCESSORS)):
                if maybe(0.5):
                    top[key] = step(rng.choice(list(pool.values())))
            if top.get("pre_tokenizer") and maybe(0.2):
                top["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [step(p) for p in rng.sample(list(PRETOKENIZERS.values()), 2) if p is not None]}
            if maybe(0.2):
                top["normalizer"] = {"type": "Sequence", "normalizers": [step(p) for p in rng.sample(list(NORMALIZERS.values()), 3) if p is not None]}
            if maybe(0.2):
                model["max_input_chars_per_word"] = rng.choice([2, 5, 200])
            if maybe(0.1):
                model["continuing_subword_prefix"] = rng.choice(["", "x", "##"])
        elif general and maybe(0.4):
            top["normalizer"] = step(rng.choice(list(NORMALIZERS.values())))
    elif maybe(0.2):
        added = {w: i for i, w in chosen([]).items() if i >= len(vocabulary)}
    if maybe(0.3) and tokens is None and not added:
        config["added_tokens_decoder"] = {str(i): token(w, **flags()) for i, w in chosen(names).items()}
    if maybe(0.2):
        special = {"additional_special_tokens": listed()} if maybe(0.5) else {"mask_token": token("[MASK]", lstrip=maybe(0.5), normalized=maybe(0.5))}
    made = folder(f"random {number}", config, layout, top, model, tokens, special, added, {**(ALBERT if albert else {}), "transformers_version": "5.24.0"})
    return made


def encode(tok, a, b=None, most=0):
    cut = {"truncation": True, "max_length": most} if most else {}
    e = tok(a, **cut) if b is None else tok([a], [b], **cut)
    ids, types = e["input_ids"], e.get("token_type_ids")
    if b is not None:
        ids, types = ids[0], types and types[0]
    return {"ids": ids, "types": types} if types and any(types) else {"ids": ids}


def answer(made, texts):
    """What transformers makes of texts with a folder."""
    with tempfile.TemporaryDirectory() as home:
        for name, file in made["files"].items():
            with open(os.path.join(home, name), "wb") as f:
                f.write(content(file))
        try:
            tok = AutoTokenizer.from_pretrained(home)
        except BaseException as e:  # a panic of Rust is none of Python's exceptions
            return {**made, "error": f"{type(e).__name__}: {e}"[:120]}
        answers = []
        for text in texts:
            try:
                answers.append(encode(tok, *text))
            except BaseException as e:
                answers.append({"error": f"{type(e).__name__}: {e}"[:80]})
        return {**made, "answers": answers}


def main():
    versions = {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__}
    out = {"versions": versions, "bases": {"vocab": BASES["vocab"](), "json": BASES["json"]()}}
    if len(sys.argv) == 4 and sys.argv[1] == "--random":
        rng = random.Random(int(sys.argv[2]))
        parts = [w for t in SINGLES for w in t.split(" ")] + WORDS + ["DOG", "dogs", "\u0301", "\u0327", "\u1112\u1161\u11ab", "\u0130", "\U0001d165", "\u302e", "\u2581", "  ", "\u3000", "Ω", "ﬃ", "①"]

        def text():
            return "".join(rng.choice(parts) + rng.choice(["", " ", " ", "  "]) for _ in range(rng.randint(1, 12)))

        out["folders"] = []
        for number in range(int(sys.argv[3])):
            texts = [[text()] for _ in range(12)] + [[text(), text()] for _ in range(4)] + [[text(), text(), rng.randint(4, 12)] for _ in range(4)] + [[text(), None, rng.randint(3, 9)] for _ in range(3)]
            out["folders"].append({**answer(random_folder(rng, number), texts), "texts": texts})
        print(json.dumps(out, separators=(",", ":")))
        return
    out["texts"] = [[t] for t in SINGLES] + [list(p) for p in PAIRS] + CUTS
    out["folders"] = [answer(made, out["texts"]) for made in [*bert_folders(), *albert_folders()]]
    sys.stdout.buffer.write(gzip.compress(json.dumps(out, separators=(",", ":")).encode(), mtime=0))


if __name__ == "__main__":
    main()
