package gbert

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// transformWeight shows that a file has a masked-language-model head.
const transformWeight = "cls.predictions.transform.dense.weight"

// settleHead decides which head a model has, by the architecture that its configuration names and the tensors of its file, by their
// names here. A configuration that names no head, or one that is not there, leaves it to the tensors.
func (m *Model) settleHead(found map[string]storedWeight) error {
	c := m.Config
	declared := c.declaredHead()
	if c.Head = declared; declared == NoHead || declared == OwnHead || !declared.isIn(found) {
		c.Head = c.headIn(found, declared == OwnHead)
	}
	if c.Head.predictsWords() {
		c.settleDecoder(found)
	}
	if !c.Head.PerToken() {
		for _, spec := range poolerParameters(c) {
			if weight, ok := found[spec.Name]; ok {
				m.weights[spec.Name] = weight.tensor
			}
		}
	}
	if c.Head.classifies() {
		classifier := found[classifierWeight].tensor
		if len(classifier.Shape) != 2 || classifier.Shape[0] < 1 {
			return fmt.Errorf("classifier.weight has shape %v; it must be [labels, %d]", classifier.Shape, c.HiddenSize)
		}
		m.weights[classifierWeight] = classifier // its rows are the labels
	}
	return nil
}

// isIn reports whether the tensors of a head are in a file.
func (h Head) isIn(found map[string]storedWeight) bool {
	has := func(name string) bool { _, ok := found[name]; return ok }
	switch h {
	case SequenceHead, TokenHead, MultipleChoiceHead:
		return has(classifierWeight)
	case SpanHead:
		return has(spanWeight)
	case MaskedLMHead, PretrainingHead:
		return has(transformWeight) && (has(predictionBias) || has(decoderBias))
	case NextSentenceHead:
		return hasPrefix(found, seqRelationship)
	}
	return false
}

// headIn is the head that a file's tensors are. In a model of somebody's own class, those whose shape is not that of transformers' head
// of that name are a head of its own.
func (c *Config) headIn(found map[string]storedWeight, own bool) Head {
	pooler := hasPrefix(found, modulePath(0, PoolerDense))
	fits := func(weight, bias string) bool {
		w, b := found[weight].tensor.Shape, found[bias].tensor.Shape
		return !own || len(w) == 2 && w[1] == c.HiddenSize && slices.Equal(b, w[:1])
	}
	switch {
	case SequenceHead.isIn(found) && fits(classifierWeight, classifierBias):
		if pooler {
			return SequenceHead
		}
		return TokenHead
	case SpanHead.isIn(found) && fits(spanWeight, spanBias) && found[spanWeight].tensor.Shape[0] == 2:
		return SpanHead
	case PretrainingHead.isIn(found) && NextSentenceHead.isIn(found) && pooler && !own:
		return PretrainingHead
	case MaskedLMHead.isIn(found) && !own:
		return MaskedLMHead
	case NextSentenceHead.isIn(found) && !own:
		return NextSentenceHead
	}
	for name := range found {
		if isHeadName(name) {
			return OwnHead
		}
	}
	return NoHead
}

// settleDecoder makes the weights of the masked-language-model head those that transformers computes with. The decoder's table and its
// bias stand in a file under two names each where they are one; where a file has one of the two, it is both, and where they differ,
// the decoder is one of its own, whatever tie_word_embeddings says.
func (c *Config) settleDecoder(found map[string]storedWeight) {
	pairs := [][2]string{{wordEmbeddings, decoderWeight}, {predictionBias, decoderBias}}
	apart := func(pair [2]string) bool {
		source, hasSource := found[pair[0]]
		copied, hasCopy := found[pair[1]]
		return hasSource && hasCopy && !source.sameValues(copied)
	}
	if c.tied() && slices.ContainsFunc(pairs, apart) {
		c.extra = maps.Clone(c.extra)
		c.extra["tie_word_embeddings"] = json.RawMessage("false")
	}
	for _, pair := range pairs {
		from, to := pair[0], pair[1]
		if c.tied() {
			from, to = to, from
		}
		weight, ok := found[from]
		if _, both := found[to]; ok && !both {
			found[to] = weight
		}
		if c.tied() {
			delete(found, from)
		}
	}
}

// sameValues reports whether two tensors of a file have the same values.
func (w storedWeight) sameValues(other storedWeight) bool {
	a, b := w.tensor, other.tensor
	if w.packed != nil || other.packed != nil || !slices.Equal(a.Shape, b.Shape) {
		return false
	}
	defer a.Release()
	defer b.Release()
	if a.DType == b.DType {
		return bytes.Equal(a.Data, b.Data)
	}
	x, err := a.Float32s()
	if err != nil {
		return false
	}
	y, err := b.Float32s()
	return err == nil && slices.Equal(x, y)
}

func hasPrefix(found map[string]storedWeight, prefix string) bool {
	for name := range found {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
