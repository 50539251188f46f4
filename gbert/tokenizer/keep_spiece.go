package tokenizer

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

// Fields of a SentencePiece model's trainer_spec that speak of its pieces.
const (
	vocabSizeField = 4
	firstIDField   = 40 // unk_id, bos_id, eos_id and pad_id
	lastIDField    = 43
)

// spiece writes a SentencePiece model. Its pieces stay byte for byte.
func (k *keeper) spiece(model []byte) ([]byte, error) {
	parsed, err := parseSpiece(model)
	if err != nil {
		return nil, err
	}
	at, kept := int32(0), int32(0)
	for i, piece := range parsed.pieces {
		_, stays := k.number[int32(i)]
		if has := k.of.tokens[int32(i)]; stays && has != piece.token {
			return nil, disagree(i, piece.token, has)
		}
		if stays {
			kept++
		}
	}
	return rewritten(model, func(number protowire.Number, field []byte) ([]byte, error) {
		switch number {
		case 1:
			at++
			if _, stays := k.number[at-1]; !stays {
				return nil, nil
			}
		case 2:
			return k.trainer(field, kept)
		}
		return field, nil
	})
}

// trainer writes the trainer_spec of a model of so many pieces, with its tag.
func (k *keeper) trainer(field []byte, pieces int32) ([]byte, error) {
	number, kind, n := protowire.ConsumeTag(field)
	message, m := protowire.ConsumeBytes(field[max(n, 0):])
	if n < 0 || m < 0 || kind != protowire.BytesType {
		return nil, errors.New("its trainer_spec is no message")
	}
	spec, err := rewritten(message, func(number protowire.Number, field []byte) ([]byte, error) {
		_, kind, n := protowire.ConsumeTag(field)
		value, m := protowire.ConsumeVarint(field[max(n, 0):])
		if kind != protowire.VarintType || m < 0 {
			return field, nil
		}
		id := int32(value)
		switch {
		case number == vocabSizeField:
			return varint(number, pieces), nil
		case number >= firstIDField && number <= lastIDField && id >= 0:
			now, ok := k.number[id]
			if !ok {
				now = -1 // the model has no such piece
			}
			return varint(number, now), nil
		}
		return field, nil
	})
	if err != nil {
		return nil, err
	}
	return protowire.AppendBytes(protowire.AppendTag(nil, number, kind), spec), nil
}

// varint is a field with a number, negative ones in ten bytes as protobuf's int32.
func varint(number protowire.Number, value int32) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), uint64(int64(value)))
}

// rewritten is a protobuf message of which each field, tag and all, was given
// to rewrite.
func rewritten(message []byte, rewrite func(number protowire.Number, field []byte) ([]byte, error)) ([]byte, error) {
	out := make([]byte, 0, len(message))
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return nil, protowire.ParseError(n)
		}
		m := protowire.ConsumeFieldValue(number, kind, message[n:])
		if m < 0 {
			return nil, protowire.ParseError(m)
		}
		field, err := rewrite(number, message[:n+m])
		if err != nil {
			return nil, err
		}
		out, message = append(out, field...), message[n+m:]
	}
	return out, nil
}
