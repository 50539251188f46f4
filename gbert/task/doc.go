// Package task holds the data sets that models are trained and judged on: their readers and their metrics. Whether a difference
// between two models on the same examples is more than chance is told by package stats.
//
// # Tasks
//
// GLUE (Wang et al. 2019, https://arxiv.org/abs/1804.07461): sst2, cola, mrpc, rte, stsb, qnli, qqp, mnli (matched) and
// mnli-mm (mismatched), with the class numbers of the Hugging Face data set nyu-mll/glue. Four human-rated sentiment sets
// (Hutto and Gilbert, ICWSM 2014): movies, products, editorials, tweets; see [SentimentHoldout] for their split. Questions whose
// answer is a part of a text: squad and squad2. Words with tags: ner. Texts with any number of classes: multilabel. And custom,
// for the user's own: name its labels in [Columns]; [Own] makes it of another kind.
//
// # Files
//
// Columns are found by their names in the file's header; GLUE's files without a header (CoLA, STS-B as published, and the
// sentiment sets) by their layout. In TSV a double quote is an ordinary character, as GLUE's own files have it; CSV is quoted
// as RFC 4180 says, and a quote within a field that does not begin with one stands for itself, as in pandas. Texts
// are taken as they stand: nothing is trimmed, unescaped or lowered. Columns of one name and keys that an object has twice are refused.
//
// Questions are read from SQuAD's JSON, or from JSONL and Parquet with the columns id, question, context and answers. Tags are read
// from CoNLL's column format (the word first, its tag last; comments are passed over), or from lists of words and tags in JSONL and Parquet. Sets of classes
// are lists of names or class numbers, lists with a 0 or 1 for each class, names with commas between them, or a column for each class.
// Class names that nobody gives come from the file, sorted.
//
// A malformed row is an error that names file and line. What is left out by rule (blank lines, neutral ratings, the broken rows
// of the official QQP file) is counted in [Dataset.LeftOut]. NLI rows without agreement (-, −1 or nothing) are examples without a
// label, as those of test splits; [Dataset.Judged] leaves them out where others have one. A line longer than [MaxLine] bytes, text that is not UTF-8, and
// binary or empty files are refused. Readers stream; what they hold is proportional to the file's size, with
// [LoadDraw] to what is drawn.
//
// # Classes
//
// Classes are what their names say. A label column may hold names, whose case matters only where labels differ by it alone, or
// class numbers; in a Parquet file with ClassLabel features these mean the names in its metadata. A model that names the task's classes
// in another order is matched by name ([MatchLabels], [Dataset.InOrder]); only LABEL_i, which transformers writes where nobody
// named them, goes by number. Different names are an error.
//
// # Randomness
//
// Everything seeded here draws from math/rand/v2's PCG with the state (seed, 0), whose stream Go keeps from version to
// version; the shuffles and draws built on it in this package use rand.New over it.
//
// # Metrics
//
// The values and the degenerate cases are those of scikit-learn and SciPy: F1 is 0 where there is nothing to find, Matthews'
// coefficient is 0 where one side is constant, and Pearson's and Spearman's r are NaN there. [Scores] writes NaN as null in JSON.
// Entities count as in seqeval's default mode, answers as in SQuAD's evaluation scripts; all are shares from 0 to 1, not percent.
package task
