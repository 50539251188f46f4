#!/usr/bin/env bash
# Version: transformers 4.57.1 with tokenizers 0.22.2 against transformers 5.24.0 with tokenizers 0.23.3 (Python 3.11).
# Behaviour: a folder whose tokenizer_config.json names the generic class PreTrainedTokenizerFast gives token_type_ids in 4.57 and none
# in 5.24, where the class is read as TokenizersBackend and its model_input_names are input_ids and attention_mask alone. The types are
# still computed: return_token_type_ids=True shows 0 and 1.
# Output:
#   4.57.1 PreTrainedTokenizerFast gives input_ids token_type_ids attention_mask, asked for types 0 0 0 0 1 1 1
#   5.24.0 TokenizersBackend gives input_ids attention_mask, asked for types 0 0 0 0 1 1 1
# Why it matters: BertModel takes type 0 wherever it is given no types. A classifier of pairs that was fine-tuned with 0 and 1 sees 0
# everywhere after the update, and its loss in accuracy looks like the price of its compression. State model_input_names, or ask for
# the types.
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
import json
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

words = "[PAD] [UNK] [CLS] [SEP] [MASK] a dog not good".split()
inner = Tokenizer(models.WordPiece({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
inner.normalizer = normalizers.BertNormalizer()
inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
inner.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
PreTrainedTokenizerFast(
    tokenizer_object=inner, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]"
).save_pretrained("bert")
json.dump({"model_type": "bert"}, open("bert/config.json", "w"))
EOF
cat >show.py <<'EOF'
import transformers

tok = transformers.AutoTokenizer.from_pretrained("bert")
given = tok("a dog", "not good")
asked = tok("a dog", "not good", return_token_type_ids=True)["token_type_ids"]
print(transformers.__version__, type(tok).__name__, "gives", " ".join(given) + ", asked for types", *asked)
EOF
got=$(old/bin/python show.py && new/bin/python show.py)
want='4.57.1 PreTrainedTokenizerFast gives input_ids token_type_ids attention_mask, asked for types 0 0 0 0 1 1 1
5.24.0 TokenizersBackend gives input_ids attention_mask, asked for types 0 0 0 0 1 1 1'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
