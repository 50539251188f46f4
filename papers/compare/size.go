package compare

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"

	"bertlab/internal/files"
)

// counter counts what is written to it, until its context ends.
type counter struct {
	ctx   context.Context
	bytes int64
}

func (c *counter) Write(data []byte) (int, error) {
	c.bytes += int64(len(data))
	return len(data), c.ctx.Err()
}

// gzipped is the size of a model's files of weights after gzip at its usual level.
func gzipped(ctx context.Context, dir string) (int64, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.safetensors"))
	if err != nil || len(files) == 0 {
		return 0, fmt.Errorf("%s holds no weights: %w", dir, os.ErrNotExist)
	}
	count := &counter{ctx: ctx}
	for _, path := range files {
		if err := zip(count, path); err != nil {
			return 0, err
		}
	}
	return count.bytes, nil
}

func zip(to io.Writer, path string) error {
	file, err := files.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	zipped := gzip.NewWriter(to)
	if _, err := io.Copy(zipped, file); err != nil {
		return err
	}
	return zipped.Close()
}
