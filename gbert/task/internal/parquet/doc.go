// Package parquet reads the flat columns of a Parquet file that may be hostile.
//
// Data sets come from strangers, and the general Parquet libraries trust the sizes that a file claims: a page of ten bytes
// can say that it holds two billion values, and the memory is taken before the lie is noticed. This reader takes only what a
// data set of texts and labels needs, and checks every length against the bytes that are there:
//
//   - columns at the top level, required or optional, of type BOOLEAN, INT32, INT64, FLOAT, DOUBLE, BYTE_ARRAY or
//     FIXED_LEN_BYTE_ARRAY; nested and repeated columns are listed, and refused when read;
//   - of logical types integers with and without sign, decimals, 16-bit floats, dates, times and UUIDs; intervals, BSON and
//     types that are not known are refused when read;
//   - data pages version 1 and 2, dictionary pages, checksums;
//   - encodings PLAIN, PLAIN_DICTIONARY, RLE_DICTIONARY, RLE, DELTA_BINARY_PACKED, DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY,
//     BYTE_STREAM_SPLIT;
//   - compression none, Snappy, gzip, Brotli, Zstandard and LZ4_RAW.
//
// All that a file can make it hold is bounded by [MaxExpansion] times the file's size. The format is described at
// https://parquet.apache.org/docs/file-format/. The tests hold it against github.com/parquet-go/parquet-go.
package parquet
