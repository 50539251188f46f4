package mutation

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protowire"
)

// Safetensors changes the header of a safetensors file as a JSON document, mostly with a length that fits, or its data.
func Safetensors(rng *rand.Rand, file []byte) []byte {
	if len(file) < 8 {
		return Bytes(rng, file)
	}
	n := binary.LittleEndian.Uint64(file)
	if n > uint64(len(file)-8) || rng.IntN(10) == 0 {
		return Bytes(rng, file)
	}
	header, data := file[8:8+n], file[8+n:]
	switch rng.IntN(6) {
	case 0:
		data = Bytes(rng, data)
	case 1:
		data = splice(data, len(data), len(data), make([]byte, rng.IntN(64)))
	default:
		header = JSON(rng, bytes.TrimRight(header, " "))
	}
	length := uint64(len(header))
	if rng.IntN(10) == 0 {
		length = pick(rng, numbers)
	}
	out := binary.LittleEndian.AppendUint64(nil, length)
	return append(append(out, header...), data...)
}

// Protobuf changes the fields of a message, and of messages in it.
func Protobuf(rng *rand.Rand, file []byte) []byte { return message(rng, file, 0) }

func message(rng *rand.Rand, text []byte, depth int) []byte {
	var fields [][]byte
	for rest := text; len(rest) > 0; {
		_, _, n := protowire.ConsumeField(rest)
		if n < 0 {
			return Bytes(rng, text)
		}
		fields, rest = append(fields, rest[:n]), rest[n:]
	}
	if len(fields) == 0 || rng.IntN(12) == 0 {
		return Bytes(rng, text)
	}
	i, j := rng.IntN(len(fields)), rng.IntN(len(fields))
	switch rng.IntN(6) {
	case 0:
		fields = append(fields[:i:i], fields[i+1:]...)
	case 1:
		fields = append(fields, fields[i])
	case 2:
		fields[i], fields[j] = fields[j], fields[i]
	default:
		fields[i] = field(rng, fields[i], depth)
	}
	return bytes.Join(fields, nil)
}

// field changes a field's number or value.
func field(rng *rand.Rand, text []byte, depth int) []byte {
	number, kind, n := protowire.ConsumeTag(text)
	if n < 0 {
		return Bytes(rng, text)
	}
	body := text[n:]
	if rng.IntN(8) == 0 {
		number = protowire.Number(1 + rng.IntN(60))
	}
	out := protowire.AppendTag(nil, number, kind)
	switch kind {
	case protowire.BytesType:
		inner, n := protowire.ConsumeBytes(body)
		switch {
		case n < 0:
			return Bytes(rng, text)
		case rng.IntN(3) > 0 && depth < 4:
			inner = message(rng, inner, depth+1)
		case rng.IntN(3) == 0:
			return append(protowire.AppendVarint(out, pick(rng, numbers)), inner...) // a length that does not fit
		default:
			inner = []byte(pick(rng, fragments))
		}
		return protowire.AppendBytes(out, inner)
	case protowire.VarintType:
		return protowire.AppendVarint(out, pick(rng, numbers))
	case protowire.Fixed32Type:
		return protowire.AppendFixed32(out, pick(rng, []uint32{0, 1 << 31, 0x7f800000, 0xff800000, 0x7fc00000, 0x7f7fffff, 1}))
	}
	return Bytes(rng, text)
}

// Parquet changes the footer of a Parquet file, mostly with a length that fits, where each number is a varint of its own; or the heads
// and bodies of its pages.
func Parquet(rng *rand.Rand, file []byte) []byte {
	if len(file) < 12 {
		return Bytes(rng, file)
	}
	n := binary.LittleEndian.Uint32(file[len(file)-8:])
	if uint64(n) > uint64(len(file)-12) || rng.IntN(12) == 0 {
		return Bytes(rng, file)
	}
	pages, footer := file[4:len(file)-8-int(n)], file[len(file)-8-int(n):len(file)-8]
	if rng.IntN(3) == 0 {
		pages = compact(rng, pages)
	} else {
		footer = compact(rng, footer)
	}
	length := uint32(len(footer))
	if rng.IntN(12) == 0 {
		length = uint32(pick(rng, numbers))
	}
	out := append([]byte("PAR1"), pages...)
	out = binary.LittleEndian.AppendUint32(append(out, footer...), length)
	return append(out, "PAR1"...)
}

// compact changes bytes as Thrift's compact protocol has them: a varint, a field's head, or a few of either.
func compact(rng *rand.Rand, text []byte) []byte {
	if len(text) == 0 {
		return Bytes(rng, text)
	}
	at := rng.IntN(len(text))
	switch rng.IntN(5) {
	case 0:
		_, n := binary.Uvarint(text[at:])
		return splice(text, at, at+max(n, 1), binary.AppendUvarint(nil, pick(rng, numbers)))
	case 1: // an element's type, or how far the next field is
		return splice(text, at, at+1, []byte{text[at]&0xf0 | byte(rng.IntN(16))})
	case 2:
		return splice(text, at, at+1, []byte{text[at]&0x0f | byte(rng.IntN(16))<<4})
	case 3: // a number a little more or less
		return splice(text, at, at+1, []byte{text[at] + byte(rng.IntN(9)) - 4})
	}
	return Bytes(rng, text)
}

// YAML removes, repeats, exchanges and replaces the nodes of a YAML document.
func YAML(rng *rand.Rand, file []byte) []byte {
	var document yaml.Node
	if yaml.Unmarshal(file, &document) != nil || rng.IntN(6) == 0 {
		return Several(Bytes, Lines(":"))(rng, file)
	}
	var nodes []*yaml.Node
	var walk func(n *yaml.Node, depth int)
	walk = func(n *yaml.Node, depth int) {
		nodes = append(nodes, n)
		for _, child := range n.Content {
			if depth < 50 {
				walk(child, depth+1)
			}
		}
	}
	walk(&document, 0)
	if len(nodes) < 2 {
		return Bytes(rng, file)
	}
	at, other := pick(rng, nodes[1:]), pick(rng, nodes[1:])
	n := len(at.Content)
	switch action := rng.IntN(5); {
	case action == 0 && n > 0:
		i := rng.IntN(n)
		at.Content = append(at.Content[:i:i], at.Content[i+1:]...)
	case action == 1 && n > 0:
		at.Content = append(at.Content, at.Content[rng.IntN(n)])
	case action == 2 && n == 0 && len(other.Content) == 0:
		at.Value, other.Value = other.Value, at.Value
	case action == 3 && n > 0 && at.Kind == yaml.SequenceNode:
		for range rng.IntN(100) {
			at.Content = append(at.Content, at.Content[0])
		}
	default:
		*at = yaml.Node{Kind: yaml.ScalarNode, Value: pick(rng, append(values[:40:40], fragments...))}
	}
	text, err := marshalYAML(&document)
	if err != nil {
		return Bytes(rng, file)
	}
	return text
}

var errUnwritable = errors.New("no document")

// marshalYAML writes a document. Nodes that do not fit each other make the library panic, which is no fault of what is tested.
func marshalYAML(document *yaml.Node) (text []byte, err error) {
	defer func() {
		if recover() != nil {
			err = errUnwritable
		}
	}()
	return yaml.Marshal(document)
}
