// Package files reads and replaces files that nobody has vouched for: those of a model folder that was downloaded, of a cache, of a
// folder that several processes share.
//
// Reading opens plain files alone. A pipe would block until somebody writes into it, and a device never ends; both are refused
// before they are opened. [Read] takes a file whole, up to a limit that the reader of that kind of file names, so that a file of
// 20 GB costs a line of text and no memory. Links are followed: the snapshots of a Hugging Face cache consist of them.
//
// Writing replaces a file as a whole ([Write], [Create]), and clears away what killed writers of the same file left. A temporary
// file is locked as long as its writer lives, so that nobody takes it from a live one. [LockFolder] is for several files at once. [Match] lists the files of a folder
// whatever the folder is called.
package files
