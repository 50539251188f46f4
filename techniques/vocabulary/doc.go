// Package vocabulary takes words out of a model's vocabulary that its texts do not use.
//
// What it does. A BERT's word table has a row for each of its 30,522 tokens: half of all-MiniLM-L6-v2's parameters, a fifth of
// bert-base's. A task uses a part of them. [Count] counts the tokens of texts, [Choose] says which ones stay, and [Cut] keeps their rows,
// renumbers them, and writes the tokenizer's files anew: vocab.txt, tokenizer.json, or an ALBERT's spiece.model, with the ids of added
// and special tokens. The encoder does not change: a text whose tokens all stay has the same hidden states, bit for bit. (Abdaoui,
// Pradel and Sigel 2020, "Load What You Need: Smaller Versions of Multilingual BERT", arXiv:2010.05609, did this for languages.)
//
// How to use it: see the example of [Cut].
//
// Details. What stays is what the texts use at least MinCount times; all special and added tokens; all single characters, those that
// continue a word included; and the ids that config.json names. A word that has lost its token is divided into shorter ones, down to
// characters, so no text gets an unknown token that had none before; see [tokenizer.Tokenizer.Needed], which says what stays where a
// vocabulary lacks the token of a character. WordPiece takes the longest token at each place, and SentencePiece's Unigram the most
// probable division: texts whose tokens all stay are divided as before under both. Ids keep their order. The head that predicts words loses
// the same rows.
//
// Good to know. Words outside of the counted texts come out in more and shorter tokens, which the model read seldom: [Compare] counts
// the texts to which that happens. Count what the model will read, not its training set alone. What is stored gets smaller, not faster:
// a look-up costs the same in a table of any length (the head that predicts words does get faster). It combines with everything that
// changes the encoder, with a word table in two factors, and with words of eight bits.
//
// Limits. A model without a tokenizer cannot be cut, and no tokenizer that bertlab does not read. Vectors of words that went are lost: a
// model cannot be cut for other texts afterwards.
package vocabulary
