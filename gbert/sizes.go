package gbert

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"

	"bertlab/gbert/safetensors"
)

// Sizes are the bytes that a model's weights take as a file, model.safetensors with its header. config.json and the tokenizer's
// files are not counted.
type Sizes struct {
	// Dense is what [Model.Save] writes.
	Dense        int64 `json:"dense"`
	DenseFloat16 int64 `json:"dense_float16"`
	// Compact is what [Model.SaveCompact] writes.
	Compact        int64 `json:"compact"`
	CompactFloat16 int64 `json:"compact_float16"`
	// Gzip is Dense after gzip with its default compression.
	Gzip int64 `json:"gzip"`
}

// Sizes measures what the model takes in each storage, by encoding it; nothing is written. gzip takes up to ten seconds
// for 20 million parameters, most when most of them are zero; the end of ctx stops it. A weight too large for half precision is an error.
func (m *Model) Sizes(ctx context.Context) (*Sizes, error) {
	var s Sizes
	if err := m.Check(); err != nil {
		return nil, fmt.Errorf("gbert: sizes: %w", err)
	}
	for _, c := range []struct {
		size  *int64
		as    precision
		store storage
		gzip  bool
	}{
		{&s.Dense, float32Numbers{}, denseFile, false}, {&s.DenseFloat16, float16Numbers{}, denseFile, false},
		{&s.Compact, float32Numbers{}, compactFile, false}, {&s.CompactFloat16, float16Numbers{}, compactFile, false},
		{&s.Gzip, float32Numbers{}, denseFile, true},
	} {
		entries, metadata, err := m.stored(c.as, c.store)
		if err == nil {
			*c.size, err = encodedSize(ctx, entries, metadata, c.gzip)
		}
		if err != nil {
			return nil, fmt.Errorf("gbert: sizes: %w", err)
		}
	}
	return &s, nil
}

// DenseBytes is the size of the file of weights that [Model.Save] would write in a precision. It takes a fraction of the time of Sizes.
func (m *Model) DenseBytes(ctx context.Context, precision Precision) (int64, error) {
	if err := m.Check(); err != nil {
		return 0, fmt.Errorf("gbert: size: %w", err)
	}
	numbers, err := precision.numbers()
	if err != nil {
		return 0, fmt.Errorf("gbert: size: %w", err)
	}
	entries, metadata, err := m.stored(numbers, denseFile)
	if err != nil {
		return 0, fmt.Errorf("gbert: size: %w", err)
	}
	return encodedSize(ctx, entries, metadata, false)
}

// encodedSize counts the bytes of a file, compressed or not.
func encodedSize(ctx context.Context, entries []safetensors.Entry, metadata map[string]string, compress bool) (int64, error) {
	counter := &countingWriter{ctx: ctx}
	if !compress {
		err := safetensors.Encode(counter, entries, metadata)
		return counter.count, err
	}
	if err := zip(counter, func(to io.Writer) error { return safetensors.Encode(to, entries, metadata) }); err != nil {
		return 0, err
	}
	return counter.count, nil
}

// zip writes what a function writes through gzip at its usual level.
func zip(to io.Writer, write func(to io.Writer) error) error {
	zipped := gzip.NewWriter(to)
	if err := write(zipped); err != nil {
		return err
	}
	return zipped.Close()
}

// A countingWriter counts what is written to it, until its context ends.
type countingWriter struct {
	ctx   context.Context
	count int64
}

var _ io.Writer = (*countingWriter)(nil)

func (w *countingWriter) Write(data []byte) (int, error) {
	w.count += int64(len(data))
	return len(data), w.ctx.Err()
}
