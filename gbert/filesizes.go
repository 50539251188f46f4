package gbert

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"bertlab/gbert/onnx"
	"bertlab/gbert/safetensors"
	"bertlab/internal/files"
)

// WeightBytes is the size of the files of weights in a folder, as they lie there: of [safetensors.WeightsName] alone where that is one of
// them.
func WeightBytes(dir string) (total int64, err error) {
	list, err := weightFiles(dir)
	for _, path := range list {
		info, err := os.Stat(path)
		if err != nil {
			return 0, fmt.Errorf("gbert: %w", err)
		}
		total += info.Size()
	}
	return total, err
}

// weightFiles are the files of weights in a folder. Where one with all weights lies beside others, such as parts of an earlier
// save, it stands for all: [Load] reads it alone.
func weightFiles(dir string) ([]string, error) {
	list, err := files.Match(dir, "*.safetensors")
	if err != nil {
		return nil, fmt.Errorf("gbert: %w", err)
	}
	if whole := filepath.Join(dir, safetensors.WeightsName); len(list) > 1 && slices.Contains(list, whole) {
		return []string{whole}, nil
	}
	return list, nil
}

// GzippedWeightBytes is the size of the files that [WeightBytes] counts after gzip at its usual level, until ctx ends.
func GzippedWeightBytes(ctx context.Context, dir string) (int64, error) {
	list, err := weightFiles(dir)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("gbert: %s holds no weights: %w", dir, os.ErrNotExist)
	}
	if err != nil {
		return 0, err
	}
	counter := &countingWriter{ctx: ctx}
	for _, path := range list {
		if err := gzipFile(counter, path); err != nil {
			return 0, fmt.Errorf("gbert: %w", err)
		}
	}
	return counter.count, nil
}

func gzipFile(to io.Writer, path string) error {
	file, err := files.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return zip(to, func(to io.Writer) error {
		_, err := io.Copy(to, file)
		return err
	})
}

// PortableBytes is the size of the graph that [Model.SavePortable] writes, with its data beside it; of the one in whole numbers of eight
// bits if int8 is true. It is written to a temporary folder.
func (m *Model) PortableBytes(int8 bool) (size int64, err error) {
	dir, err := os.MkdirTemp("", "bertlab-graph-")
	if err != nil {
		return 0, fmt.Errorf("gbert: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := m.SavePortable(dir, PortableOptions{}, int8); err != nil {
		return 0, err
	}
	name := PortableName
	if int8 {
		name = PortableInt8Name
	}
	for _, part := range []string{name, name + onnx.DataEnding} {
		if info, err := os.Stat(filepath.Join(dir, part)); err == nil {
			size += info.Size()
		}
	}
	return size, nil
}
