// Package tokenizer turns text into BERT's token ids: cleaning, lower case,
// accents, words, WordPiece (Devlin, Chang, Lee and Toutanova 2019, "BERT",
// https://arxiv.org/abs/1810.04805, section 3 and appendix A), single sentences
// and pairs.
//
//	t, err := tokenizer.Load("models/bert-base-uncased")
//	if err != nil { … }
//	e := t.Encode("the capital of france is [MASK] .", "", 128)
//	// e.IDs   [CLS] the capital of france is [MASK] . [SEP]
//	// e.Types 0 0 0 0 0 0 0 0 0
//
// The tokens are those of Hugging Face's transformers (its "fast" tokenizer),
// id for id; special tokens that stand in the text are recognised as there.
// testdata/make_golden.py made the ids that the tests compare with.
//
// # Why it is written here
//
// The tokenizer of go-huggingface v0.4.0 (tokenizers/hftokenizer) reads
// tokenizer.json only, has neither pairs nor truncation, counts a word's
// length in bytes where BERT counts characters, and follows the Unicode tables
// of Go, while the reference uses Unicode 8 categories: a punctuation mark
// that joined Unicode later is part of a word there. tables.go holds the
// reference's own tables.
//
// # ALBERT
//
// ALBERT's tokens are those of a SentencePiece Unigram model, in tokenizer.json
// or spiece.model. They too are found here: go-huggingface's Unigram takes the
// longest token that fits and does not look at probabilities, and the
// SentencePiece library behind it reads BPE models only.
// testdata/make_unigram.py made the ids that the tests compare with.
//
// # Limits
//
// BERT's kind, a WordPiece model with BertNormalizer and BertPreTokenizer, and
// ALBERT's, a Unigram model without a fallback to bytes. A tokenizer.json with
// another (BPE, …) is an error that says so. The key never_split of old configurations is ignored, as
// transformers does. Truncation and padding settings inside tokenizer.json are
// ignored: the caller decides.
package tokenizer
