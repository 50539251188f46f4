package safetensors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bertlab/internal/files"
)

// The names under which Hugging Face folders hold a model's weights.
const (
	WeightsName = "model.safetensors"
	IndexName   = "model.safetensors.index.json"
)

// OpenFolder opens the weights of a Hugging Face model folder:
// model.safetensors, or else the shards that model.safetensors.index.json
// names, read as one file. Shards lie in the folder itself. A folder that only
// holds pytorch_model.bin gets an error with the lines of Python that convert
// it. The caller closes the file.
func OpenFolder(dir string) (*File, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("safetensors: model folder: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("safetensors: %s is not a folder: give the folder that holds %s", dir, WeightsName)
	}
	weights := filepath.Join(dir, WeightsName)
	switch there, err := exists(weights); {
	case err != nil:
		return nil, fmt.Errorf("safetensors: %w", err)
	case there:
		return Open(weights)
	}
	index := filepath.Join(dir, IndexName)
	switch there, err := exists(index); {
	case err != nil:
		return nil, fmt.Errorf("safetensors: %w", err)
	case there:
		return openShards(dir, index)
	}
	for _, name := range []string{"pytorch_model.bin", "pytorch_model.bin.index.json"} {
		if there, _ := exists(filepath.Join(dir, name)); there {
			return nil, fmt.Errorf("safetensors: %s holds PyTorch's own %s, which is not read here: convert it once with Python (packages torch, safetensors)\n\n%s", dir, name, conversion(dir))
		}
	}
	return nil, fmt.Errorf("safetensors: %w in %s: looked for %s, %s and pytorch_model.bin", ErrNoWeights, dir, WeightsName, IndexName)
}

// ErrNoWeights is the error of [OpenFolder] for a folder in which there are no weights.
var ErrNoWeights = errors.New("no weights")

// conversion returns Python that turns a folder's pytorch_model*.bin into
// model.safetensors. clone parts tensors that share memory, which the format
// does not allow.
func conversion(dir string) string {
	quoted, _ := json.Marshal(dir) // a JSON string is a Python string, too
	return strings.ReplaceAll(`	import glob, torch, safetensors.torch
	weights, folder = {}, DIR
	for file in sorted(glob.glob(glob.escape(folder) + "/pytorch_model*.bin")):
	    weights.update(torch.load(file, map_location="cpu", weights_only=True))
	weights = {name: tensor.clone().contiguous() for name, tensor in weights.items()}
	safetensors.torch.save_file(weights, folder + "/model.safetensors", {"format": "pt"})
`, "DIR", string(quoted))
}

// exists reports whether there is anything at path; a link that leads nowhere is something.
func exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// openShards opens the shards that the index file names and checks that each
// tensor stands in its shard.
func openShards(dir, index string) (*File, error) {
	weightMap, err := readIndex(index)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %s: %w", index, err)
	}
	shards := map[string]bool{}
	for _, tensor := range slices.Sorted(maps.Keys(weightMap)) {
		shard := weightMap[tensor]
		if shard != filepath.Base(shard) || !filepath.IsLocal(shard) || shard == "." || strings.ContainsAny(shard, `/\`) {
			return nil, fmt.Errorf("safetensors: %s: weight_map: %q lies in %q: want the name of a file in the same folder", index, tensor, shard)
		}
		shards[shard] = true
	}
	f := &File{tensors: map[string]Tensor{}, metadata: map[string]string{}}
	for _, shard := range slices.Sorted(maps.Keys(shards)) {
		path := filepath.Join(dir, shard)
		if err := f.add(path); err != nil {
			err = fmt.Errorf("%w (a shard that %s names)", err, index)
			return nil, errors.Join(err, f.Close())
		}
	}
	for _, tensor := range slices.Sorted(maps.Keys(weightMap)) {
		want := filepath.Join(dir, weightMap[tensor])
		switch t, ok := f.tensors[tensor]; {
		case !ok:
			return nil, errors.Join(fmt.Errorf("safetensors: %s: tensor %q is not in %s", index, tensor, want), f.Close())
		case t.path != want:
			return nil, errors.Join(fmt.Errorf("safetensors: %s: tensor %q should be in %s, it is in %s", index, tensor, want, t.path), f.Close())
		}
	}
	return f, nil
}

// maxIndex bounds an index of shards; that of a BERT has some ten kilobytes.
const maxIndex = 16 << 20

// readIndex returns the weight_map of an index file: tensor name → shard name.
func readIndex(path string) (map[string]string, error) {
	text, err := files.Read(path, maxIndex)
	if err != nil {
		return nil, err
	}
	var index struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&index); err != nil {
		return nil, fmt.Errorf("not an index of shards: %w", err)
	}
	if len(index.WeightMap) == 0 {
		return nil, errors.New("not an index of shards: weight_map is missing or empty")
	}
	return index.WeightMap, nil
}
