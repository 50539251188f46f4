package parquet

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// Parquet's compression codecs.
const (
	codecNone   = 0
	codecSnappy = 1
	codecGzip   = 2
	codecBrotli = 4
	codecZstd   = 6
	codecLZ4Raw = 7
)

// take counts n decompressed bytes against what the file may unpack to.
func (f *File) take(n int64) error {
	if n > f.budget {
		return fmt.Errorf("the pages unpack to more than %d times the file's %d bytes: refused", MaxExpansion, f.size)
	}
	f.budget -= n
	return nil
}

// decompress unpacks a page that claims to hold size bytes, and holds no more than that.
func (f *File) decompress(codec int64, body []byte, size int64) ([]byte, error) {
	if codec == codecNone {
		return body, nil
	}
	if size < 0 {
		return nil, fmt.Errorf("claims to unpack to %d bytes", size)
	}
	if err := f.take(size); err != nil {
		return nil, err
	}
	if size == 0 && len(body) == 0 {
		return nil, nil
	}
	var out []byte
	var err error
	switch codec {
	case codecSnappy:
		n, e := snappy.DecodedLen(body)
		if e != nil || int64(n) != size {
			return nil, fmt.Errorf("a Snappy page of %d bytes says %d in its header (%v)", size, n, e)
		}
		out, err = snappy.Decode(nil, body)
	case codecGzip:
		r, e := gzip.NewReader(bytes.NewReader(body))
		if e != nil {
			return nil, e
		}
		out, err = readAll(r, size)
	case codecZstd:
		r, e := zstd.NewReader(bytes.NewReader(body), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(size)+1<<20), zstd.WithDecoderMaxWindow(8<<20), zstd.WithDecoderLowmem(true))
		if e != nil {
			return nil, e
		}
		defer r.Close()
		out, err = readAll(r, size)
	case codecBrotli:
		out, err = readAll(brotli.NewReader(bytes.NewReader(body)), size)
	case codecLZ4Raw:
		out = make([]byte, size)
		n, e := lz4.UncompressBlock(body, out)
		out, err = out[:max(n, 0)], e
	default:
		return nil, fmt.Errorf("the compression codec %d is not read here: write the file with Snappy, gzip, Brotli, Zstandard, LZ4_RAW or none", codec)
	}
	if err != nil {
		return nil, fmt.Errorf("decompressing: %w", err)
	}
	if int64(len(out)) != size {
		return nil, fmt.Errorf("unpacks to %d bytes, and claims %d", len(out), size)
	}
	return out, nil
}

// readAll reads up to size bytes and one more, growing as they come.
func readAll(r io.Reader, size int64) ([]byte, error) {
	return io.ReadAll(io.LimitReader(r, size+1))
}
