#!/usr/bin/env bash
# Version: safetensors 0.8.0 with numpy 2.4.6 (Python 3.11).
# Behaviour: a header whose "__metadata__" is null is read as one without metadata, while a null as the value of a key within it is
# an error.
# Output:
#   no __metadata__: read
#   "__metadata__": null: read
#   "__metadata__": {"format": null}: refused
# Why it matters: an empty map is null in the JSON of several languages, so files of pruned or quantised weights written from there
# load in Python. A reader for a small runtime that insists on an object refuses files that the reference reads.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q safetensors==0.8.0 numpy==2.4.6

got=$(venv/bin/python - <<'EOF'
import struct
from safetensors import SafetensorError
from safetensors.numpy import load

def read(metadata):
    header = '{%s"x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}' % (metadata and metadata + ", ")
    try:
        load(struct.pack("<Q", len(header)) + header.encode() + bytes(4))
    except SafetensorError:
        return "refused"
    return "read"

for metadata in ("", '"__metadata__": null', '"__metadata__": {"format": null}'):
    print(f"{metadata or 'no __metadata__'}: {read(metadata)}")
EOF
)
want='no __metadata__: read
"__metadata__": null: read
"__metadata__": {"format": null}: refused'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
