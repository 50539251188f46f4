package safetensors

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/edsrzf/mmap-go"

	"bertlab/internal/files"
)

// A File is a mapped safetensors file, or several that were opened together as
// the shards of one model. It may be read by several goroutines at once.
type File struct {
	maps     []mmap.MMap
	names    []string
	tensors  map[string]Tensor
	metadata map[string]string
}

// Open maps the file at path and checks its header. The caller closes the file.
func Open(path string) (*File, error) {
	f := &File{tensors: map[string]Tensor{}, metadata: map[string]string{}}
	if err := f.add(path); err != nil {
		return nil, err
	}
	return f, nil
}

// add maps the file at path and takes over its tensors and metadata.
func (f *File) add(path string) error {
	mapped, err := mapFile(path)
	if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	if len(mapped) > 0 {
		f.maps = append(f.maps, mapped)
	}
	var (
		entries  []entry
		metadata map[string]string
		start    int64
	)
	err = guard(path, func() error {
		entries, metadata, start, err = parse(mapped)
		return err
	})
	if err != nil {
		return errors.Join(fmt.Errorf("safetensors: %s: %w", path, err), f.Close())
	}
	for _, e := range entries {
		if other, ok := f.tensors[e.name]; ok {
			return errors.Join(fmt.Errorf("safetensors: tensor %q stands in both %s and %s", e.name, other.path, path), f.Close())
		}
		f.names = append(f.names, e.name)
		f.tensors[e.name] = Tensor{
			Name: e.name, DType: e.dtype, Shape: e.shape, path: path,
			Data: mapped[start+e.begin : start+e.end : start+e.end],
		}
	}
	for key, value := range metadata {
		if _, ok := f.metadata[key]; !ok {
			f.metadata[key] = value
		}
	}
	return nil
}

// mapFile maps a regular file for reading; an empty one gives nil.
func mapFile(path string) (mmap.MMap, error) {
	file, err := files.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	// The mapping keeps the file open by itself; an empty one cannot be mapped.
	if info, err := file.Stat(); err != nil || info.Size() == 0 {
		return nil, err
	}
	mapped, err := mmap.Map(file, mmap.RDONLY, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot be mapped into memory: %w", path, err)
	}
	return mapped, nil
}

// Names returns the names of the tensors in the order of their bytes, for
// shards in the order of the shards' names.
func (f *File) Names() []string { return slices.Clone(f.names) }

// Tensor returns the tensor of that name, and whether there is one.
func (f *File) Tensor(name string) (Tensor, bool) {
	t, ok := f.tensors[name]
	t.Shape = slices.Clone(t.Shape)
	return t, ok
}

// Metadata returns a copy of the header's free-form strings, such as
// "format": "pt". Of shards that disagree the first one's value counts.
func (f *File) Metadata() map[string]string { return maps.Clone(f.metadata) }

// Close unmaps the file. No tensor of it, and no view of one, may be used
// afterwards. Closing again does nothing.
func (f *File) Close() error {
	var errs []error
	for _, mapped := range f.maps {
		errs = append(errs, mapped.Unmap())
	}
	f.maps, f.names = nil, nil
	clear(f.tensors)
	return errors.Join(errs...)
}
