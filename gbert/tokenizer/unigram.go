package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

// metaspace stands for a blank in the tokens of SentencePiece.
const metaspace = "▁"

// unknownPenalty is how much less likely than the least likely token an
// unknown character is, in SentencePiece and in Hugging Face's tokenizers.
const unknownPenalty = 10

// unigram is the model of SentencePiece (Kudo 2018,
// https://arxiv.org/abs/1804.10959): of all ways to divide a word into tokens,
// the one whose log probabilities have the largest sum, found by Viterbi's
// algorithm.
type unigram struct {
	ids     map[string]int32
	scores  []float64 // by id
	longest int       // bytes of the longest token
	unknown int32
	least   float64 // what an unknown character scores
}

// piece of a vocabulary: a token and its log probability.
type scored struct {
	token string
	score float64
}

func (s *scored) UnmarshalJSON(text []byte) error {
	var pair [2]json.RawMessage
	if err := json.Unmarshal(text, &pair); err != nil {
		return err
	}
	if err := json.Unmarshal(pair[0], &s.token); err != nil {
		return err
	}
	return json.Unmarshal(pair[1], &s.score)
}

// setPieces makes the vocabulary that of a Unigram model: token i has id i.
func (t *Tokenizer) setPieces(pieces []scored, unknown int) error {
	if len(pieces) == 0 {
		return errors.New("the vocabulary is empty")
	}
	if len(pieces) >= math.MaxInt32 {
		return errors.New("the vocabulary is too large")
	}
	if unknown < 0 || unknown >= len(pieces) {
		return fmt.Errorf("the unknown token has the id %d: want 0 to %d", unknown, len(pieces)-1)
	}
	u := &unigram{}
	u.ids, u.unknown, u.scores = make(map[string]int32, len(pieces)), int32(unknown), make([]float64, len(pieces))
	least := math.Inf(1)
	tokens := make(map[int32]string, len(pieces))
	for i, p := range pieces {
		if math.IsNaN(p.score) || math.IsInf(p.score, 0) {
			return fmt.Errorf("token %d, %q, has the log probability %g", i, p.token, p.score)
		}
		if !utf8.ValidString(p.token) {
			return fmt.Errorf("token %d, %q, is not UTF-8", i, p.token)
		}
		u.scores[i], tokens[int32(i)] = p.score, p.token
		least = min(least, p.score)
		if p.token != "" {
			u.ids[p.token] = int32(i)
			u.longest = max(u.longest, len(p.token))
		}
	}
	u.least = least - unknownPenalty
	t.unigram, t.ids, t.tokens, t.size = u, u.ids, tokens, len(pieces)
	return nil
}

// best is the best way to a place in a word: its score, where its last token
// begins (−1: there is no way yet), and which one it is.
type best struct {
	score float64
	start int
	id    int32
}

// appendPiece appends the tokens of a word.
func (u *unigram) appendPiece(out *tokens, word []byte) {
	ends := make([]best, len(word)+1)
	for i := range ends {
		ends[i].start = -1
	}
	relax := func(start, end int, id int32, score float64) {
		score += ends[start].score
		if e := &ends[end]; e.start < 0 || score > e.score {
			*e = best{score, start, id}
		}
	}
	for start := 0; start < len(word); {
		_, size := utf8.DecodeRune(word[start:])
		single := false
		for end := start; end < len(word) && end-start < u.longest; {
			_, next := utf8.DecodeRune(word[end:])
			end += next
			if id, ok := u.ids[string(word[start:end])]; ok {
				relax(start, end, id, u.scores[id])
				single = single || end == start+size
			}
		}
		if !single {
			relax(start, start+size, u.unknown, u.least)
		}
		start += size
	}
	first := len(out.ids)
	for end := len(word); end > 0; end = ends[end].start {
		id := ends[end].id
		if id == u.unknown && len(out.ids) > first && out.ids[len(out.ids)-1] == u.unknown {
			continue // unknown characters side by side are one token
		}
		out.add(id, end)
	}
	slices.Reverse(out.ids[first:])
	slices.Reverse(out.ends)
}
