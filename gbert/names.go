package gbert

import (
	"fmt"
	"strings"

	"bertlab/gbert/safetensors"
)

// WeightSpec describes one weight that a model of a given shape holds.
type WeightSpec struct {
	// Name is the Hugging Face name with the "bert." prefix, such as "bert.encoder.layer.0.attention.self.query.weight".
	Name string
	// Shape is the weight's shape.
	Shape []int
	// DType is the data type in which the weight is stored where that is part of its form; empty for floating-point numbers, which are
	// stored in the precision that [Model.Save] is told and are trained.
	DType safetensors.DType
	init  initKind
}

// normal is a weight that is drawn from a normal distribution in a fresh model, zero one that begins with zeros.
func normal(name string, shape ...int) WeightSpec { return WeightSpec{Name: name, Shape: shape} }

func zero(name string, shape ...int) WeightSpec {
	return WeightSpec{Name: name, Shape: shape, init: initZero}
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

// MapWeights are the weights in which a layer itself stores a linear map, its bias the last; none where the map is another layer's, or
// where nothing is left of it. Where all heads or neurons that it reads are gone, its bias is left.
func (c *Config) MapWeights(layer int, role Role) []WeightSpec {
	of := linearMap{c, layer, role}
	out, in := of.dims()
	switch bias := zero(BiasName(layer, role), out); {
	case c.Holder(layer, role) != layer, out == 0:
		return nil
	case in == 0:
		return []WeightSpec{bias}
	default:
		return append(of.form().weights(of), bias)
	}
}

func layerNormParameters(path string, width int) []WeightSpec {
	return []WeightSpec{{Name: path + ".weight", Shape: []int{width}, init: initOne}, zero(path+".bias", width)}
}

// normParameters are the weights of a layer's LayerNorm; one that is another layer's has none of its own.
func normParameters(c *Config, layer int, role Role) []WeightSpec {
	if c.Holder(layer, role) != layer {
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

// IsShared reports whether a weight belongs to maps of all layers, as a bank's do.
func IsShared(name string) bool {
	return strings.HasPrefix(name, "bert.encoder.") && !strings.HasPrefix(name, "bert.encoder.layer.")
}

// encoderParameters are the weights of embeddings and encoder, in the order of the computation.
func encoderParameters(c *Config) []WeightSpec {
	params := embeddingParameters(c)
	for _, form := range c.usedForms() {
		params = append(params, form.shared(c)...)
	}
	for l := range c.Layers {
		for _, role := range []Role{Query, Key, Value, AttentionOutput} {
			params = append(params, c.MapWeights(l, role)...)
		}
		params = append(params, normParameters(c, l, AttentionNorm)...)
		for _, role := range []Role{FFNIn, FFNOut} {
			params = append(params, c.MapWeights(l, role)...)
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
		normal(path+".weight", c.HiddenSize, c.HiddenSize),
		zero(path+".bias", c.HiddenSize),
	}
}

func classifierParameters(c *Config, labels int) []WeightSpec {
	return []WeightSpec{
		normal(classifierWeight, labels, c.HiddenSize),
		zero(classifierBias, labels),
	}
}

func spanParameters(c *Config) []WeightSpec {
	return []WeightSpec{normal(spanWeight, 2, c.HiddenSize), zero(spanBias, 2)}
}

func maskedLMParameters(c *Config) []WeightSpec {
	path, width := modulePath(0, TransformDense), c.embeddingWidth()
	params := []WeightSpec{
		normal(path+".weight", width, c.HiddenSize),
		zero(path+".bias", width),
	}
	params = append(params, layerNormParameters(transformNorm, width)...)
	if !c.tied() {
		params = append(params, normal(decoderWeight, c.VocabSize, width))
	}
	return append(params, zero(c.wordBias(), c.VocabSize))
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
