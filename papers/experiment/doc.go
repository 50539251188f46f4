// Package experiment is what all papers' experiments share: the environment that they run in, steps that are remembered, claims
// with verdicts, the provenance of results, and what is published: result, figures, tables, and a report in English and Korean.
//
// An [Experiment] makes a [Plan] of its protocol, a graph of steps. A step is a [Definition], a function, with the struct of inputs that
// is all it gets: fields of the protocol, samples of data, models, other steps. Its result is plain data and is remembered under a hash
// of these. So a run that was stopped resumes, one that was done replays at once, a change of the protocol computes what reads it, and
// papers that need the same model or number share it.
package experiment
