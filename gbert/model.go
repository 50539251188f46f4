package gbert

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"

	"bertlab/gbert/safetensors"
	"bertlab/gbert/tokenizer"
)

// Model is a BERT on the host: its configuration and its weights by name. Weights read from a file stay mapped to it, so
// a Model costs little memory until its weights are used. Models are values: every operation returns a new one that shares
// the weights that it did not change.
type Model struct {
	// Config is the configuration. Change it only through a [Model.Clone].
	Config *Config
	// Tokenizer is the tokenizer of the folder that the model was loaded from; nil when there was none.
	Tokenizer *tokenizer.Tokenizer

	weights  map[string]safetensors.Tensor
	sentence map[string][]byte        // the files of an embedder, by their names in the folder; see IsEmbedder
	carried  map[string]carriedTensor // of its file, by their names here; see Carried
	file     *safetensors.File        // kept so that the mapping lives as long as the model
	bare     bool                     // the file's names had no "bert."
}

// New makes a model with fresh random weights: normal with the configuration's initializer range, LayerNorms at one and
// zero, biases zero. It has a pooler and no head. The same seed gives the same weights.
func New(config *Config, seed uint64) (*Model, error) {
	config = config.Clone()
	config.setHead(NoHead)
	if len(config.Layers) == 0 {
		config.Layers = plainLayers(config)
	}
	if err := config.validateSizes(); err != nil {
		return nil, fmt.Errorf("gbert: %w", err)
	}
	if err := config.validateLayers(); err != nil {
		return nil, fmt.Errorf("gbert: %w", err)
	}
	model := &Model{Config: config, weights: map[string]safetensors.Tensor{}}
	params := append(encoderParameters(config), poolerParameters(config)...)
	total := 0
	for _, p := range params {
		if total += p.Size(); total > maxFreshValues {
			return nil, fmt.Errorf("gbert: a model with vocab_size %d, hidden_size %d, %d layers and intermediate_size %d has more than %d values: that is no BERT", config.VocabSize, config.HiddenSize, config.NumHiddenLayers, config.IntermediateSize, maxFreshValues)
		}
	}
	model.initialize(params, seed)
	return model, nil
}

// maxFreshValues bounds what [New] allocates; the largest BERT has 0.34 · 10⁹ values.
const maxFreshValues = 1 << 33

// initialize draws fresh weights. Each weight has a random stream of its own, named by the weight, so that adding one does
// not change the others.
func (m *Model) initialize(params []WeightSpec, seed uint64) {
	for _, p := range params {
		values := make([]float32, p.Size())
		switch p.init {
		case initOne:
			for i := range values {
				values[i] = 1
			}
		case initNormal:
			rng := rand.New(rand.NewPCG(seed, hashName(p.Name)))
			for i := range values {
				values[i] = float32(rng.NormFloat64() * m.Config.InitializerRange)
			}
		}
		m.weights[p.Name] = safetensors.FromFloat32s(p.Name, p.Shape, values)
	}
}

// hashName is 64-bit FNV-1a.
func hashName(name string) uint64 {
	hash := uint64(14695981039346656037)
	for _, b := range []byte(name) {
		hash = (hash ^ uint64(b)) * 1099511628211
	}
	return hash
}

// HasPooler reports whether the model has the pooler: tanh of a dense map of [CLS].
func (m *Model) HasPooler() bool { return m.has("bert.pooler.dense.weight") }

// HasMaskedLM reports whether the model has the masked-language-model head.
func (m *Model) HasMaskedLM() bool { return m.Config.Head.predictsWords() }

func (m *Model) has(name string) bool { _, ok := m.weights[name]; return ok }

// Clone returns a copy whose configuration and set of weights can be changed; the values themselves are shared.
func (m *Model) Clone() *Model {
	clone := *m
	clone.Config = m.Config.Clone()
	clone.weights = maps.Clone(m.weights)
	clone.carried = maps.Clone(m.carried)
	return &clone
}

// Weights lists the weights that the model holds, in the order of the computation.
func (m *Model) Weights() []WeightSpec {
	params := encoderParameters(m.Config)
	head := m.Config.Head
	if head == SequenceHead || m.HasPooler() {
		params = append(params, poolerParameters(m.Config)...)
	}
	switch {
	case head.classifies():
		params = append(params, classifierParameters(m.Config, m.NumLabels())...)
	case head == SpanHead:
		params = append(params, spanParameters(m.Config)...)
	case head.predictsWords():
		params = append(params, maskedLMParameters(m.Config)...)
	}
	return params
}

// NumParameters counts the values of all weights; a tied weight counts once.
func (m *Model) NumParameters() int {
	total := 0
	for _, p := range m.Weights() {
		total += p.Size()
	}
	return total
}

// Weight returns a weight's values, row-major, and its shape. The values may be the model's own: they must not be changed. Those of
// a file are copied, so that they stay when the file does not. A weight that the model does not hold is an error that names it.
func (m *Model) Weight(name string) (values []float32, shape []int, err error) {
	tensor, ok := m.weights[name]
	if !ok {
		return nil, nil, fmt.Errorf("gbert: the model has no weight %q", name)
	}
	values, err = tensor.Copy()
	if err != nil {
		return nil, nil, fmt.Errorf("gbert: %s: %w", name, err)
	}
	return values, tensor.Shape, nil
}

// SetWeight replaces a weight in this model; use it on a [Model.Clone]. The model keeps the slice.
func (m *Model) SetWeight(name string, shape []int, values []float32) error {
	size := 1
	for _, dim := range shape {
		size *= dim
	}
	if size != len(values) {
		return fmt.Errorf("gbert: %s: shape %v holds %d values, not %d", name, shape, size, len(values))
	}
	m.weights[name] = safetensors.FromFloat32s(name, slices.Clone(shape), values)
	return nil
}

// RenameWeight gives a weight of this model another name, in place of any weight that has it; use it on a [Model.Clone]. The
// values are not copied. A weight that the model does not hold is left alone.
func (m *Model) RenameWeight(from, to string) {
	tensor, ok := m.weights[from]
	if !ok || from == to {
		return
	}
	tensor.Name = to
	m.weights[to] = tensor
	delete(m.weights, from)
}

// DeleteWeight removes a weight from this model; use it on a [Model.Clone].
func (m *Model) DeleteWeight(name string) { delete(m.weights, name) }

// Check reports whether every weight that the configuration asks for is there with the right shape.
func (m *Model) Check() error {
	if err := m.Config.validateSizes(); err != nil {
		return err
	}
	if err := m.Config.validateLayers(); err != nil {
		return err
	}
	var missing []string
	for _, p := range m.Weights() {
		tensor, ok := m.weights[p.Name]
		if !ok {
			missing = append(missing, p.Name)
			continue
		}
		if !slices.Equal(tensor.Shape, p.Shape) {
			return fmt.Errorf("%s has shape %v; the configuration asks for %v", p.Name, tensor.Shape, p.Shape)
		}
	}
	if len(missing) > 0 {
		shown := missing[:min(len(missing), 3)]
		return fmt.Errorf("%d of the model's weights are missing, among them %s", len(missing), strings.Join(shown, ", "))
	}
	return m.checkCarried()
}

// Fingerprint is a SHA-256, in hexadecimal, over the configuration, and the names, shapes and float32 values of all weights. Carried
// tensors do not count.
func (m *Model) Fingerprint() (string, error) {
	hash := sha256.New()
	config, err := json.Marshal(m.Config)
	if err != nil {
		return "", fmt.Errorf("gbert: %w", err)
	}
	hash.Write(config)
	for _, spec := range m.Weights() {
		tensor, ok := m.weights[spec.Name]
		if !ok {
			return "", fmt.Errorf("gbert: the model has no weight %q", spec.Name)
		}
		values, err := tensor.Float32s()
		if err != nil {
			return "", fmt.Errorf("gbert: %s: %w", spec.Name, err)
		}
		fmt.Fprintf(hash, "\n%s %v\n", spec.Name, tensor.Shape)
		err = tensor.Guard(func() error {
			_, err := hash.Write(safetensors.FromFloat32s(spec.Name, tensor.Shape, values).Data)
			return err
		})
		if err != nil {
			return "", fmt.Errorf("gbert: %s: %w", spec.Name, err)
		}
		tensor.Release()
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// Upload copies a weight to the first device of a backend as float32. One that is not finite is an error.
func (m *Model) Upload(backend compute.Backend, name string) (*tensors.Tensor, error) {
	return m.UploadTo(backend, 0, name)
}

// UploadTo is [Model.Upload] to any device.
func (m *Model) UploadTo(backend compute.Backend, device compute.DeviceNum, name string) (*tensors.Tensor, error) {
	tensor, ok := m.weights[name]
	if !ok {
		return nil, fmt.Errorf("gbert: the model has no weight %q", name)
	}
	uploaded, err := upload(backend, device, tensor)
	if err != nil {
		return nil, fmt.Errorf("gbert: %w", err)
	}
	return uploaded, nil
}
