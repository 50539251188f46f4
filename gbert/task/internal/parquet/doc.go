// Package parquet reads the flat columns of a Parquet file that may be hostile.
//
// Data sets come from strangers, and the general Parquet libraries trust the sizes that a file claims: a page of ten bytes
// can say that it holds two billion values, and the memory is taken before the lie is noticed. This reader takes only what a
// data set of texts and labels needs, and checks every length against the bytes that are there:
//
//   - columns at the top level, required or optional, of type BOOLEAN, INT32, INT64, FLOAT, DOUBLE, BYTE_ARRAY or
//     FIXED_LEN_BYTE_ARRAY; nested and repeated columns are listed, and refused when read;
//   - data pages version 1 and 2, dictionary pages, checksums;
//   - encodings PLAIN, PLAIN_DICTIONARY, RLE_DICTIONARY, RLE, DELTA_BINARY_PACKED, DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY;
//   - compression none, Snappy, gzip and Zstandard.
//
// All that a file can make it hold is bounded by [MaxExpansion] times the file's size. The format is described at
// https://parquet.apache.org/docs/file-format/. The tests hold it against github.com/parquet-go/parquet-go.
package parquet
