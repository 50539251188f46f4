"""Writes a small random model of every kind that transformers saves as "bert" or "albert", and what transformers computes with it.

    kinds/NAME/    config.json and model.safetensors, as save_pretrained writes them
    kinds.json     for each its class, its outputs by their names, flat, its last hidden states and its pooled output. Inputs are
                   those of golden.json

usage: python testdata/make_kinds.py
       python testdata/make_kinds.py --read CLASS FOLDER …    prints what each folder, loaded as that class, computes, as JSON
       python testdata/make_kinds.py --real MODEL FOLDER      writes MODEL, such as all-MiniLM-L6-v2, with every head to FOLDER/CLASS
       python testdata/make_kinds.py --texts CLASS FOLDER …   as --read, for each of the texts below, read with the folder's tokenizer
torch 2.15.0, transformers 5.24.0, safetensors 0.8.0, Python 3.11; the versions used are in kinds.json.
"""

import json
import os
import shutil
import sys

import safetensors
import torch
import transformers

HERE = os.path.dirname(os.path.abspath(__file__))
VERSIONS = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__, "safetensors": safetensors.__version__}
HEADS = ["ForPreTraining", "ForMaskedLM", "ForNextSentencePrediction", "ForSequenceClassification", "ForTokenClassification",
         "ForMultipleChoice", "ForQuestionAnswering", "Model"]
TEXTS = ["A gripping, beautifully acted film that never lets go.", "Dull.", "What is the capital of France? Paris, since 987.",
         "Angela Merkel was born in Hamburg in 1954 and worked for the Academy of Sciences in East Berlin.",
         "Zürich café, naïve résumé: in one line.", "No movement, no yuks, not much of anything. " * 6]
NAMED = {"id2label": {0: "B-PER", 1: "I-PER", 2: "O"}, "label2id": {"B-PER": 0, "I-PER": 1, "O": 2}}


def kinds():
    """Names, classes, and what their configurations and constructors are given."""
    for family in ("Bert", "Albert"):
        for head in HEADS:
            if hasattr(transformers, family + head):
                config = {"num_labels": 3} if head == "ForSequenceClassification" else NAMED if head == "ForTokenClassification" else {}
                yield family + head, family + head, config, {}
        yield family + "Model-without-pooler", family + "Model", {}, {"add_pooling_layer": False}
        yield family + "ForMaskedLM-untied", family + "ForMaskedLM", {"tie_word_embeddings": False}, {}
    yield "BertForSequenceClassification-reranker", "BertForSequenceClassification", {"num_labels": 1}, {}
    yield "BertForSequenceClassification-multi-label", "BertForSequenceClassification", {
        "problem_type": "multi_label_classification", "id2label": {0: "toxic", 1: "insult", 2: "threat"},
        "label2id": {"toxic": 0, "insult": 1, "threat": 2}}, {}


def make(cls, config, arguments, seed):
    shape = dict(vocab_size=60, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12,
                 max_position_embeddings=16, attention_probs_dropout_prob=0.0, hidden_dropout_prob=0.0)
    if cls.startswith("Albert"):
        shape.update(embedding_size=6, classifier_dropout_prob=0.0)
    model = getattr(transformers, cls)(getattr(transformers, cls).config_class(**shape, **config), **arguments)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(torch.randn(p.shape, generator=generator) * 0.4 + (1 if "orm.weight" in name else 0))
    model.tie_weights()
    return model.eval()


def inputs():
    with open(os.path.join(HERE, "golden.json")) as f:
        golden = json.load(f)
    return {"input_ids": torch.tensor(golden["ids"]), "token_type_ids": torch.tensor(golden["types"]),
            "attention_mask": torch.tensor(golden["mask"]).long()}


def numbers(tensor):
    return [float("%.8g" % x) for x in tensor.flatten().tolist()]


@torch.no_grad()
def compute(model):
    """All outputs that are tensors; a model of multiple choice reads every text as a question with one choice."""
    given = inputs()
    if "MultipleChoice" in type(model).__name__:
        given = {k: v.unsqueeze(1) for k, v in given.items()}
    out = {k: numbers(v) for k, v in model(**given).items() if torch.is_tensor(v) and "_state" not in k and "pooler" not in k}
    base = model.base_model(**inputs())
    out["hidden"] = numbers(base.last_hidden_state)
    if base.pooler_output is not None:
        out["pooled"] = numbers(base.pooler_output)
    return out


def load(cls, folder):
    """A folder as transformers loads it."""
    with safetensors.safe_open(os.path.join(folder, "model.safetensors"), "pt") as f:
        pooler = any("pooler" in name for name in f.keys())
    arguments = {} if pooler or not cls.endswith("Model") else {"add_pooling_layer": False}
    model, info = getattr(transformers, cls).from_pretrained(folder, output_loading_info=True, dtype=torch.float32, **arguments)
    return model.eval(), {"class": model.config.architectures[0], "missing": sorted(info["missing_keys"]),
                          "unexpected": sorted(info["unexpected_keys"]), "mismatched": sorted(str(k) for k in info["mismatched_keys"])}


def read(cls, folder):
    """What a folder is for transformers."""
    model, found = load(cls, folder)
    return found | {"outputs": compute(model)}


def real(source, folder):
    """Real weights below a head of every kind, which is drawn at random."""
    for seed, head in enumerate(HEADS):
        torch.manual_seed(seed)
        model = getattr(transformers, "Bert" + head).from_pretrained(source, **({"num_labels": 3} if "Classification" in head else {}))
        with torch.no_grad():
            for name, p in model.named_parameters():
                if name.startswith(("classifier.", "qa_outputs.", "cls.seq_relationship.")) and p.dim() == 2:
                    p.normal_(0, 0.05)
        model.save_pretrained(os.path.join(folder, "Bert" + head))
        transformers.AutoTokenizer.from_pretrained(source).save_pretrained(os.path.join(folder, "Bert" + head))


@torch.no_grad()
def texts(cls, folder):
    """The outputs for each of the texts; of the head that is computed and the hidden states."""
    model, found = load(cls, folder)
    tokenizer, outputs = transformers.AutoTokenizer.from_pretrained(folder), []
    for text in TEXTS:
        given = tokenizer(text, return_tensors="pt")
        out = {"hidden": numbers(model.base_model(**given).last_hidden_state)}
        if "Classification" in cls:
            out["logits"] = numbers(model(**given).logits)
        if "Answering" in cls:
            answer = model(**given)
            out["logits"] = numbers(torch.stack([answer.start_logits, answer.end_logits], -1))
        outputs.append(out)
    return found | {"ids": [tokenizer(text)["input_ids"] for text in TEXTS], "texts": TEXTS, "outputs": outputs}


def main():
    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    if sys.argv[1:2] in (["--read"], ["--texts"]):
        each = read if sys.argv[1] == "--read" else texts
        print(json.dumps([each(*pair) for pair in zip(sys.argv[2::2], sys.argv[3::2])]))
        return
    if sys.argv[1:2] == ["--real"]:
        real(*sys.argv[2:])
        return
    folder = os.path.join(HERE, "kinds")
    shutil.rmtree(folder, ignore_errors=True)
    golden = {"versions": VERSIONS, "kinds": {}}
    for seed, (name, cls, config, arguments) in enumerate(kinds()):
        model = make(cls, config, arguments, seed)
        model.save_pretrained(os.path.join(folder, name))
        golden["kinds"][name] = {"class": cls, "outputs": compute(model)}
    with open(os.path.join(HERE, "kinds.json"), "w") as f:
        json.dump(golden, f, separators=(",", ":"))
        f.write("\n")


main()
