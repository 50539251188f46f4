#!/usr/bin/env bash
# Version: tokenizers 0.23.3 (Python 3.11).
# Behaviour: two added tokens that are the same after normalisation ("cat" and "CAT" under a normaliser that lowercases) both have ids,
# and both texts get one of them. Which one changes from process to process.
# Output of 40 processes, the counts left out as they vary:
#   cat 2 CAT 2
#   cat 3 CAT 3
# Why it matters: a list of a domain's words that is added to the vocabulary of an uncased BERT easily has one word in two spellings.
# Fine-tuning in one process and evaluation in another then read different rows of the embedding matrix, of which one was not
# trained, and runs with the same seed differ.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q tokenizers==0.23.3

cat >one.py <<'EOF'
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

tok = Tokenizer(models.WordPiece({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))
tok.normalizer = normalizers.BertNormalizer(lowercase=True)
tok.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
tok.add_tokens([AddedToken("cat", normalized=True), AddedToken("CAT", normalized=True)])
print("cat", *tok.encode("cat").ids, "CAT", *tok.encode("CAT").ids)
EOF
got=$(for _ in {1..40}; do venv/bin/python one.py || exit; done | sort -u)
want='cat 2 CAT 2
cat 3 CAT 3'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
