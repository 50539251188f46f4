"""Compares the tokens of smaller vocabularies with those of transformers, and loads their models.

python words.py DIR: each folder in DIR is a model with texts.json, {"texts": [[a] or [a, b]], "ids": [...]}. Prints a line for each folder;
exits 1 if tokens differ, or weights do not fit. Versions: transformers 5.24.0, torch 2.15.0.
"""

import json
import pathlib
import sys

import torch
from transformers import AutoModel, AutoTokenizer

bad = False
for folder in sorted(p for p in pathlib.Path(sys.argv[1]).iterdir() if p.is_dir()):
    golden = json.loads((folder / "texts.json").read_text())
    model, info = AutoModel.from_pretrained(folder, output_loading_info=True)
    wrong = [str(x) for x in info["mismatched_keys"]]
    for fast in True, False:
        tokenizer = AutoTokenizer.from_pretrained(folder, use_fast=fast)
        for texts, ids in zip(golden["texts"], golden["ids"]):
            got = tokenizer(*texts)["input_ids"]
            if got != ids:
                wrong.append(f"fast {fast}: {texts}: {got} in place of {ids}")
    with torch.no_grad():
        hidden = model(**tokenizer(*golden["texts"][0], return_tensors="pt")).last_hidden_state
    if len(tokenizer) != model.config.vocab_size or model.config.pad_token_id != tokenizer.pad_token_id:
        wrong.append(f"{len(tokenizer)} tokens, {model.config.vocab_size} rows, pads {model.config.pad_token_id} and {tokenizer.pad_token_id}")
    print(folder.name, len(golden["texts"]), "texts", tokenizer.__class__.__name__, model.config.vocab_size, "words", list(hidden.shape), wrong[:3])
    bad = bad or bool(wrong)
sys.exit(bad)
