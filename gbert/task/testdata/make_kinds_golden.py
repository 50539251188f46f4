"""Writes kinds.json: metrics and losses of tagging, multi-label classification and question answering.

usage: python make_kinds_golden.py > kinds.json
Made with seqeval 1.2.2, scikit-learn and PyTorch as the file's "versions" says. The metrics of answers are written here from the
published definitions: SQuAD's evaluation scripts of versions 1.1 and 2.0.
"""
import collections
import json
import random
import re
import string
import sys
import warnings

import numpy as np
import seqeval
import seqeval.metrics as sm
import sklearn
import sklearn.metrics as m
import torch

warnings.simplefilter("ignore")
rng = random.Random(11)


def normalize(s):
    s = "".join(ch for ch in s.lower() if ch not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", s).split())


def f1(prediction, gold, open_questions):
    p, g = normalize(prediction).split(), normalize(gold).split()
    if open_questions and (len(p) == 0 or len(g) == 0):
        return float(p == g)
    same = sum((collections.Counter(p) & collections.Counter(g)).values())
    if same == 0:
        return 0.0
    precision, recall = same / len(p), same / len(g)
    return 2 * precision * recall / (precision + recall)


def question(prediction, answers):
    closed = [float(normalize(prediction) == normalize(a)) for a in answers], [f1(prediction, a, False) for a in answers]
    gold = [a for a in answers if normalize(a)] or [""]
    opened = [float(normalize(prediction) == normalize(a)) for a in gold], [f1(prediction, a, True) for a in gold]
    return {"prediction": prediction, "answers": answers, "normalized": normalize(prediction),
            "exact": max(closed[0], default=0), "f1": max(closed[1], default=0), "open_exact": max(opened[0]), "open_f1": max(opened[1])}


WORDS = ["the", "The", "a", "an", "A", "cat", "cat's", "Cat", "Ant", "theme", "the-cat", "(the)", "1,000", "$5.00", "U.S.", "é", "É", "İstanbul", "ΟΔΟΣ",
         "οδος", "Σ", "ß", "ẞ", "½", "²", "a_b", "_", "“the”", "the\u00a0end", "an\u2019", "中文", "a中", "...", "\x1cx", "x\x85y", "ǅ", "e\u0301", "the\u0301", "\u200bthe"]


def text(most):
    return rng.choice([" ", "  ", " "]).join(rng.choice(WORDS) for _ in range(rng.randint(0, most)))


def questions():
    out = [question(p, a) for p, a in [("", [""]), ("the", [""]), ("", ["the"]), ("a cat", ["the cat", "dog"]), ("cat cat dog", ["cat dog dog"]), ("x", ["the"]), ("", [])]]
    while len(out) < 160:
        answers = [text(4) for _ in range(rng.randint(1, 4))]
        out.append(question(rng.choice([text(4), rng.choice(answers).upper(), rng.choice(answers) + " " + text(2)]), answers))
    return out


def taggings():
    out = []
    for tags in (["O", "B-A", "I-A", "B-B", "I-B"], ["O", "I-A", "I-B", "B-A"], ["O", "B-A", "I-A", "E-A", "S-A", "B-B", "I-B", "E-B", "S-B"],
                 ["O", "B", "I"], ["O", "B-a-b", "I-a-b", "I-b", "X", "E-c"]):
        for _ in range(12):
            gold = [[rng.choice(tags) for _ in range(rng.randint(1, 9))] for _ in range(rng.randint(1, 4))]
            predicted = [[t if rng.random() < 0.7 else rng.choice(tags) for t in s] for s in gold]
            out.append({"gold": gold, "predicted": predicted, "precision": sm.precision_score(gold, predicted), "recall": sm.recall_score(gold, predicted),
                        "f1": sm.f1_score(gold, predicted), "accuracy": sm.accuracy_score(gold, predicted)})
    out.append({"gold": [["O"]], "predicted": [["O"]], "precision": 0.0, "recall": 0.0, "f1": 0.0, "accuracy": 1.0})
    return [{k: float(v) if not isinstance(v, list) else v for k, v in t.items()} for t in out]


def sets():
    out = []
    for n, rows in [(1, 4), (2, 5), (3, 9), (5, 12), (5, 3), (4, 1)]:
        for density in (0, 0.3, 0.8):
            gold = (np.array([[rng.random() for _ in range(n)] for _ in range(rows)]) < density).astype(int)
            logits = np.float32([[rng.gauss(1.5 * (2 * gold[i][j] - 1), 2) for j in range(n)] for i in range(rows)])
            predicted = (logits > 0).astype(int)
            if n == 1:  # scikit-learn takes one column as a binary task
                micro = macro = m.f1_score(gold[:, 0], predicted[:, 0], zero_division=0)
            else:
                micro, macro = (m.f1_score(gold, predicted, average=a, zero_division=0) for a in ("micro", "macro"))
            losses = torch.nn.functional.binary_cross_entropy_with_logits(torch.tensor(logits, dtype=torch.float64), torch.tensor(gold, dtype=torch.float64), reduction="none")
            out.append({"gold": gold.tolist(), "logits": [[float(v) for v in r] for r in logits], "f1_micro": float(micro), "f1_macro": float(macro),
                        "subset_accuracy": float((gold == predicted).all(axis=1).mean()), "losses": losses.mean(dim=1).tolist()})
    return out


json.dump({"versions": {"seqeval": "1.2.2", "scikit-learn": sklearn.__version__, "torch": torch.__version__},
           "questions": questions(), "taggings": taggings(), "sets": sets()}, sys.stdout, indent=None, separators=(",", ":"))
