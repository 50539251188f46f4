// Package workbench puts together what a command works with: a model, found by name; data, in the model's order of classes; a backend.
// It takes what the flags say and tells the user, on the command's meter, what is good to know.
package workbench
