package gbert

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"reflect"
	"slices"

	"bertlab/gbert/saves"
	"bertlab/internal/files"
)

// Config is a Hugging Face BERT configuration (config.json), plus the shape of a compressed model. An ALBERT is a BERT with
// [Projected] embeddings and tied layers.
//
// Keys of config.json that bertlab does not use are kept as they were and written back by [Model.Save].
type Config struct {
	// VocabSize is the number of rows of the word embedding table.
	VocabSize int
	// HiddenSize is the width D of every hidden state.
	HiddenSize int
	// NumHiddenLayers is the number of encoder layers L that the model has now.
	NumHiddenLayers int
	// NumAttentionHeads is the number of heads H of an uncompressed layer; a head is HiddenSize/NumAttentionHeads wide.
	NumAttentionHeads int
	// IntermediateSize is the width of an uncompressed layer's feed-forward network.
	IntermediateSize int
	// HiddenAct is the activation of the feed-forward network and of the masked-language-model head; see [Activations].
	HiddenAct string
	// HiddenDropoutProb is the dropout probability of embeddings, attention output and feed-forward output in training.
	HiddenDropoutProb float64
	// AttentionProbsDropoutProb is the dropout probability of the attention probabilities in training.
	AttentionProbsDropoutProb float64
	// ClassifierDropout is the dropout probability before the classifier; negative means HiddenDropoutProb.
	ClassifierDropout float64
	// MaxPositionEmbeddings is the longest sequence, special tokens included.
	MaxPositionEmbeddings int
	// TypeVocabSize is the number of token types (segments).
	TypeVocabSize int
	// InitializerRange is the standard deviation of freshly initialised weights.
	InitializerRange float64
	// LayerNormEps is the epsilon of every LayerNorm.
	LayerNormEps float64
	// PadTokenID is the id of [PAD].
	PadTokenID int
	// Labels are the names of the classes, in order of their logits; empty when the file names none.
	Labels []string
	// ProblemType is what the head's outputs mean where it classifies texts: [SingleLabel], [MultiLabel] or [Regression]; empty where
	// the file does not say.
	ProblemType string
	// Head is the head that the model computes: what the file's "architectures" say, and its tensors bear out.
	Head Head

	// Embedding is the form of the embeddings. The zero value is that of BERT: tables of the hidden size.
	Embedding EmbeddingForm
	// Layers is the shape of each layer, len NumHiddenLayers. An uncompressed layer keeps all heads.
	Layers []LayerShape
	// Bank is what the banked maps of the layers share; zero without any.
	Bank Bank
	// History lists the operations that led from the pretrained model to this one, oldest first.
	History []Operation

	// Notes say how the file that the configuration was read with was taken, where it can be taken otherwise.
	Notes []string

	extra    map[string]json.RawMessage
	unstated []string     // sizes that the file does not state, with what was taken for them
	pruned   bool         // the file has pruned_heads
	file     *albertShape // how the file that the configuration was read with names its weights; nil: as a BERT
}

// The values of problem_type in a configuration, as in transformers.
const (
	SingleLabel = "single_label_classification" // one class an example: softmax
	MultiLabel  = "multi_label_classification"  // any number of classes an example: a sigmoid each
	Regression  = "regression"                  // numbers
)

// HeadSize is the width of one attention head: HiddenSize / NumAttentionHeads.
func (c *Config) HeadSize() int { return c.HiddenSize / c.NumAttentionHeads }

// tied reports whether the masked-language-model head decodes with the word embeddings, as BERT does.
func (c *Config) tied() bool {
	return string(bytes.TrimSpace(c.extra["tie_word_embeddings"])) != "false"
}

// configJSON are the keys of config.json that bertlab reads and writes.
type configJSON struct {
	ModelType                 string           `json:"model_type"`
	VocabSize                 int              `json:"vocab_size"`
	HiddenSize                int              `json:"hidden_size"`
	NumHiddenLayers           int              `json:"num_hidden_layers"`
	NumAttentionHeads         int              `json:"num_attention_heads"`
	IntermediateSize          int              `json:"intermediate_size"`
	HiddenAct                 string           `json:"hidden_act"`
	HiddenDropoutProb         *float64         `json:"hidden_dropout_prob"`
	AttentionProbsDropoutProb *float64         `json:"attention_probs_dropout_prob"`
	ClassifierDropout         *float64         `json:"classifier_dropout"`
	MaxPositionEmbeddings     int              `json:"max_position_embeddings"`
	TypeVocabSize             int              `json:"type_vocab_size"`
	InitializerRange          *float64         `json:"initializer_range"`
	LayerNormEps              *float64         `json:"layer_norm_eps"`
	PadTokenID                *int             `json:"pad_token_id,omitempty"`
	ProblemType               string           `json:"problem_type,omitempty"`
	PositionEmbeddingType     string           `json:"position_embedding_type,omitempty"`
	IsDecoder                 bool             `json:"is_decoder,omitempty"`
	Compression               *compressionJSON `json:"bertlab,omitempty"`
	albertJSON
}

type compressionJSON struct {
	Version int `json:"version"`
	// Embedding is left out where the embeddings are BERT's.
	Embedding *EmbeddingForm `json:"embedding,omitempty"`
	Layers    []LayerShape   `json:"layers,omitempty"`
	Bank      Bank           `json:"bank,omitzero"`
	History   []Operation    `json:"history,omitempty"`
}

const (
	configName         = "config.json"
	compressionVersion = 1
	maxConfigBytes     = 16 << 20
	maxLayers          = 1024
	maxDimension       = 1 << 24
	maxHeads           = 1 << 20 // of all layers; the largest ALBERT has 768
)

// ReadConfig reads config.json from a model folder. A save into it that was killed while it put its files in place is finished first.
func ReadConfig(dir string) (*Config, error) {
	if err := saves.Finish(dir); err != nil {
		return nil, fmt.Errorf("gbert: %s: %w", dir, err)
	}
	return readConfig(dir)
}

// readConfig reads config.json as it is.
func readConfig(dir string) (*Config, error) {
	path := filepath.Join(dir, configName)
	data, err := files.Read(path, maxConfigBytes)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("gbert: %s: there is no config.json here; a Hugging Face model folder holds config.json, model.safetensors and vocab.txt or tokenizer.json: %w", dir, err)
		}
		return nil, fmt.Errorf("gbert: %w", err)
	}
	config, err := ParseConfig(data)
	if err != nil {
		return nil, fmt.Errorf("gbert: %s: %w", path, err)
	}
	return config, nil
}

// ParseConfig reads a configuration from the text of a config.json. It rejects other models than BERT and ALBERT, and values that
// cannot belong together.
func ParseConfig(data []byte) (*Config, error) {
	document, err := parseDocument(data)
	if err != nil {
		return nil, err
	}
	var raw configJSON
	if err := document.decode(reflect.ValueOf(&raw).Elem()); err != nil {
		return nil, err
	}
	if raw.ModelType != "bert" && raw.ModelType != "albert" {
		return nil, fmt.Errorf("model_type is %q; supported are \"bert\" and \"albert\"", raw.ModelType)
	}
	switch raw.PositionEmbeddingType {
	case "", "absolute":
	default:
		return nil, fmt.Errorf("position_embedding_type is %q; supported is \"absolute\"", raw.PositionEmbeddingType)
	}
	if value, ok := document.values["tie_word_embeddings"]; ok && !slices.Contains([]string{"true", "false", "null"}, string(value)) {
		return nil, fmt.Errorf("tie_word_embeddings is %s; it must be true or false", excerpt(value))
	}
	if raw.IsDecoder {
		return nil, errors.New("is_decoder is true; bertlab supports encoders only")
	}
	missing := document.fillIn(&raw)
	config := &Config{
		VocabSize: raw.VocabSize, HiddenSize: raw.HiddenSize, NumHiddenLayers: raw.NumHiddenLayers,
		NumAttentionHeads: raw.NumAttentionHeads, IntermediateSize: raw.IntermediateSize, HiddenAct: raw.HiddenAct,
		HiddenDropoutProb: or(raw.HiddenDropoutProb, 0.1), AttentionProbsDropoutProb: or(raw.AttentionProbsDropoutProb, 0.1),
		ClassifierDropout: or(raw.ClassifierDropout, -1), MaxPositionEmbeddings: raw.MaxPositionEmbeddings,
		TypeVocabSize: raw.TypeVocabSize, InitializerRange: or(raw.InitializerRange, 0.02),
		LayerNormEps: or(raw.LayerNormEps, 1e-12), PadTokenID: or(raw.PadTokenID, 0),
		extra: document.values, unstated: missing,
	}
	if config.HiddenAct == "" {
		config.HiddenAct = "gelu"
	}
	if raw.ModelType == "albert" {
		if err := config.setALBERT(&raw); err != nil {
			return nil, err
		}
	}
	if config.Labels, config.Notes, err = readLabels(document); err != nil {
		return nil, err
	}
	switch config.ProblemType = raw.ProblemType; raw.ProblemType {
	case "", SingleLabel, MultiLabel, Regression:
	default:
		return nil, fmt.Errorf("problem_type is %q; transformers has %q, %q and %q", raw.ProblemType, SingleLabel, MultiLabel, Regression)
	}
	if n := config.PadTokenID; n < 0 && n >= -config.VocabSize { // torch counts from the end; padding is masked, whatever it is
		config.PadTokenID = 0
	}
	if err := config.validateSizes(); err != nil {
		return nil, err
	}
	if raw.Compression != nil {
		if v := raw.Compression.Version; v != compressionVersion {
			return nil, fmt.Errorf("bertlab.version is %d; this program reads version %d", v, compressionVersion)
		}
		config.Layers, config.Bank, config.History = raw.Compression.Layers, raw.Compression.Bank, raw.Compression.History
		config.Embedding = or(raw.Compression.Embedding, config.Embedding)
	}
	if config.file != nil {
		config.Layers = config.file.layers(config)
	}
	if config.Embedding.Projects() && config.ClassifierDropout < 0 {
		config.ClassifierDropout = config.HiddenDropoutProb // what it means; an ALBERT's file has a number
	}
	if len(config.Layers) == 0 {
		config.Layers = plainLayers(config)
	}
	if err := config.readPrunedHeads(raw.Compression); err != nil {
		return nil, err
	}
	if err := config.validateLayers(); err != nil {
		return nil, err
	}
	if !config.UsesBank() { // it has no weights, and is not written either
		config.Bank = Bank{}
	}
	config.Head = config.declaredHead()
	return config, nil
}

// MarshalJSON writes the configuration as the text of a config.json, unknown keys included.
func (c *Config) MarshalJSON() ([]byte, error) {
	fields := map[string]any{}
	for key, value := range c.extra {
		fields[key] = value
	}
	set := configJSON{
		ModelType: "bert", VocabSize: c.VocabSize, HiddenSize: c.HiddenSize, NumHiddenLayers: c.NumHiddenLayers,
		NumAttentionHeads: c.NumAttentionHeads, IntermediateSize: c.IntermediateSize, HiddenAct: c.HiddenAct,
		HiddenDropoutProb: &c.HiddenDropoutProb, AttentionProbsDropoutProb: &c.AttentionProbsDropoutProb,
		MaxPositionEmbeddings: c.MaxPositionEmbeddings, TypeVocabSize: c.TypeVocabSize,
		InitializerRange: &c.InitializerRange, LayerNormEps: &c.LayerNormEps, PadTokenID: &c.PadTokenID,
	}
	if set.ProblemType = c.ProblemType; !isNull(c.extra["problem_type"]) {
		delete(fields, "problem_type")
	}
	if c.ClassifierDropout >= 0 {
		set.ClassifierDropout = &c.ClassifierDropout
	}
	if c.Embedding.Projects() {
		for _, key := range albertKeys {
			delete(fields, key)
		}
		delete(fields, "classifier_dropout")
	}
	if shape, ok := c.albert(); ok {
		c.marshalALBERT(&set, shape)
	}
	c.writeLabels(fields)
	if stated := c.extra["pad_token_id"]; c.PadTokenID == 0 && (isNull(stated) || bytes.HasPrefix(stated, []byte("-"))) {
		set.PadTokenID = nil // stays as it is stated
	}
	delete(fields, "bertlab")
	if !c.IsPlain() || len(c.History) > 0 {
		set.Compression = &compressionJSON{Version: compressionVersion, History: c.History}
		if !c.IsPlain() {
			set.Compression.Layers = c.Layers
			if !c.Embedding.IsPlain() {
				set.Compression.Embedding = &c.Embedding
			}
		}
		if c.UsesBank() {
			set.Compression.Bank = c.Bank
		}
	}
	encoded, err := json.Marshal(set)
	if err != nil {
		return nil, err
	}
	var known map[string]json.RawMessage
	if err := json.Unmarshal(encoded, &known); err != nil {
		return nil, err
	}
	for key, value := range known {
		fields[key] = value
	}
	return json.Marshal(fields)
}

// Clone returns a deep copy.
func (c *Config) Clone() *Config {
	clone := *c
	clone.Labels = slices.Clone(c.Labels)
	clone.Layers = make([]LayerShape, len(c.Layers))
	for i, layer := range c.Layers {
		clone.Layers[i] = layer.clone()
	}
	clone.History, clone.Notes = slices.Clone(c.History), slices.Clone(c.Notes)
	clone.extra = maps.Clone(c.extra)
	return &clone
}

func (c *Config) validateSizes() error {
	for _, field := range []struct {
		name  string
		value int
	}{
		{"vocab_size", c.VocabSize}, {"hidden_size", c.HiddenSize}, {"num_attention_heads", c.NumAttentionHeads},
		{"intermediate_size", c.IntermediateSize}, {"max_position_embeddings", c.MaxPositionEmbeddings},
		{"type_vocab_size", c.TypeVocabSize},
	} {
		if field.value <= 0 || field.value > maxDimension {
			return fmt.Errorf("%s is %d; it must be between 1 and %d", field.name, field.value, maxDimension)
		}
	}
	if c.NumHiddenLayers < 0 || c.NumHiddenLayers > maxLayers {
		return fmt.Errorf("num_hidden_layers is %d; it must be between 0 and %d", c.NumHiddenLayers, maxLayers)
	}
	if c.HiddenSize%c.NumAttentionHeads != 0 {
		return fmt.Errorf("hidden_size %d is not a multiple of num_attention_heads %d; the nearest that divide it are %v", c.HiddenSize, c.NumAttentionHeads, divisorsNear(c.HiddenSize, c.NumAttentionHeads))
	}
	if most := maxHeads / max(c.NumHiddenLayers, 1); c.NumAttentionHeads > most {
		return fmt.Errorf("num_attention_heads is %d; with %d layers it must be between 1 and %d", c.NumAttentionHeads, c.NumHiddenLayers, most)
	}
	for _, field := range []struct {
		name  string
		value float64
	}{
		{"hidden_dropout_prob", c.HiddenDropoutProb}, {"attention_probs_dropout_prob", c.AttentionProbsDropoutProb},
		{"classifier_dropout", max(c.ClassifierDropout, 0)},
	} {
		if !(field.value >= 0 && field.value < 1) {
			return fmt.Errorf("%s is %g; it must be at least 0 and below 1", field.name, field.value)
		}
	}
	if !(c.LayerNormEps >= 0 && c.LayerNormEps < 1) {
		return fmt.Errorf("layer_norm_eps is %g; it must be at least 0 and below 1", c.LayerNormEps)
	}
	if c.PadTokenID < 0 || c.PadTokenID >= c.VocabSize {
		return fmt.Errorf("pad_token_id is %d; the vocabulary has ids 0…%d", c.PadTokenID, c.VocabSize-1)
	}
	return checkActivation(c.HiddenAct)
}

// divisorsNear are the divisors of n next below and above one that is none.
func divisorsNear(n, one int) []int {
	below, above := min(one, n), one
	for n%below != 0 {
		below--
	}
	for above < n && n%above != 0 {
		above++
	}
	if above > n {
		return []int{below}
	}
	return []int{below, above}
}

// describeJSONError adds the line to the errors of encoding/json that know an offset.
func describeJSONError(data []byte, err error) error {
	offset := int64(-1)
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &mismatch):
		offset = mismatch.Offset
	}
	if offset < 0 || offset > int64(len(data)) {
		return fmt.Errorf("not a valid JSON configuration: %w", err)
	}
	return fmt.Errorf("line %d: not a valid JSON configuration: %w", 1+bytes.Count(data[:offset], []byte("\n")), err)
}

func or[T any](value *T, otherwise T) T {
	if value == nil {
		return otherwise
	}
	return *value
}
