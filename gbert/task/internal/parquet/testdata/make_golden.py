"""Writes the Parquet files of this folder and what is in them (golden.json): cells as text, null for a null, a number for a float.

Made with Python 3.11, pyarrow 26.0.1:  python make_golden.py
"""
import datetime as dt
import decimal
import json
import struct
import uuid

import pyarrow as pa
import pyarrow.parquet as pq

golden = {"made_with": "pyarrow " + pa.__version__, "files": {}}


def case(name, table, refused=(), groups=None, **options):
    """groups: numbers of rows of the row groups. refused: columns that must not be read."""
    with pq.ParquetWriter(name + ".parquet", table.schema, **options) as w:
        at = 0
        for n in groups or [len(table)]:
            w.write_table(table.slice(at, n))
            at += n
    columns = {c: [cell(v) for v in table[c].to_pylist()] for c in table.column_names if c not in refused}
    golden["files"][name + ".parquet"] = {"columns": columns, "refused": list(refused)}


def cell(v):
    match v:
        case bool():
            return str(int(v))
        case int():
            return str(v)
        case decimal.Decimal():
            return format(v, "f")
        case bytes():
            return v.decode()
        case dt.datetime():
            return v.replace(tzinfo=None).isoformat().rstrip("0").rstrip(".") if v.microsecond else v.replace(tzinfo=None).isoformat()
        case dt.date() | uuid.UUID():
            return str(v)
        case dt.time():
            return v.isoformat().rstrip("0").rstrip(".") if v.microsecond else v.isoformat()
        case _:
            return v


D = decimal.Decimal
texts = pa.array(["a", "bb", None, "", "é中", "a", "bb"])
small = pa.table({"text": texts, "label": pa.array([0, 1, None, 3, -1, 5, 6]), "yes": pa.array([True, False, None, True, True, False, False]),
                  "x": pa.array([0.5, -1.25, None, 1e300, 0.1, -0.0, 3.0]), "dictionary": texts.dictionary_encode()})

case("empty_groups", small, groups=[0, 2, 0, 0, 3, 2, 0])
case("empty", small.slice(0, 0))
case("all_empty_groups", small.slice(0, 0), groups=[0, 0])
for codec in ("none", "snappy", "gzip", "zstd", "brotli", "lz4"):
    for version in ("1.0", "2.0"):
        case(f"{codec}_v{version[0]}", small, compression=codec, data_page_version=version, write_page_checksum=True, data_page_size=16)
case("delta", pa.table({"label": pa.array([5, -7, 2**40, 0, 1]), "int": pa.array([1, -2**31, 2**31 - 1, 0, 7], pa.int32()), "text": ["ab", "abc", "", "abd", "x"], "more": ["ab", "abc", "", "abd", "x"]}),
     use_dictionary=False, column_encoding={"label": "DELTA_BINARY_PACKED", "int": "DELTA_BINARY_PACKED", "text": "DELTA_BYTE_ARRAY", "more": "DELTA_LENGTH_BYTE_ARRAY"})
case("split", pa.table({"x": [0.5, -1.25, 3.0], "f": pa.array([0.5, -1.25, 3.0], pa.float32()), "i": pa.array([1, -2, 3], pa.int32()), "l": [4, -5, 2**60], "d": pa.array([D("1.5"), D("-2.5"), D("0.1")], pa.decimal128(30, 1))}),
     use_dictionary=False, column_encoding={c: "BYTE_STREAM_SPLIT" for c in "xfild"})

decimals = {"small": pa.array([D("0.4"), D("-0.1"), None, D("99.9")], pa.decimal128(3, 1)), "long": pa.array([D("1.2345"), D("-99999999999999.9999"), None, D("0")], pa.decimal128(18, 4)),
            "whole": pa.array([D("1"), D("-12345"), None, D("0")], pa.decimal128(5, 0)), "wide": pa.array([D("-1.0000000001"), D("9999999999999999999999999999.9999999999"), None, D("0")], pa.decimal128(38, 10)),
            "widest": pa.array([D("-1"), D("1e40"), None, D("0.00000000000000000001")], pa.decimal256(76, 20)), "fraction": pa.array([D("0.123"), D("-0.001"), None, D("0")], pa.decimal128(3, 3))}
case("decimals_bytes", pa.table(decimals))
case("decimals_integer", pa.table(decimals), store_decimal_as_integer=True)
case("decimals_plain", pa.table(decimals), use_dictionary=False)
case("integers", pa.table({f"{'u' * u}int{bits}": pa.array([0, 2 ** (bits - 1 + u) - 1, None, -(2 ** (bits - 1)) * (1 - u)], getattr(pa, f"{'u' * u}int{bits}")()) for u in (0, 1) for bits in (8, 16, 32, 64)}))
halves = [0.0, 1.0, -2.5, 65504.0, 2.0**-24, 2.0**-14, 0.0999755859375, None]
case("half", pa.table({"x": pa.array(halves, pa.float16())}))
case("half_split", pa.table({"x": pa.array(halves, pa.float16())}), use_dictionary=False, column_encoding={"x": "BYTE_STREAM_SPLIT"})
day, second = dt.date(1969, 12, 30), dt.datetime(2024, 2, 29, 23, 59, 58, 120000)
times = {"date": pa.array([day, dt.date(2024, 2, 29), None]), "date64": pa.array([day, dt.date(2024, 2, 29), None], pa.date64())}
for unit in ("ms", "us"):
    times["at_" + unit] = pa.array([second, dt.datetime(1969, 1, 1, 1), None], pa.timestamp(unit))
    times["utc_" + unit] = pa.array([second, dt.datetime(1969, 1, 1, 1), None], pa.timestamp(unit, "UTC"))
times["clock_ms"] = pa.array([dt.time(1, 2, 3, 5000), dt.time(0), None], pa.time32("ms"))
times["clock_us"] = pa.array([dt.time(1, 2, 3, 5), dt.time(23, 59, 59), None], pa.time64("us"))
case("times", pa.table(times))
case("old_times", pa.table({"at": pa.array([second, None], pa.timestamp("ns")), "text": ["a", "b"]}), refused=["at"], use_deprecated_int96_timestamps=True)
case("texts", pa.table({"large": pa.array(["a", None, "c"], pa.large_string()), "view": pa.array(["a", None, "a longer one than twelve"], pa.string_view()), "bytes": pa.array([b"a", None, b"c"], pa.binary()),
                        "fixed": pa.array([b"abc", None, b"xyz"], pa.binary(3)), "nothing": pa.nulls(3), "id": pa.array([uuid.UUID(int=7), None, uuid.UUID(int=2**127)], pa.uuid()), "json": pa.array(['{"a": 1}', None, "2"], pa.json_())}))
case("nested", pa.table({"text": ["a", "b"], "list": [[1], [2, 3]], "struct": [{"x": 1}, {"x": 2}], "map": pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int32()))}),
     refused=["list.list.element", "struct.x", "map.key_value.key", "map.key_value.value"])
golden["files"]["nested.parquet"]["columns"] = {"text": ["a", "b"]}
json.dump(golden, open("golden.json", "w"), ensure_ascii=False, indent=1)
