// Package experiment is what all papers' experiments share: the environment that they run in, steps that are remembered, claims
// with verdicts, the provenance of results, and what is published: result, figures, tables, and a report in English and Korean.
//
// An experiment is a sequence of steps. Each step's result is plain data, stored under the hash of the experiment's
// configuration, so that a killed run goes on where it was and a finished one replays at once:
//
//	store, err := experiment.Open(ctx, env.Dir, identity)
//	importance, err := experiment.Step(store, "importance", func() (*heads.Importance, error) { … })
//	paths, err := experiment.Publication{Name: "heads", Result: result, In: inLanguage}.Write(env.Dir)
package experiment
