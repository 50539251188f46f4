// Package tokenizer turns text into BERT's token ids: cleaning, lower case,
// accents, words, WordPiece (Devlin, Chang, Lee and Toutanova 2019, "BERT",
// https://arxiv.org/abs/1810.04805, section 3 and appendix A), single sentences
// and pairs.
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
// # What of a folder counts
//
// The same as in transformers 5.24, option by option, with its precedence:
// testdata/folders.py makes folders of every layout and the tokens of the
// reference for them, and compares as many random ones as one likes.
// [Tokenizer.Notes] says in a line each what a file says and is not followed: a
// tokenizer.json beside the class BertTokenizer, ids of added tokens that
// transformers would change, padding on the left. Token types follow the class
// and model_input_names; where transformers 5 gives a class none, a model that an
// older version saved keeps those that it was trained with.
//
// # Limits
//
// WordPiece and Unigram models, the normalizers and pre-tokenizers of Hugging
// Face's tokenizers but for ByteLevel, UnicodeScripts and regular expressions
// beyond the plain ones, and the classes of BERT, ALBERT and XLM-RoBERTa (with
// tokenizer.json), and the general one. Anything else (BPE, a fallback to bytes,
// …) is an error that says so. The keys never_split and do_basic_tokenize are
// ignored, and so are the length of the truncation and the padding inside
// tokenizer.json, as in transformers: the caller decides.
package tokenizer
