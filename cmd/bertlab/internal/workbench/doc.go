// Package workbench does the work of the commands. It puts together what a command works with (a model, found by name; data, in the
// model's order of classes; a backend), lets a technique work on it, and gives a document that says what came out and from what. It takes
// what the flags say, answers wrong ones with their names, and tells the user, on the command's meter, what is good to know.
package workbench
