package gbert

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"bertlab/gbert/onnx"
	"bertlab/gbert/safetensors"
)

// PortableOptions are those of [Model.Portable].
type PortableOptions struct {
	// Opset is the version of ONNX's operator set; 0 is [onnx.DefaultOpset].
	Opset int
	// Precision is the number format of the stored weights. What is computed is float32 in either.
	Precision Precision
	// Int8 stores the maps of the encoder and the word table as eight-bit integers and multiplies such numbers; what enters a map
	// is quantised as it passes, over the range of the whole batch, padding included, so that an example's logits change by some
	// thousandths with its neighbours. The pooler, the classifier, the other tables and a bank stay float32.
	Int8 bool
	// Tokens is the number of tokens in a usual batch, which decides in which order banked maps are multiplied; 0 is 1024.
	Tokens int
}

// Dynamic axes of a portable model.
const (
	batchAxis    = "batch"
	sequenceAxis = "sequence"
)

// transposedEnding is the ending of a constant that is a weight W [out, in] as [in, out].
const transposedEnding = ".transposed"

// A portable is the forward pass of a model as an ONNX graph under construction. Its values have the shapes of [Forward]'s.
type portable struct {
	graph  *onnx.Graph
	model  *Model
	config *Config
	dtype  safetensors.DType            // of the weights whose form asks for none of its own
	dtypes map[string]safetensors.DType // of the others, by name
	tokens int

	ids, mask, types *onnx.Value
	bias             *onnx.Value            // of the attention's scores, [B, 1, 1, S]
	readings         map[string]*onnx.Value // what banked maps made of the same inputs
	floats           map[string]*onnx.Value // constants of another type as float32, by their names
	int8             bool
	codes            map[string][]*onnx.Value // of values that int8 maps read, by name: codes, scale, zero point
}

// Portable is the model as an ONNX graph of standard operators, with the inputs input_ids, attention_mask and token_type_ids, int64 of
// [batch, sequence], both of any length. Outputs are
//
//	logits [batch, labels]                        of texts
//	logits [batch, sequence, labels]              of tokens
//	start_logits, end_logits [batch, sequence]    of spans
//	logits [batch, sequence, words]               of a masked language model
//	last_hidden_state [batch, sequence, D], and pooler_output [batch, D] where there is a pooler, of the others
//
// Every map is multiplied as it is stored. A constant has the name of the weight that it is, with [transposedEnding] where it is one
// [out, in] that stands in the file as [in, out].
func (m *Model) Portable(o PortableOptions) (*onnx.Graph, error) {
	graph, err := m.portable(o)
	if err != nil {
		return nil, fmt.Errorf("gbert: as ONNX: %w", err)
	}
	return graph, nil
}

func (m *Model) portable(o PortableOptions) (*onnx.Graph, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	numbers, err := o.Precision.numbers()
	if err != nil {
		return nil, err
	}
	if o.Opset == 0 {
		o.Opset = onnx.DefaultOpset
	}
	if o.Tokens == 0 {
		o.Tokens = 1024
	}
	if err := m.checkStorable(numbers); err != nil {
		return nil, err
	}
	graph, err := onnx.New("bert", o.Opset)
	if err != nil {
		return nil, err
	}
	p := &portable{graph: graph, model: m, config: m.Config, dtype: numbers.dtype(), dtypes: map[string]safetensors.DType{}, tokens: o.Tokens, readings: map[string]*onnx.Value{}, floats: map[string]*onnx.Value{}, int8: o.Int8, codes: map[string][]*onnx.Value{}}
	for _, spec := range m.Weights() {
		if spec.DType != "" {
			p.dtypes[spec.Name] = spec.DType
		}
	}
	return graph, onnx.Build(p.build)
}

// fail ends the building of a graph.
func fail(err error) { panic("onnx: " + err.Error()) }

func (p *portable) build() {
	shape := []onnx.Dim{onnx.Named(batchAxis), onnx.Named(sequenceAxis)}
	p.ids = p.graph.Input("input_ids", onnx.Int64, shape...)
	p.mask = p.graph.Input("attention_mask", onnx.Int64, shape...)
	p.types = p.graph.Input("token_type_ids", onnx.Int64, shape...)
	x := p.embed()
	p.bias = p.attentionBias()
	head := p.config.Head
	onlyCLS := head == SequenceHead
	for l := range p.config.Layers {
		x = p.layer(l, x, onlyCLS && l == p.config.NumHiddenLayers-1)
	}
	if onlyCLS && p.config.NumHiddenLayers == 0 {
		x = p.graph.Slice("encoder/cls", x, 1, 0, 1)
	}
	p.outputs(x)
}

// outputs are those of the model's head on the last hidden state.
func (p *portable) outputs(x *onnx.Value) {
	g := p.graph
	switch head := p.config.Head; {
	case head == SequenceHead:
		g.Output("logits", p.affine("classifier", p.pool(x), classifierWeight, classifierBias))
	case head == TokenHead:
		g.Output("logits", p.affine("classifier", x, classifierWeight, classifierBias))
	case head == SpanHead:
		both := p.affine("qa_outputs", x, spanWeight, spanBias)
		g.Output("start_logits", g.Squeeze("qa_outputs/start", g.Slice("qa_outputs/start", both, 2, 0, 1), 2))
		g.Output("end_logits", g.Squeeze("qa_outputs/end", g.Slice("qa_outputs/end", both, 2, 1, 2), 2))
	case head.predictsWords():
		g.Output("logits", p.predictWords(x))
	default:
		g.Output("last_hidden_state", x)
		if p.model.HasPooler() {
			g.Output("pooler_output", p.pool(x))
		}
	}
}

// weight is a weight as it is stored, in the shape of [Model.Weights], as float32.
func (p *portable) weight(name string) *onnx.Value { return p.constant(name, false) }

// transposed is a weight [out, in] as [in, out].
func (p *portable) transposed(name string) *onnx.Value { return p.constant(name, true) }

// stored is a weight as it is stored, in its own type.
func (p *portable) stored(name string, transpose bool) *onnx.Value {
	stored := name
	if transpose {
		stored += transposedEnding
	}
	if kept := p.graph.Find(stored); kept != nil {
		return kept
	}
	values, shape, err := p.model.Weight(name)
	if err != nil {
		fail(err)
	}
	dtype := cmp.Or(p.dtypes[name], p.dtype)
	data := raw(name, dtype, shape, values)
	if transpose {
		data, shape = transpose2(data, shape[0], shape[1], dtype.Size()), []int{shape[1], shape[0]}
	}
	return p.graph.Constant(stored, portableTypes[dtype], shape, data)
}

// constant is a stored weight as float32.
func (p *portable) constant(name string, transpose bool) *onnx.Value {
	kept := p.stored(name, transpose)
	if kept.Type == onnx.Float32 {
		return kept
	}
	if p.floats[kept.Name] == nil {
		p.floats[kept.Name] = p.graph.Cast(kept.Name, kept, onnx.Float32)
	}
	return p.floats[kept.Name]
}

// portableTypes are the types of stored weights.
var portableTypes = map[safetensors.DType]onnx.Type{safetensors.F32: onnx.Float32, safetensors.F16: onnx.Float16, safetensors.I8: onnx.Int8, safetensors.U8: onnx.Uint8}

// raw are values in a number format.
func raw(name string, dtype safetensors.DType, shape []int, values []float32) []byte {
	entry := safetensors.Entry{Name: name, Shape: shape, DType: dtype, Values: values}
	raw, err := entry.Bytes()
	if err != nil {
		fail(err)
	}
	return raw
}

// product is x·Wᵀ for a weight W [out, in] of the encoder.
func (p *portable) product(node string, x *onnx.Value, weight string) *onnx.Value {
	if p.int8 {
		return p.int8Product(node, x, weight)
	}
	return p.graph.MatMul(node, x, p.transposed(weight))
}

// rows are rows of a table of words.
func (p *portable) rows(node, table string, numbers *onnx.Value) *onnx.Value {
	if p.int8 && !p.config.Head.predictsWords() { // whose decoder is the same table
		codes, scales := p.int8Weight(table, false)
		return p.int8Rows(node, codes, scales, numbers)
	}
	return p.graph.Gather(node, p.weight(table), numbers)
}

// affine is x·Wᵀ + b for W [out, in].
func (p *portable) affine(node string, x *onnx.Value, weight, bias string) *onnx.Value {
	return p.graph.Add(node, p.graph.MatMul(node, x, p.transposed(weight)), p.weight(bias))
}

func (p *portable) layerNorm(node, path string, x *onnx.Value) *onnx.Value {
	return p.graph.LayerNorm(node, x, p.weight(path+".weight"), p.weight(path+".bias"), float32(p.config.LayerNormEps))
}

// embed is [Forward.Embed].
func (p *portable) embed() *onnx.Value {
	g := p.graph
	words := p.config.Embedding.form().portLookUp(p, p.ids)
	types := g.Gather("embeddings/types", p.weight(typeEmbeddings), p.types)
	positions := g.First("embeddings/positions", p.weight(positionEmbeddings), g.Length("embeddings/length", p.ids, 1), onnx.Named(sequenceAxis))
	sum := g.Add("embeddings/sum", g.Add("embeddings/words_and_types", words, types), positions)
	return p.config.Embedding.form().portProject(p, p.layerNorm("embeddings/norm", embeddingsNorm, sum))
}

// attentionBias is [AttentionBias].
func (p *portable) attentionBias() *onnx.Value {
	g, node := p.graph, "encoder/mask"
	mask := g.Unsqueeze(node, g.Unsqueeze(node, p.mask, 1), 2)
	return g.Mul(node, g.Sub(node, g.Scalar(1), g.Cast(node, mask, onnx.Float32)), g.Scalar(-1e9))
}

// linear is [Forward.Linear].
func (p *portable) linear(layer int, role Role, x *onnx.Value) *onnx.Value {
	of := p.config.heldMap(layer, role)
	node := fmt.Sprintf("encoder/layer.%d/%s", layer, role)
	return p.graph.Add(node, of.form().port(p, of, node, x), p.weight(BiasName(of.layer, role)))
}

// layer is one layer of [Forward.Layers], for [CLS] alone where nothing reads the other positions.
func (p *portable) layer(layer int, x *onnx.Value, onlyCLS bool) *onnx.Value {
	g, node := p.graph, fmt.Sprintf("encoder/layer.%d/", layer)
	queries := x
	if onlyCLS {
		queries = g.Slice(node+"cls", x, 1, 0, 1)
	}
	shape := p.config.Layers[layer]
	y := p.bias0(layer, AttentionOutput)
	if len(shape.Heads) > 0 {
		y = p.linear(layer, AttentionOutput, p.attend(layer, queries, x))
	}
	x = p.norm(layer, AttentionNorm, g.Add(node+"attention_residual", y, queries))
	y = p.bias0(layer, FFNOut)
	if shape.IntermediateSize > 0 {
		y = p.linear(layer, FFNOut, activations[p.config.HiddenAct].portable(g, node+"activation", p.linear(layer, FFNIn, x)))
	}
	return p.norm(layer, OutputNorm, g.Add(node+"output_residual", y, x))
}

// bias0 is what a map without inputs gives: its bias.
func (p *portable) bias0(layer int, role Role) *onnx.Value {
	return p.weight(BiasName(p.config.Holder(layer, role), role))
}

func (p *portable) norm(layer int, role Role, x *onnx.Value) *onnx.Value {
	return p.layerNorm(fmt.Sprintf("encoder/layer.%d/%s", layer, role), modulePath(p.config.Holder(layer, role), role), x)
}

// attend is [Forward.QueryKeyValue], [Forward.Attend] and the merging of heads: queries [B, Q, D] and x [B, S, D] to [B, Q, A·d].
func (p *portable) attend(layer int, queries, x *onnx.Value) *onnx.Value {
	g, node := p.graph, fmt.Sprintf("encoder/layer.%d/attention", layer)
	count, size := len(p.config.Layers[layer].Heads), p.config.HeadSize()
	heads := func(role Role, x *onnx.Value, axes ...int) *onnx.Value {
		y := p.linear(layer, role, x)
		part := node + "/" + string(role)
		split := g.Reshape(part, y, []int64{0, 0, int64(count), int64(size)}, y.Shape[0], y.Shape[1], onnx.Size(count), onnx.Size(size))
		return g.Transpose(part, split, axes...)
	}
	q := heads(Query, queries, 0, 2, 1, 3)
	k := heads(Key, x, 0, 2, 3, 1)
	v := heads(Value, x, 0, 2, 1, 3)
	scores := g.Div(node+"/scores", g.MatMul(node+"/scores", q, k), g.Scalar(float32(math.Sqrt(float64(size)))))
	probs := g.Softmax(node+"/probabilities", g.Add(node+"/scores", scores, p.bias))
	context := g.Transpose(node+"/context", g.MatMul(node+"/context", probs, v), 0, 2, 1, 3)
	return g.Reshape(node+"/context", context, []int64{0, 0, int64(count * size)}, context.Shape[0], context.Shape[1], onnx.Size(count*size))
}

// pool is [Forward.Pool].
func (p *portable) pool(x *onnx.Value) *onnx.Value {
	g := p.graph
	first := x
	if x.Shape[1] != onnx.Size(1) {
		first = g.Slice("pooler/cls", x, 1, 0, 1)
	}
	path := modulePath(0, PoolerDense)
	return g.Unary("pooler", "Tanh", p.affine("pooler", g.Squeeze("pooler/cls", first, 1), path+".weight", path+".bias"))
}

// predictWords is [Forward.PredictTokens].
func (p *portable) predictWords(x *onnx.Value) *onnx.Value {
	path := modulePath(0, TransformDense)
	x = activations[p.config.HiddenAct].portable(p.graph, "predictions/activation", p.affine("predictions/transform", x, path+".weight", path+".bias"))
	x = p.layerNorm("predictions/norm", transformNorm, x)
	if !p.config.tied() {
		return p.decode(x, decoderWeight)
	}
	return p.config.Embedding.form().portDecode(p, x)
}

// decode is x·Wᵀ + b with a word table W [V, width], which stays as it is stored: it is the one for the look-up too.
func (p *portable) decode(x *onnx.Value, table string) *onnx.Value {
	return p.decodeWith(x, p.weight(table))
}

func (p *portable) decodeWith(x, table *onnx.Value) *onnx.Value {
	g, node := p.graph, "predictions/decoder"
	width, words := x.Last(), onnx.Size(p.config.VocabSize)
	flat := g.Reshape(node, x, []int64{-1, int64(width.Size)}, onnx.Named("tokens"), width)
	y := g.Gemm(node, flat, table, p.weight(p.config.wordBias()))
	return g.ReshapeTo(node, y, g.Lengths(node, p.ids, 2, int64(words.Size)), x.Shape[0], x.Shape[1], words)
}

// untransposed gives the weight that a constant of a portable model is.
func untransposed(t onnx.Tensor) (safetensors.Tensor, bool) {
	dtype := safetensors.DType("")
	for d, portable := range portableTypes {
		if portable == t.Type {
			dtype = d
		}
	}
	if dtype == "" {
		return safetensors.Tensor{}, false // of the graph, not of the model
	}
	name, turned := strings.CutSuffix(t.Name, transposedEnding)
	tensor := safetensors.Tensor{Name: name, DType: dtype, Shape: t.Shape, Data: t.Raw}
	if !turned || len(t.Shape) != 2 {
		return tensor, !turned
	}
	tensor.Shape = []int{t.Shape[1], t.Shape[0]}
	tensor.Data = transpose2(t.Raw, t.Shape[0], t.Shape[1], dtype.Size())
	return tensor, true
}

// transpose2 is a matrix [rows, columns] of elements of some bytes as [columns, rows].
func transpose2(data []byte, rows, columns, size int) []byte {
	turned := make([]byte, len(data))
	if size == 4 {
		for r := range rows {
			for c := range columns {
				binary.LittleEndian.PutUint32(turned[4*(c*rows+r):], binary.LittleEndian.Uint32(data[4*(r*columns+c):]))
			}
		}
		return turned
	}
	for r := range rows {
		for c := range columns {
			copy(turned[size*(c*rows+r):][:size], data[size*(r*columns+c):])
		}
	}
	return turned
}
