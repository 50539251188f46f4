package tokenizer

import (
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// pieceKind is the type of a SentencePiece.
type pieceKind uint64

const (
	normalPiece  pieceKind = 1
	controlPiece pieceKind = 3
	userPiece    pieceKind = 4
)

// spiece is what counts of a SentencePiece model (spiece.model, the message
// ModelProto of sentencepiece_model.proto).
type spiece struct {
	pieces   []scored
	kinds    []pieceKind
	unknown  int
	charsmap []byte
}

// parseSpiece reads a SentencePiece model, and refuses one that is not Unigram.
func parseSpiece(model []byte) (*spiece, error) {
	s := &spiece{}
	err := fields(model, func(number protowire.Number, value uint64, bytes []byte) error {
		switch number {
		case 1:
			return s.addPiece(bytes)
		case 2:
			return s.trainer(bytes)
		case 3:
			return fields(bytes, func(number protowire.Number, _ uint64, bytes []byte) error {
				if number == 2 {
					s.charsmap = bytes
				}
				return nil
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(s.pieces) == 0 {
		return nil, errors.New("it holds no pieces: this is no SentencePiece model")
	}
	return s, nil
}

func (s *spiece) addPiece(message []byte) error {
	piece, kind := scored{}, normalPiece
	err := fields(message, func(number protowire.Number, value uint64, bytes []byte) error {
		switch number {
		case 1:
			piece.token = string(bytes)
		case 2:
			piece.score = float64(math.Float32frombits(uint32(value)))
		case 3:
			kind = pieceKind(value)
		}
		return nil
	})
	s.pieces, s.kinds = append(s.pieces, piece), append(s.kinds, kind)
	return err
}

// trainer reads the settings of the training that the tokenizer depends on.
func (s *spiece) trainer(message []byte) error {
	return fields(message, func(number protowire.Number, value uint64, _ []byte) error {
		switch {
		case number == 3 && value != 1:
			return errors.New("the SentencePiece model is not Unigram (BPE, word or char): not supported")
		case number == 35 && value != 0:
			return errors.New("the SentencePiece model falls back to bytes: not supported")
		case number == 40:
			s.unknown = int(int32(value))
		}
		return nil
	})
}

// fields calls each with the fields of a protobuf message: numbers as value,
// texts and messages as bytes.
func fields(message []byte, each func(number protowire.Number, value uint64, bytes []byte) error) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return fmt.Errorf("not a SentencePiece model: %w", protowire.ParseError(n))
		}
		message = message[n:]
		var value uint64
		var bytes []byte
		switch kind {
		case protowire.VarintType:
			value, n = protowire.ConsumeVarint(message)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(message)
			value = uint64(v)
		case protowire.BytesType:
			bytes, n = protowire.ConsumeBytes(message)
		default:
			n = protowire.ConsumeFieldValue(number, kind, message)
		}
		if n < 0 {
			return fmt.Errorf("not a SentencePiece model: %w", protowire.ParseError(n))
		}
		message = message[n:]
		if err := each(number, value, bytes); err != nil {
			return err
		}
	}
	return nil
}
