package gbert

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// albertShape is how an ALBERT divides its layers (Lan et al. 2020, arXiv:1909.11942; modeling_albert.py of transformers): it runs
// num_hidden_layers times one of its groups, and a group has inner_group_num layers with weights of their own. A group that runs
// again computes with the same weights.
type albertShape struct {
	runs, groups, inner int
}

// group is the group that runs at a place in the order, by the division of floating-point numbers that transformers makes.
func (a albertShape) group(run int) int {
	return int(float64(run) / (float64(a.runs) / float64(a.groups)))
}

// holder is the layer whose weights a layer has: the first that runs the same part of the same group.
func (a albertShape) holder(layer int) int {
	run := layer / a.inner
	for first := range run {
		if a.group(first) == a.group(run) {
			return first*a.inner + layer%a.inner
		}
	}
	return layer
}

// layers are the shapes of the layers of an ALBERT.
func (a albertShape) layers(c *Config) []LayerShape {
	layers := plainLayers(c)
	for l := range layers {
		if holder := a.holder(l); holder != l {
			layers[l].Forms = map[Role]Form{}
			for _, role := range TieRoles {
				layers[l].Forms[role] = Tied(holder)
			}
		}
	}
	return layers
}

// albert is how the model's layers are divided, if it is an ALBERT: embeddings as there, whole layers, shared as groups share.
func (c *Config) albert() (albertShape, bool) {
	if !c.Embedding.Projects() || c.Embedding.form().plain() != c.Embedding || len(c.Layers) == 0 {
		return albertShape{}, false
	}
	own := 0
	for l, shape := range c.Layers {
		if !shape.whole(c, l) {
			return albertShape{}, false
		}
		if len(shape.Forms) == 0 {
			own++
		}
	}
	for inner := 1; inner <= own; inner++ {
		if own%inner != 0 || len(c.Layers)%inner != 0 {
			continue
		}
		shape := albertShape{runs: len(c.Layers) / inner, groups: own / inner, inner: inner}
		if shape.groups <= shape.runs && shape.matches(c) {
			return shape, true
		}
	}
	return albertShape{}, false
}

// whole reports whether nothing of a layer is missing, and it is either dense or has another layer's weights throughout.
func (s LayerShape) whole(c *Config, number int) bool {
	if s.Origin != number || len(s.Heads) != c.NumAttentionHeads || s.IntermediateSize != c.IntermediateSize || s.Neurons != nil {
		return false
	}
	if len(s.Forms) == 0 {
		return true
	}
	holder := c.Holder(number, Query)
	return holder != number && !slices.ContainsFunc(TieRoles, func(role Role) bool { return c.Holder(number, role) != holder })
}

// matches reports whether the layers share their weights as the shape says.
func (a albertShape) matches(c *Config) bool {
	firsts := make([]int, a.groups) // of each group, the run
	for run := a.runs - 1; run >= 0; run-- {
		firsts[a.group(run)] = run
	}
	for l, shape := range c.Layers {
		holder := l
		if len(shape.Forms) > 0 {
			holder = c.Holder(l, Query)
		}
		if holder != firsts[a.group(l/a.inner)]*a.inner+l%a.inner {
			return false
		}
	}
	return true
}

// albertJSON are the keys of an ALBERT's config.json that a BERT's does not have.
type albertJSON struct {
	EmbeddingSize         *int     `json:"embedding_size,omitempty"`
	NumHiddenGroups       *int     `json:"num_hidden_groups,omitempty"`
	InnerGroupNum         *int     `json:"inner_group_num,omitempty"`
	ClassifierDropoutProb *float64 `json:"classifier_dropout_prob,omitempty"`
}

// albertKeys are the names of albertJSON.
var albertKeys = []string{"embedding_size", "num_hidden_groups", "inner_group_num", "classifier_dropout_prob"}

// setALBERT makes the configuration that of an ALBERT, with the defaults of transformers.
func (c *Config) setALBERT(raw *configJSON) error {
	if b := raw.Compression; b != nil && (len(b.Layers) > 0 || b.Embedding != nil) {
		return fmt.Errorf("model_type is \"albert\", and bertlab.layers or bertlab.embedding describe another model; a compressed ALBERT has the model_type \"bert\"")
	}
	shape := albertShape{runs: raw.NumHiddenLayers, groups: or(raw.NumHiddenGroups, 1), inner: or(raw.InnerGroupNum, 1)}
	switch {
	case shape.runs < 1 || shape.runs > maxLayers:
		return fmt.Errorf("num_hidden_layers is %d; in an ALBERT it must be between 1 and %d", shape.runs, maxLayers)
	case shape.groups < 1 || shape.groups > shape.runs:
		return fmt.Errorf("num_hidden_groups is %d; with %d layers it must be between 1 and %d", shape.groups, shape.runs, shape.runs)
	case shape.inner < 1 || shape.inner > maxLayers/shape.runs:
		return fmt.Errorf("inner_group_num is %d; with %d layers it must be between 1 and %d", shape.inner, shape.runs, maxLayers/shape.runs)
	}
	size := or(raw.EmbeddingSize, 128)
	if size < 1 || size > maxDimension {
		return fmt.Errorf("embedding_size is %d; it must be between 1 and %d", size, maxDimension)
	}
	c.Embedding = Projected(size)
	c.HiddenDropoutProb, c.AttentionProbsDropoutProb = or(raw.HiddenDropoutProb, 0), or(raw.AttentionProbsDropoutProb, 0)
	c.ClassifierDropout = or(raw.ClassifierDropoutProb, 0.1)
	if raw.HiddenAct == "" {
		c.HiddenAct = "gelu_new"
	}
	c.NumHiddenLayers = shape.runs * shape.inner
	c.file = &shape
	return nil
}

// marshalALBERT fills in what the configuration file of an ALBERT says otherwise than that of a BERT.
func (c *Config) marshalALBERT(set *configJSON, shape albertShape) {
	size, dropout := c.Embedding.Size(), c.ClassifierDropout
	if dropout < 0 {
		dropout = c.HiddenDropoutProb
	}
	set.ModelType, set.NumHiddenLayers, set.ClassifierDropout = "albert", shape.runs, nil
	set.albertJSON = albertJSON{EmbeddingSize: &size, NumHiddenGroups: &shape.groups, InnerGroupNum: &shape.inner, ClassifierDropoutProb: &dropout}
}

// albertNames are the beginnings of names here and in the file of an ALBERT.
var albertNames = []struct{ here, file string }{
	{"bert.embeddings.projection.", "albert.encoder.embedding_hidden_mapping_in."}, {"bert.embeddings.", "albert.embeddings."},
	{"bert.pooler.dense.", "albert.pooler."}, {"cls.predictions.transform.dense.", "predictions.dense."},
	{"cls.predictions.transform.LayerNorm.", "predictions.LayerNorm."}, {"cls.predictions.", "predictions."},
	{"cls.seq_relationship.", "sop_classifier."},
}

// albertRoles are the names of a layer's parts in the file of an ALBERT.
var albertRoles = map[Role]string{
	Query: "attention.query", Key: "attention.key", Value: "attention.value", AttentionOutput: "attention.dense", AttentionNorm: "attention.LayerNorm",
	FFNIn: "ffn", FFNOut: "ffn_output", OutputNorm: "full_layer_layer_norm",
}

const albertGroups = "albert.encoder.albert_layer_groups."

// here is the name of a weight here, for one in the file of an ALBERT; with or without the prefix "albert.". A name that no weight
// of this shape has stays as it is.
func (a albertShape) here(name string) string {
	full := strings.TrimPrefix(name, "module.")
	for _, part := range []string{"embeddings.", "encoder.", "pooler."} {
		if strings.HasPrefix(full, part) {
			full = "albert." + full
		}
	}
	if rest, ok := strings.CutPrefix(full, albertGroups); ok {
		group, rest, _ := strings.Cut(rest, ".albert_layers.")
		part, rest, _ := strings.Cut(rest, ".")
		g, j := number(group, a.groups), number(part, a.inner)
		dot := strings.LastIndexByte(rest, '.')
		if g < 0 || j < 0 || dot < 0 {
			return name
		}
		for role, path := range albertRoles {
			if path == rest[:dot] {
				return modulePath(a.first(g)*a.inner+j, role) + rest[dot:]
			}
		}
		return name
	}
	for _, beginning := range albertNames {
		if rest, ok := strings.CutPrefix(full, beginning.file); ok {
			return beginning.here + rest
		}
	}
	return name
}

// file is the name of a weight in the file of an ALBERT.
func (a albertShape) file(name string) string {
	if layer, rest, ok := CutLayer(name); ok {
		for role, path := range albertRoles {
			if ending, ok := strings.CutPrefix(name, modulePath(layer, role)+"."); ok {
				return fmt.Sprintf("%s%d.albert_layers.%d.%s.%s", albertGroups, a.group(layer/a.inner), layer%a.inner, path, ending)
			}
		}
		return rest
	}
	for _, beginning := range albertNames {
		if rest, ok := strings.CutPrefix(name, beginning.here); ok {
			return beginning.file + rest
		}
	}
	return name
}

// first is the run in which a group is used first.
func (a albertShape) first(group int) int {
	for run := range a.runs {
		if a.group(run) == group {
			return run
		}
	}
	return 0
}

// CutLayer takes an encoder layer's number from the name of one of its weights.
func CutLayer(name string) (layer int, rest string, ok bool) {
	numbered, found := strings.CutPrefix(name, "bert.encoder.layer.")
	digits, rest, _ := strings.Cut(numbered, ".")
	layer = number(digits, maxLayers)
	return layer, rest, found && layer >= 0
}

// number is what digits say, −1 if that is not one of 0…limit−1 in its usual form.
func number(digits string, limit int) int {
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || n >= limit || strconv.Itoa(n) != digits {
		return -1
	}
	return n
}
