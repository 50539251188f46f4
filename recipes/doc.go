// Package recipes compresses a BERT by a recipe: a list of steps in YAML, of which each takes a model and gives a smaller or a
// better one. Papers report one technique each and seldom combine them; here they compose.
//
// A recipe reads as it is done:
//
//	title: Four of six layers, taught by the whole model, in half precision
//	title-ko: …
//	steps:
//	  - fine-tune: {epochs: 2, learning-rate: 5e-5}
//	  - drop-layers: {strategy: top, count: 2}
//	  - distil: {epochs: 2, learning-rate: 5e-5, temperature: 2, alpha: 0.9}
//	  - store: float16
//
// The example of [Run] reads and runs it. The steps are those of [Kinds]; each page of their arguments is the type of the step, such as [DropLayers]. What a recipe
// cannot mean is refused before anything is computed, with the line of the file and what is allowed there.
//
// Details. Each step of a recipe is a step of an [experiment.Plan]: it is remembered under its own arguments, the examples that it reads
// and the step that it stands on. So a killed run goes on where it was, training in the middle of an epoch, recipes that begin alike share
// their beginning, also with papers, and [Recipe.In] puts any number of recipes into one plan. The teacher of distil is the model as the
// first fine-tune left it. Examples are those of the task's train split, importance is measured on them too; the dev split judges the
// result alone.
//
// Limits. One task, classification; one seed a run. Steps are done in the order of the file: nothing searches for a better one.
package recipes
