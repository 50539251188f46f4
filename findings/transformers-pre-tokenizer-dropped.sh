#!/usr/bin/env bash
# Version: transformers 4.57.1 with tokenizers 0.22.2 against transformers 5.24.0 with tokenizers 0.23.3 (Python 3.11).
# Behaviour: of the tokenizer.json beside a tokenizer_config.json that names BertTokenizer, 5.24 takes the vocabulary and builds BERT's
# usual pre-tokenizer anew; 4.57 takes the file's own. A file that splits at white space only gives other tokens, with no warning.
# Output:
#   4.57.1 [CLS] isn't [SEP]
#   5.24.0 [CLS] isn ' t [SEP]
# Why it matters: a BERT for another language or for source code may have a pre-tokenizer of its own and BERT's class for the rest. A
# teacher and a student that are tokenised by different versions do not read the same tokens, and the positions that distillation
# aligns no longer match.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv new
new/bin/pip install -q transformers==5.24.0 tokenizers==0.23.3
python3 -m venv old
old/bin/pip install -q transformers==4.57.1 tokenizers==0.22.2

export HF_HUB_OFFLINE=1 TRANSFORMERS_NO_ADVISORY_WARNINGS=1

old/bin/python - <<'EOF'
import json, os
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

os.mkdir("bert")
words = "[PAD] [UNK] [CLS] [SEP] [MASK] isn't isn ' t".split()
inner = Tokenizer(models.WordPiece({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
inner.normalizer = normalizers.BertNormalizer()
inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
inner.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
inner.save("bert/tokenizer.json")
json.dump({"tokenizer_class": "BertTokenizer"}, open("bert/tokenizer_config.json", "w"))
json.dump({"model_type": "bert"}, open("bert/config.json", "w"))
EOF
cat >show.py <<'EOF'
import transformers

tok = transformers.AutoTokenizer.from_pretrained("bert")
print(transformers.__version__, *tok.convert_ids_to_tokens(tok("isn't")["input_ids"]))
EOF
got=$(old/bin/python show.py && new/bin/python show.py)
want="4.57.1 [CLS] isn't [SEP]
5.24.0 [CLS] isn ' t [SEP]"
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
