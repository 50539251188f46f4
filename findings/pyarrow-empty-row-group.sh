#!/usr/bin/env bash
# Version: pyarrow 26.0.1 (Python 3.11).
# Behaviour: ParquetWriter.write_table of a table without rows writes a row group whose column chunks have data_page_offset 0, a place
# before the file's magic, while their dictionary_page_offset and size (15 bytes) are real. pyarrow reads the file back as usual.
# Output (tables of 1, 0 and 1 rows; the line of each row group):
#   1 rows: data page behind the dictionary
#   0 rows: data_page_offset 0, dictionary_page_offset positive, 15 bytes
#   1 rows: data page behind the dictionary
#   read back: a b
# Why it matters: data sets for fine-tuning are Parquet files, and a filter that leaves nothing of a batch writes such a group. A
# reader of its own that checks that pages lie within the file refuses a file that is fine.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install -q pyarrow==26.0.1

got=$(venv/bin/python - <<'EOF'
import pyarrow as pa
import pyarrow.parquet as pq

schema = pa.schema([("sentence", pa.string())])
with pq.ParquetWriter("x.parquet", schema) as w:
    for rows in (["a"], [], ["b"]):
        w.write_table(pa.table({"sentence": pa.array(rows, pa.string())}))
metadata = pq.read_metadata("x.parquet")
for i in range(metadata.num_row_groups):
    group = metadata.row_group(i)
    c = group.column(0)
    where = "data page behind the dictionary"
    if c.data_page_offset <= c.dictionary_page_offset:
        sign = "positive" if c.dictionary_page_offset > 0 else "not positive"
        where = f"data_page_offset {c.data_page_offset}, dictionary_page_offset {sign}, {c.total_compressed_size} bytes"
    print(f"{group.num_rows} rows: {where}")
print("read back:", *pq.read_table("x.parquet")["sentence"].to_pylist())
EOF
)
want='1 rows: data page behind the dictionary
0 rows: data_page_offset 0, dictionary_page_offset positive, 15 bytes
1 rows: data page behind the dictionary
read back: a b'
printf '%s\n' "$got"
[ "$got" = "$want" ] || { printf 'the behaviour has changed; expected:\n%s\n' "$want" >&2; exit 1; }
