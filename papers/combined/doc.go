// Package combined asks what the papers leave open: what comes of their techniques when they are put together. It runs recipes
// (package recipes), puts the models side by side (package compare), and judges five statements by rules that were fixed before
// the numbers were seen.
//
// The package's example does it, and asks for advice.
//
// Models that are trained again have seen more steps than the original: the recipe fine-tuned-twice says what that gives by
// itself.
//
// Limits. One seed: differences between recipes include the luck of one training run each, which the intervals over test examples
// do not. The word table is half of the default model, so that what shrinks the encoder alone shrinks the file by less than half.
package combined
