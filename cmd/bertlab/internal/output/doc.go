// Package output looks at the files and folders that a command is to write before the command does any work, and writes results as
// JSON. What a flag such as --out names has one meaning a command, a [Kind]; a [Target] says which.
package output
