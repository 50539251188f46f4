#!/usr/bin/env bash
# Version: tokenizers 0.23.3 (Python 3.11), whose regular expressions are Oniguruma's.
# Behaviour: \w matches the superscript digits and the fractions of Latin-1, [\w] does not. So [^\w] is not \W: these six characters
# match both \w and [^\w].
# Output (characters that each expression matches):
#   \w ²³¹¼½¾a9
#   [\w] a9
#   \W
#   [^\w] ²³¹¼½¾
# Why it matters: tokenizer.json carries such expressions for Split and Replace. Rewriting one into an equal-looking class, or
# tokenising with another engine in a runtime for small devices, splits "m²" differently, and the compressed model's input differs
# from its teacher's.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q tokenizers==0.23.3

got=$(PYTHONIOENCODING=utf-8 venv/bin/python - <<'EOF'
from tokenizers import Regex, normalizers

for expression in (r"\w", r"[\w]", r"\W", r"[^\w]"):
    gone = normalizers.Replace(Regex(expression), "")
    print((expression + " " + "".join(c for c in "²³¹¼½¾a9" if gone.normalize_str(c) == "")).rstrip())
EOF
)
want='\w ²³¹¼½¾a9
[\w] a9
\W
[^\w] ²³¹¼½¾'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
