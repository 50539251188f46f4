// Package safetensors reads and writes the safetensors format, in which
// Hugging Face stores weights (https://github.com/huggingface/safetensors,
// section "Format").
//
// A file is eight bytes with the header's length n (little-endian), n bytes of
// JSON, and the tensors' bytes one after the other:
//
//	{"__metadata__": {"format": "pt"},
//	 "bert.pooler.dense.bias": {"dtype": "F32", "shape": [768], "data_offsets": [0, 3072]}, …}
//
// Reading maps the file into memory. Nothing is copied until a conversion is
// asked for, and [Tensor.Release] gives the pages back once a weight is on the
// device, as the package's example shows.
//
// Writing is atomic: the bytes go to a temporary file beside the target, are
// flushed to the disk, and are renamed. Equal entries give equal bytes.
//
// # What is checked
//
// A header comes from anywhere, so all of it is checked before a tensor can be
// asked for: the length (at most the file's, at most 100 MB), the JSON, names
// that occur twice, shapes (no negative sizes, products that do not overflow),
// offsets (in the file, without overlap, without holes, up to the last byte)
// and sizes (shape times data type). A truncated file is reported with the
// bytes that were expected and found. What is allocated for a header depends on
// its own length, never on what it claims: at most about ten times that length,
// for a header of nothing but empty tensors.
//
// # Limits
//
// Views are of mapped memory: they must not be written to, nor used after
// [File.Close]. A file that another program truncates in place while it is
// mapped takes this process down with it (SIGBUS), as with any mapping;
// files replaced by renaming, as [Write] does, are safe. Data types below one
// byte (F4, F6) are listed but cannot be read.
package safetensors
