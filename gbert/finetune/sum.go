package finetune

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bertlab/gbert/safetensors"
)

// sumKey is where the metadata of a checkpoint's file hold the SHA-256 of all else that it says.
const sumKey = "sha256"

// writeSummed writes a file of float32 tensors whose metadata hold the sum of the rest.
func writeSummed(path string, entries []safetensors.Entry, metadata map[string]string) error {
	sum := beginSum(metadata)
	ordered := slices.Clone(entries)
	slices.SortFunc(ordered, func(a, b safetensors.Entry) int { return strings.Compare(a.Name, b.Name) })
	for _, e := range ordered {
		addToSum(sum, e.Name, e.Shape, e.Values)
	}
	summed := maps.Clone(metadata)
	if summed == nil {
		summed = map[string]string{}
	}
	summed[sumKey] = hex.EncodeToString(sum.Sum(nil))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { // another run that computed the same has removed it
		return err
	}
	return safetensors.Write(path, entries, summed)
}

// verifySum reports a file whose bytes are not those that [writeSummed] wrote.
func verifySum(file *safetensors.File) error {
	metadata := file.Metadata()
	want, ok := metadata[sumKey]
	if !ok {
		return errors.New("it has no sum of its bytes, so it is from an older version of this program, with which the run can go on")
	}
	delete(metadata, sumKey)
	sum := beginSum(metadata)
	names := file.Names()
	slices.Sort(names)
	for _, name := range names {
		tensor, _ := file.Tensor(name)
		values, err := tensor.Float32s()
		if err != nil {
			return err
		}
		if err := tensor.Guard(func() error { addToSum(sum, name, tensor.Shape, values); return nil }); err != nil {
			return err
		}
		tensor.Release()
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		return fmt.Errorf("it is damaged: its bytes have the SHA-256 %s, and %s was written", got, want)
	}
	return nil
}

func beginSum(metadata map[string]string) hash.Hash {
	sum := sha256.New()
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		fmt.Fprintf(sum, "%q %q\n", key, metadata[key])
	}
	return sum
}

func addToSum(sum hash.Hash, name string, shape []int, values []float32) {
	fmt.Fprintf(sum, "%q %v\n", name, shape)
	sum.Write(safetensors.FromFloat32s(name, shape, values).Data)
}
