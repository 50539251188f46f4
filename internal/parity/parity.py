"""Writes docs/parity.md: what bertlab computes beside transformers, for tokenizer options, kinds of models and data sets.

From the repository's root, with the Python that BERTLAB_PEER_PYTHON names and the data that BERTLAB_SHARED has (environment.md):

    BERTLAB_MODELS=… BERTLAB_SHARED=… $BERTLAB_PEER_PYTHON internal/parity/parity.py > docs/parity.md

It builds bertlab and internal/parity, and takes ten minutes on two cores. Without BERTLAB_MODELS or BERTLAB_SHARED the data sets are left out, and it says
so. It was run with transformers 5.24.0, tokenizers 0.23.3, torch 2.15.0, sentencepiece 0.2.3, protobuf 7.36.2, safetensors; Python 3.11.
"""

import csv
import json
import math
import os
import subprocess
import sys
import tempfile
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"
warnings.filterwarnings("ignore")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "gbert", "tokenizer", "testdata"))

import folders
import safetensors
import tokenizers
import torch
import transformers
from safetensors.torch import load_file
from transformers import AutoTokenizer

transformers.utils.logging.set_verbosity(50)
transformers.utils.logging.disable_progress_bar()
TEXTS = [[t] for t in folders.SINGLES] + [list(p) for p in folders.PAIRS] + folders.CUTS
HOME = tempfile.mkdtemp(prefix="parity-")
BERTLAB, PARITY = os.path.join(HOME, "bertlab"), os.path.join(HOME, "parity")


def log(*words):
    print(*words, file=sys.stderr, flush=True)


def ours(questions):
    """The answers of internal/parity to (folder, texts)."""
    lines = "".join(json.dumps({"folder": f, "texts": t}) + "\n" for f, t in questions)
    out = subprocess.run([PARITY], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in out.stdout.split("\n") if line]


def same(got, want):
    types = want.get("types") or [0] * len(want["ids"])
    return got[0] == want["ids"] and got[1] == types


def table(head, rows):
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(str(c) for c in row) + " |")
    print()


def options():
    """A row for each option, over the kinds of folders that have it."""
    made, questions = [*folders.bert_folders(), *folders.albert_folders()], []
    for number, one in enumerate(made):
        home = os.path.join(HOME, f"folder{number}")
        os.makedirs(home)
        for name, file in one["files"].items():
            with open(os.path.join(home, name), "wb") as f:
                f.write(folders.content(file))
        questions.append((home, TEXTS))
    rows = {}
    for one, (home, _), got in zip(made, questions, ours(questions)):
        want = folders.answer(one, TEXTS)
        kind, _, option = one["name"].rpartition(": ")
        row = rows.setdefault(option, {"in": [], "equal": 0, "of": 0, "said": set()})
        row["in"].append(kind or "BertTokenizer")
        if "error" in want:
            row["said"].add("transformers refuses it" + ("; refused" if "error" in got else "; read, with a note"))
        elif "error" in got:
            row["said"].add("refused: " + got["error"].split(": ", 3)[-1][:60])
        else:
            pairs = list(zip(zip(got["ids"], got["types"]), want["answers"]))
            row["of"] += len(pairs)
            row["equal"] += sum(same(g, w) for g, w in pairs if "error" not in w)
            row["said"].update("noted" for _ in got.get("notes", [])[:1])
    log(sum(r["of"] for r in rows.values()), "texts over", len(made), "folders")
    table(["option", "layouts and classes", "texts with equal tokens and types", "remarks"],
          [[o, ", ".join(dict.fromkeys(r["in"])), f"{r['equal']}/{r['of']}" if r["of"] else "–", "; ".join(sorted(r["said"]))] for o, r in rows.items()])


HEADS = {
    "ForPreTraining": {}, "ForMaskedLM": {}, "ForNextSentencePrediction": {}, "ForSequenceClassification": {"num_labels": 3}, "ForSequenceClassification, regression": {"num_labels": 1, "problem_type": "regression"},
    "ForSequenceClassification, multi-label": {"num_labels": 3, "problem_type": "multi_label_classification"}, "ForTokenClassification": {"num_labels": 5}, "ForQuestionAnswering": {}, "ForMultipleChoice": {}, "Model": {},
}
SMALL = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=4, intermediate_size=24, max_position_embeddings=64)


def model(family, head, home, **more):
    torch.manual_seed(5)
    cls = getattr(transformers, family + head.split(",")[0], None)
    if cls is None:
        return None
    config = getattr(transformers, family + "Config")(vocab_size=len(folders.WORDS), **SMALL, **({"embedding_size": 8} if family == "Albert" else {}), **HEADS[head], **more)
    m = cls(config).eval()
    with torch.no_grad():
        for name, p in m.named_parameters():
            p.copy_(torch.randn_like(p) * 0.4 + (1 if "LayerNorm.weight" in name or "layer_norm.weight" in name else 0))
    m.tie_weights()
    m.save_pretrained(home)
    with open(home + "/vocab.txt", "w", encoding="utf-8") as f:
        f.write("\n".join(folders.WORDS) + "\n")
    with open(home + "/tokenizer_config.json", "w") as f:
        json.dump({"tokenizer_class": "BertTokenizer"}, f)
    return m


def bertlab(*args):
    return subprocess.run([BERTLAB, *map(str, args), "--quiet"], capture_output=True, text=True, env=dict(os.environ, BERTLAB_OFFLINE="1"))


def outputs(m, tok, texts):
    """All floating-point outputs of a model, flat, of each text; a multiple choice has two."""
    out = []
    for text in texts:
        e = tok(*text, truncation=True, max_length=64, return_tensors="pt")
        if "MultipleChoice" in type(m).__name__:
            e = {k: torch.stack([v, v.flip(-1)], 1) for k, v in e.items()}
        with torch.no_grad():
            o = m(**e)
        out.append(torch.cat([v.flatten() for v in o.values() if torch.is_tensor(v) and v.is_floating_point()]))
    return out


def worst(a, b):
    return max((float((x - y).abs().max()) for x, y in zip(a, b)), default=0.0)


def kinds():
    texts = [["the cat sat on the mat"], ["a good film"], ["the cat, not bad!", "Paris café"], ["unaffable 中文"]]
    rows = []
    for family in ("Bert", "Albert"):
        for head in HEADS:
            home = os.path.join(HOME, f"{family}-{head}".replace(", ", "-"))
            m = model(family, head, home)
            if m is None:
                rows.append([family + head, "–", "–", "–", "transformers has no such class"])
                continue
            tok = AutoTokenizer.from_pretrained(home)
            r = bertlab("export", "--dense", "--model", home, "--out", home + "-out")
            kept, tensors, said = "–", "–", ""
            if r.returncode:
                said = "refused: " + r.stderr.strip().split("\n")[-1][:100]
            else:
                again = type(m).from_pretrained(home + "-out").eval()
                kept = f"{worst(outputs(m, tok, texts), outputs(again, AutoTokenizer.from_pretrained(home + '-out'), texts)):.1e}"
                a, b = load_file(home + "/model.safetensors"), load_file(home + "-out/model.safetensors")
                tensors = f"{sum(n in b and torch.equal(a[n], b[n]) for n in a)}/{len(a)}"
            computed = judged(m, tok, home, head) if "SequenceClassification" in head else "–"
            rows.append([family + head, tensors, kept, computed, said])
            log(*rows[-1])
    table(["kind of model", "tensors equal after export", "largest difference of outputs, loaded again in transformers", "largest difference of logits in bertlab (loss)", "remarks"], rows)


def judged(m, tok, home, head):
    """The largest differences of logits and loss between bertlab's eval and transformers, on texts with labels."""
    texts = [t for t in folders.SINGLES if t.strip() and "\n" not in t and "\x00" not in t]
    labels = [i % 3 for i in range(len(texts))]
    data = home + "/data.jsonl"
    regression, multi = m.config.num_labels == 1, "multi-label" in head
    if multi:
        return multiple(m, tok, home, texts)
    with open(data, "w", encoding="utf-8") as f:
        for t, l in zip(texts, labels):
            f.write(json.dumps({"text": t, "sentence1": t, "sentence2": t[::-1], "label": l}) + "\n")
    task = ["--task", "stsb"] if regression else ["--task", "custom", "--labels", "LABEL_0,LABEL_1,LABEL_2"]
    r = bertlab("eval", "--model", home, "--data", data, *task, "--predictions", home + "/out.jsonl", "--json", "--backend", "go", "--max-length", 64)
    if r.returncode:
        return "refused: " + r.stderr.strip().split("\n")[-1][:100]
    wanted = torch.stack([outputs(m, tok, [[t, t[::-1]] if regression else [t]])[0] for t in texts])
    got = torch.tensor([json.loads(line)["logits"] for line in open(home + "/out.jsonl")])
    y = torch.tensor(labels)
    loss = torch.nn.functional.mse_loss(wanted[:, 0], y.float()) if regression else torch.nn.functional.cross_entropy(wanted, y)
    return f"{float((got - wanted).abs().max()):.1e} ({abs(json.loads(r.stdout)['loss'] - float(loss)):.1e})"


def multiple(m, tok, home, texts):
    data, sets = home + "/data.jsonl", [[k for k in range(3) if (i >> k) & 1] for i in range(len(texts))]
    with open(data, "w", encoding="utf-8") as f:
        for t, s in zip(texts, sets):
            f.write(json.dumps({"text": t, "labels": [f"LABEL_{k}" for k in s]}) + "\n")
    r = bertlab("eval", "--model", home, "--data", data, "--task", "multilabel", "--labels", "LABEL_0,LABEL_1,LABEL_2", "--predictions", home + "/out.jsonl", "--json", "--backend", "go", "--max-length", 64)
    if r.returncode:
        return "refused: " + r.stderr.strip().split("\n")[-1][:100]
    wanted = torch.stack(outputs(m, tok, [[t] for t in texts]))
    got = torch.tensor([json.loads(line)["logits"] for line in open(home + "/out.jsonl")])
    y = torch.tensor([[float(k in s) for k in range(3)] for s in sets])
    loss = torch.nn.functional.binary_cross_entropy_with_logits(wanted, y)
    return f"{float((got - wanted).abs().max()):.1e} ({abs(json.loads(r.stdout)['loss'] - float(loss)):.1e})"


def rows_of(path, skip, columns):
    with open(path, encoding="utf-8-sig", newline="\n") as f:
        for number, line in enumerate(f.read().split("\n")):
            cells = line.split("\t")
            if number >= skip and line and len(cells) > max(columns):
                yield [cells[c] for c in columns]


def real_texts(data):
    """The texts of every data set, by its public name."""
    for name, files in {
        "SST-2": [("SST-2/train.tsv", 1, [0]), ("SST-2/dev.tsv", 1, [0])], "CoLA": [("CoLA/train.tsv", 0, [3]), ("CoLA/dev.tsv", 0, [3])],
        "MRPC": [(f"MRPC/{s}.tsv", 1, [3, 4]) for s in ("train", "dev", "test")], "RTE": [(f"RTE/{s}.tsv", 1, [0, 1]) for s in ("train", "dev")],
        "STS-B": [(f"STS-B/sts-{s}.tsv", 0, [5, 6]) for s in ("train", "dev")], "MultiNLI (dev)": [("MNLI/dev_matched.tsv", 1, [1, 2]), ("MNLI/dev_mismatched_1k.tsv", 0, [1, 2])],
        "Multi-Domain Sentiment (books, electronics)": [("reviews/books.tsv", 1, [0]), ("reviews/electronics.tsv", 1, [0])],
    }.items():
        yield name, [row for path, skip, columns in files for row in rows_of(os.path.join(data, path), skip, columns)]
    sentences = []
    for split in ("train", "dev"):
        with open(os.path.join(data, "WNUT-17", split + ".conll"), encoding="utf-8") as f:
            sentences += [[" ".join(line.split("\t")[0] for line in block.split("\n") if line.strip())] for block in f.read().split("\n\n") if block.strip()]
    yield "WNUT-17", sentences
    with open(os.path.join(data, "XQuAD-en", "xquad.en.json"), encoding="utf-8") as f:
        yield "XQuAD (English)", [[q["question"], p["context"]] for a in json.load(f)["data"] for p in a["paragraphs"] for q in p["qas"]]
    lines = []
    for split in ("valid", "test"):
        with open(os.path.join(data, "WikiText-2", split + ".tokens"), encoding="utf-8") as f:
            lines += [[line] for line in f.read().split("\n")]
    yield "WikiText-2 (valid, test)", lines


def data_sets(models, data):
    home = os.path.join(models, "all-MiniLM-L6-v2")
    tok = AutoTokenizer.from_pretrained(home)
    rows = []
    for name, texts in real_texts(data):
        got = ours([(home, texts)])[0]
        if "error" in got:
            raise SystemExit(f"{name}: {got['error']}")
        ids, places = 0, 0
        for start in range(0, len(texts), 1000):
            part = texts[start:start + 1000]
            e = tok([t[0] for t in part], [t[1] for t in part] if len(part[0]) > 1 else None, return_offsets_mapping=True)
            for i in range(len(part)):
                at = start + i
                ids += got["ids"][at] == e["input_ids"][i] and got["types"][at] == e["token_type_ids"][i]
                places += got["offsets"][at] == [x for pair in e["offset_mapping"][i] for x in pair]
        rows.append([name, f"{ids}/{len(texts)}", f"{places}/{len(texts)}"])
        log(*rows[-1])
    table(["data set", "texts with equal tokens and types", "with equal offsets"], rows)
    logits_of_data(home, data)


def logits_of_data(home, data):
    """Logits and loss of MiniLM with a random head on dev sets, on the backend that there is."""
    rows = []
    for name, task, path, skip, columns, label, names in (
        ("SST-2 dev", "sst2", "SST-2/dev.tsv", 1, [0], 1, ["negative", "positive"]), ("MRPC dev", "mrpc", "MRPC/dev.tsv", 1, [3, 4], 0, ["not_equivalent", "equivalent"]),
        ("RTE dev", "rte", "RTE/dev.tsv", 1, [0, 1], 2, ["entailment", "not_entailment"]),
    ):
        torch.manual_seed(3)
        m = transformers.BertForSequenceClassification.from_pretrained(home, num_labels=2, id2label=dict(enumerate(names)), label2id={n: i for i, n in enumerate(names)}).eval()
        m.classifier.weight.data.normal_(0, 0.5)
        out = os.path.join(HOME, "minilm-" + task)
        m.save_pretrained(out)
        tok = AutoTokenizer.from_pretrained(home)
        for file in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
            if os.path.exists(os.path.join(home, file)):
                with open(os.path.join(home, file), "rb") as f, open(os.path.join(out, file), "wb") as g:
                    g.write(f.read())
        r = bertlab("eval", "--model", out, "--data", os.path.join(data, path), "--task", task, "--predictions", out + "/out.jsonl", "--json")
        if r.returncode:
            rows.append([name, "–", "–", "refused: " + r.stderr.strip().split("\n")[-1][:100]])
            continue
        texts = list(rows_of(os.path.join(data, path), skip, columns))
        got = torch.tensor([json.loads(line)["logits"] for line in open(out + "/out.jsonl")])
        said = torch.tensor([json.loads(line)["label"] for line in open(out + "/out.jsonl")])
        wanted = []
        for start in range(0, len(texts), 32):
            part = texts[start:start + 32]
            e = tok([t[0] for t in part], [t[1] for t in part] if len(columns) > 1 else None, truncation=True, max_length=128, padding=True, return_tensors="pt")
            with torch.no_grad():
                wanted.append(m(**e).logits)
        wanted = torch.cat(wanted)
        loss = torch.nn.functional.cross_entropy(wanted, said)
        document = json.loads(r.stdout)
        rows.append([name, len(texts), f"{float((got - wanted).abs().max()):.1e}", f"{abs(document['loss'] - float(loss)):.1e}"])
        log(*rows[-1])
    table(["data set (all-MiniLM-L6-v2 with a random head)", "examples", "largest difference of logits", "difference of the loss"], rows)


def main():
    for name, path in ((BERTLAB, "./cmd/bertlab"), (PARITY, "./internal/parity")):
        subprocess.run(["go", "build", "-o", name, path], cwd=ROOT, check=True)
    print("# Parity with transformers\n")
    print("Made by `internal/parity/parity.py`, which says how to run it again; not written by hand.")
    print(f"Reference: transformers {transformers.__version__}, tokenizers {tokenizers.__version__}, torch {torch.__version__.split('+')[0]}, safetensors {safetensors.__version__}.\n")
    print("## Tokenizer options\n")
    print(f"Each folder reads {len(TEXTS)} texts and pairs, some of them cut. *noted*: a line on standard error says what a file says and is not followed, as in transformers.\n")
    options()
    print("## Kinds of models\n")
    print("Tiny models with random weights, as transformers saves them. Export: `bertlab export --dense`.\n")
    kinds()
    print("## Data sets\n")
    models, data = os.environ.get("BERTLAB_MODELS"), os.environ.get("BERTLAB_SHARED")
    if not models or not data:
        print("Left out: BERTLAB_MODELS or BERTLAB_SHARED was not set.")
        return
    print("Tokens of the tokenizer of all-MiniLM-L6-v2, nothing cut.\n")
    data_sets(models, os.path.join(data, "data"))


if __name__ == "__main__":
    main()
