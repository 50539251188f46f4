package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
)

// frames are the special tokens around one text, and around two.
type frames struct{ single, pair []slot }

// slot of a frame: special tokens, or one of the texts.
type slot struct {
	ids  []int32
	text int8 // 0: A, 1: B; −1: none, but ids
	kind int32
}

// special is the number of special tokens of a frame.
func special(frame []slot) int {
	n := 0
	for _, s := range frame {
		n += len(s.ids)
	}
	return n
}

// bertFrames are [CLS] A [SEP] and [CLS] A [SEP] B [SEP].
func bertFrames(cls, sep int32) frames {
	single := []slot{{[]int32{cls}, -1, 0}, {nil, 0, 0}, {[]int32{sep}, -1, 0}}
	return frames{single, append(single[:3:3], slot{nil, 1, 1}, slot{[]int32{sep}, -1, 1})}
}

// robertaFrames are <s> A </s> and <s> A </s> </s> B </s>, without types.
func robertaFrames(cls, sep int32) frames {
	single := []slot{{[]int32{cls}, -1, 0}, {nil, 0, 0}, {[]int32{sep}, -1, 0}}
	return frames{single, append(single[:3:3], slot{[]int32{sep}, -1, 0}, slot{nil, 1, 0}, slot{[]int32{sep}, -1, 0})}
}

// bare are no special tokens.
var bare = frames{[]slot{{nil, 0, 0}}, []slot{{nil, 0, 0}, {nil, 1, 1}}}

// postProcessor puts the special tokens around the texts.
type postProcessor struct {
	Type       string                   `json:"type"`
	Single     []piece                  `json:"single"`
	Pair       []piece                  `json:"pair"`
	Special    map[string]templateToken `json:"special_tokens"`
	Processors []postProcessor          `json:"processors"`
	// Of BertProcessing and RobertaProcessing: a token and its id.
	Cls json.RawMessage `json:"cls"`
	Sep json.RawMessage `json:"sep"`
}

// templateToken is what a special token's name in a template stands for.
type templateToken struct {
	IDs []int32 `json:"ids"`
}

// piece is a special token or one of the texts.
type piece struct {
	SpecialToken *pieceID `json:"SpecialToken"`
	Sequence     *pieceID `json:"Sequence"`
}

type pieceID struct {
	ID   string `json:"id"`
	Type int32  `json:"type_id"`
}

// frames are those that p makes.
func (p *postProcessor) frames() (frames, error) {
	switch p.Type {
	case "Sequence":
		if len(p.Processors) != 1 {
			return frames{}, fmt.Errorf("the post_processor is a Sequence of %d: supported is one of one step", len(p.Processors))
		}
		return p.Processors[0].frames()
	case "BertProcessing", "RobertaProcessing":
		cls, err := pairedID(p.Cls)
		if err != nil {
			return frames{}, fmt.Errorf("cls: %w", err)
		}
		sep, err := pairedID(p.Sep)
		if err != nil {
			return frames{}, fmt.Errorf("sep: %w", err)
		}
		if p.Type == "BertProcessing" {
			return bertFrames(cls, sep), nil
		}
		return robertaFrames(cls, sep), nil
	case "TemplateProcessing":
		single, err := p.frame(p.Single, 1)
		if err != nil {
			return frames{}, fmt.Errorf("single: %w", err)
		}
		pair, err := p.frame(p.Pair, 2)
		if err != nil {
			return frames{}, fmt.Errorf("pair: %w", err)
		}
		return frames{single, pair}, nil
	}
	return frames{}, fmt.Errorf("the post_processor is %s: supported are TemplateProcessing, BertProcessing and RobertaProcessing", p.Type)
}

// pairedID is the id of a pair of a token and its id.
func pairedID(text json.RawMessage) (int32, error) {
	var pair [2]json.RawMessage
	var id int32
	if err := json.Unmarshal(text, &pair); err != nil {
		return 0, fmt.Errorf("want a token and its id: %w", err)
	}
	if err := json.Unmarshal(pair[1], &id); err != nil {
		return 0, fmt.Errorf("want a token and its id: %w", err)
	}
	return id, nil
}

// maxFrame bounds the parts of a template.
const maxFrame = 64

// frame is one of a template, which must have each of its texts once.
func (p *postProcessor) frame(pieces []piece, texts int) ([]slot, error) {
	if len(pieces) > maxFrame {
		return nil, fmt.Errorf("the template has %d parts: want at most %d", len(pieces), maxFrame)
	}
	var frame []slot
	seen := [2]int{}
	for _, piece := range pieces {
		switch {
		case piece.SpecialToken != nil:
			token, ok := p.Special[piece.SpecialToken.ID]
			if !ok {
				return nil, fmt.Errorf("the template has the special token %q, which special_tokens does not", piece.SpecialToken.ID)
			}
			frame = append(frame, slot{token.IDs, -1, piece.SpecialToken.Type})
		case piece.Sequence != nil && (piece.Sequence.ID == "A" || piece.Sequence.ID == "B"):
			text := int8(piece.Sequence.ID[0] - 'A')
			seen[text]++
			frame = append(frame, slot{nil, text, piece.Sequence.Type})
		default:
			return nil, errors.New("a part of the template is neither a special token nor the text A or B")
		}
	}
	if seen[0] != 1 || seen[1] != texts-1 {
		return nil, errors.New("the template does not have each text once")
	}
	return frame, nil
}

// check reports special tokens of a frame that the vocabulary does not have.
func (f frames) check(tokens map[int32]string) error {
	for _, frame := range [][]slot{f.single, f.pair} {
		for _, s := range frame {
			for _, id := range s.ids {
				if _, ok := tokens[id]; !ok {
					return fmt.Errorf("the post_processor puts the token %d around texts, which the vocabulary does not have", id)
				}
			}
		}
	}
	return nil
}
