package gbert

import (
	"fmt"
	"strings"
)

// WeightSpec describes one weight that a model of a given shape holds.
type WeightSpec struct {
	// Name is the Hugging Face name with the "bert." prefix, such as "bert.encoder.layer.0.attention.self.query.weight".
	Name string
	// Shape is the weight's shape.
	Shape []int
	init  initKind
}

type initKind int

const (
	initNormal initKind = iota // N(0, initializer_range²)
	initZero
	initOne
)

// Decays reports whether AdamW's weight decay applies: not to biases and LayerNorm weights.
func (p WeightSpec) Decays() bool {
	return !strings.HasSuffix(p.Name, ".bias") && !strings.Contains(p.Name, "LayerNorm")
}

// Size is the number of values.
func (p WeightSpec) Size() int {
	size := 1
	for _, dim := range p.Shape {
		size *= dim
	}
	return size
}

// LayerPrefix is the name of an encoder layer's weights up to the layer number and the dot.
func LayerPrefix(layer int) string { return fmt.Sprintf("bert.encoder.layer.%d.", layer) }

// modulePath is the name of a linear map without ".weight" and ".bias".
func modulePath(layer int, role Role) string {
	prefix := LayerPrefix(layer)
	switch role {
	case Query, Key, Value:
		return prefix + "attention.self." + string(role)
	case AttentionOutput:
		return prefix + "attention.output.dense"
	case FFNIn:
		return prefix + "intermediate.dense"
	case FFNOut:
		return prefix + "output.dense"
	case AttentionNorm:
		return prefix + "attention.output.LayerNorm"
	case OutputNorm:
		return prefix + "output.LayerNorm"
	case PoolerDense:
		return "bert.pooler.dense"
	case ClassifierDense:
		return "classifier"
	case SpanDense:
		return "qa_outputs"
	case TransformDense:
		return "cls.predictions.transform.dense"
	}
	panic(fmt.Sprintf("gbert: unknown role %q", role))
}

// WeightName is the name of the dense weight [out, in] of a layer's linear map, and of the scale [hidden] of a LayerNorm.
func WeightName(layer int, role Role) string { return modulePath(layer, role) + ".weight" }

// BiasName is the name of the bias [out] of a layer's linear map, and of the shift [hidden] of a LayerNorm.
func BiasName(layer int, role Role) string { return modulePath(layer, role) + ".bias" }

// FactorNames are the names of U [out, rank] and V [rank, in] of a factored map W = U·V.
func FactorNames(layer int, role Role) (u, v string) {
	path := modulePath(layer, role)
	return path + ".weight_u", path + ".weight_v"
}

func linearParameters(c *Config, layer int, role Role) []WeightSpec {
	out, in := c.linearDims(layer, role)
	bias := WeightSpec{BiasName(layer, role), []int{out}, initZero}
	switch form := c.Layers[layer].Form(role); {
	case form.Kind == Tied, out == 0:
		return nil
	case in == 0: // all heads or neurons are gone: what is left of the map is its bias
		return []WeightSpec{bias}
	case form.Kind == Factored:
		u, v := FactorNames(layer, role)
		return []WeightSpec{{u, []int{out, form.Rank}, initNormal}, {v, []int{form.Rank, in}, initNormal}, bias}
	case form.Kind == Banked:
		return []WeightSpec{{SlicesName(layer, role), c.Bank.shape(form.Slices), initNormal}, bias}
	default:
		return []WeightSpec{{WeightName(layer, role), []int{out, in}, initNormal}, bias}
	}
}

func layerNormParameters(path string, width int) []WeightSpec {
	return []WeightSpec{{path + ".weight", []int{width}, initOne}, {path + ".bias", []int{width}, initZero}}
}

// normParameters are the weights of a layer's LayerNorm; a tied one has none of its own.
func normParameters(c *Config, layer int, role Role) []WeightSpec {
	if c.Layers[layer].Form(role).Kind == Tied {
		return nil
	}
	return layerNormParameters(modulePath(layer, role), c.HiddenSize)
}

const (
	wordEmbeddings     = "bert.embeddings.word_embeddings.weight"
	positionEmbeddings = "bert.embeddings.position_embeddings.weight"
	typeEmbeddings     = "bert.embeddings.token_type_embeddings.weight"
	embeddingsNorm     = "bert.embeddings.LayerNorm"
	transformNorm      = "cls.predictions.transform.LayerNorm"
	predictionBias     = "cls.predictions.bias"
	decoderWeight      = "cls.predictions.decoder.weight" // the word embeddings again, unless the decoder is one of its own
	decoderBias        = "cls.predictions.decoder.bias"   // predictionBias again
	seqRelationship    = "cls.seq_relationship."          // an ALBERT has a module more
	classifierWeight   = "classifier.weight"
	classifierBias     = "classifier.bias"
	spanWeight         = "qa_outputs.weight"
	spanBias           = "qa_outputs.bias"
)

// IsEmbedding reports whether a weight belongs to the embeddings.
func IsEmbedding(name string) bool { return strings.HasPrefix(name, "bert.embeddings.") }

// encoderParameters are the weights of embeddings and encoder, in the order of the computation.
func encoderParameters(c *Config) []WeightSpec {
	params := embeddingParameters(c)
	if c.UsesBank() {
		params = append(params, c.Bank.parameters(c.HiddenSize)...)
	}
	for l := range c.Layers {
		for _, role := range []Role{Query, Key, Value, AttentionOutput} {
			params = append(params, linearParameters(c, l, role)...)
		}
		params = append(params, normParameters(c, l, AttentionNorm)...)
		for _, role := range []Role{FFNIn, FFNOut} {
			params = append(params, linearParameters(c, l, role)...)
		}
		params = append(params, normParameters(c, l, OutputNorm)...)
	}
	return params
}

// Weights lists the weights of a model of this shape, with a pooler and without a head, in the order of the computation.
func (c *Config) Weights() []WeightSpec { return append(encoderParameters(c), poolerParameters(c)...) }

func poolerParameters(c *Config) []WeightSpec {
	path := modulePath(0, PoolerDense)
	return []WeightSpec{
		{path + ".weight", []int{c.HiddenSize, c.HiddenSize}, initNormal},
		{path + ".bias", []int{c.HiddenSize}, initZero},
	}
}

func classifierParameters(c *Config, labels int) []WeightSpec {
	return []WeightSpec{
		{classifierWeight, []int{labels, c.HiddenSize}, initNormal},
		{classifierBias, []int{labels}, initZero},
	}
}

func spanParameters(c *Config) []WeightSpec {
	return []WeightSpec{{spanWeight, []int{2, c.HiddenSize}, initNormal}, {spanBias, []int{2}, initZero}}
}

func maskedLMParameters(c *Config) []WeightSpec {
	path, width := modulePath(0, TransformDense), c.embeddingWidth()
	params := []WeightSpec{
		{path + ".weight", []int{width, c.HiddenSize}, initNormal},
		{path + ".bias", []int{width}, initZero},
	}
	params = append(params, layerNormParameters(transformNorm, width)...)
	if !c.tied() {
		params = append(params, WeightSpec{decoderWeight, []int{c.VocabSize, width}, initNormal})
	}
	return append(params, WeightSpec{c.wordBias(), []int{c.VocabSize}, initZero})
}

// wordBias is the name of the bias of the masked-language-model head's decoder. transformers has two that are one where the decoder
// is tied; else the other is not computed with.
func (c *Config) wordBias() string {
	if c.tied() {
		return predictionBias
	}
	return decoderBias
}

// CanonicalName is the name here of a weight that the model's own checkpoint may call otherwise: without "bert.", with gamma and
// beta for a LayerNorm's weight and bias, or as an ALBERT.
func (c *Config) CanonicalName(name string) string {
	if c.file != nil {
		name = c.file.here(name)
	}
	name = normName(strings.TrimPrefix(name, "module."))
	for _, part := range []string{"embeddings.", "encoder.", "pooler."} {
		if strings.HasPrefix(name, part) {
			return "bert." + name
		}
	}
	return name
}

// normName maps gamma and beta, which old checkpoints call the weight and the bias of a LayerNorm.
func normName(name string) string {
	if rest, ok := strings.CutSuffix(name, "LayerNorm.gamma"); ok {
		return rest + "LayerNorm.weight"
	}
	if rest, ok := strings.CutSuffix(name, "LayerNorm.beta"); ok {
		return rest + "LayerNorm.bias"
	}
	return name
}

// isBuffer reports whether a tensor holds what follows from the configuration alone: 0, 1, 2, … and zeros.
func isBuffer(name string) bool {
	return name == "bert.embeddings.position_ids" || name == "bert.embeddings.token_type_ids"
}
